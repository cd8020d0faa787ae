"""What an export or a named question can be refused for, beside what any row query can."""

from core.errors import LumbungError


class ExportUnknown(LumbungError):
    """No such file to be exported: an absent table, one that the asker may not see, or a format nobody writes."""

    code = "EXPORT_UNKNOWN"
    http_status = 404


class ExportInvalid(LumbungError):
    """Something in an export's address that cannot be read."""

    code = "EXPORT_INVALID"
    http_status = 400


class ExportTooLarge(LumbungError):
    """More rows than one export may have."""

    code = "EXPORT_TOO_LARGE"
    http_status = 422


class AskUnknown(LumbungError):
    """No question has this name."""

    code = "ASK_UNKNOWN"
    http_status = 404


class AskFieldInvalid(LumbungError):
    """A field of a question's form that is missing, unknown, or filled with what it cannot take."""

    code = "ASK_FIELD_INVALID"
    http_status = 400


class AskFileInvalid(LumbungError):
    """A question's file does not describe a form and a table."""

    code = "ASK_FILE_INVALID"
    http_status = 422
