"""What a row query can be refused for; every door answers these alike."""

from core.errors import LumbungError


class ColumnUnknown(LumbungError):
    """A column that does not exist for this actor: absent and closed columns answer alike."""

    code = "COLUMN_UNKNOWN"
    http_status = 400


class FilterInvalid(LumbungError):
    """A comparison that a column's type cannot make, or a filter beyond its limits."""

    code = "FILTER_INVALID"
    http_status = 400


class PageInvalid(LumbungError):
    """A page size outside the limits."""

    code = "PAGE_INVALID"
    http_status = 400


class CursorInvalid(LumbungError):
    """A cursor that this query did not give out: changed, cut, or of another question."""

    code = "CURSOR_INVALID"
    http_status = 400


class QueryTimeout(LumbungError):
    """A query that was interrupted at its deadline."""

    code = "QUERY_TIMEOUT"
    http_status = 504
    transient = True


class QueryTooLarge(LumbungError):
    """A query that needs more memory than one query may take."""

    code = "QUERY_TOO_LARGE"
    http_status = 422


class QueryBusy(LumbungError):
    """No connection came free before the deadline."""

    code = "QUERY_BUSY"
    http_status = 503
    transient = True


class StatementRefused(LumbungError):
    """Something other than one SELECT was handed to the reading pool."""

    code = "STATEMENT_REFUSED"
    http_status = 500


class SnapshotUnreadable(LumbungError):
    """A snapshot file is missing, cut or not Parquet any more."""

    code = "SNAPSHOT_UNREADABLE"
    http_status = 503
