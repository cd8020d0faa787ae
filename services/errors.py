"""What can go wrong in the services that no package below them can name."""

from core.errors import LumbungError


class DataListUnreadable(LumbungError):
    """No table of a file looks like a data list."""

    code = "DATA_LIST_UNREADABLE"
    http_status = 422


class DataListInvalid(LumbungError):
    """A data list has lines that cannot be taken; nothing of it was."""

    code = "DATA_LIST_INVALID"
    http_status = 422


class DataListEmpty(LumbungError):
    """A data list has no line at all, and would take away the one that is there."""

    code = "DATA_LIST_EMPTY"
    http_status = 422


class DataListRefused(LumbungError):
    """Whoever brings a data list does not answer for that member."""

    code = "DATA_LIST_REFUSED"
    http_status = 403
