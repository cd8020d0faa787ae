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


class MappingUnfitting(LumbungError):
    """No table of a file fits a data standard, and none was named."""

    code = "MAPPING_UNFITTING"
    http_status = 422


class MappingUnanswered(LumbungError):
    """A mapping was to be confirmed while something about it is still asked."""

    code = "MAPPING_UNANSWERED"
    http_status = 409


class MappingAnswerInvalid(LumbungError):
    """An answer names a column, standard, table or style that is not there."""

    code = "MAPPING_ANSWER_INVALID"
    http_status = 422


class MappingUnknown(LumbungError):
    """No mapping of a source is meant for a dataset."""

    code = "MAPPING_UNKNOWN"
    http_status = 404


class MappingRefused(LumbungError):
    """Whoever decides on a mapping does not answer for that member."""

    code = "MAPPING_REFUSED"
    http_status = 403


class DatasetNotLanded(LumbungError):
    """A dataset has no file here that could be read."""

    code = "DATASET_NOT_LANDED"
    http_status = 409


class OriginalUnknown(LumbungError):
    """A row of a snapshot has no source row that could be shown."""

    code = "ORIGINAL_UNKNOWN"
    http_status = 404
