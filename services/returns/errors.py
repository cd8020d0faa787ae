"""What can go wrong with a return."""

from core.errors import LumbungError


class ReturnRefused(LumbungError):
    """A return goes to the member's own people; somebody else asked for it."""

    code = "RETURN_REFUSED"
    http_status = 403


class ReturnFileUnknown(LumbungError):
    """A file does not say which return it answers, and nobody else did."""

    code = "RETURN_FILE_UNKNOWN"
    http_status = 422


class ReturnSettled(LumbungError):
    """Nothing of a return is open any more, so that a repair would change what is right."""

    code = "RETURN_SETTLED"
    http_status = 409


class NothingToConfirm(LumbungError):
    """What a person says is true is not among the values of that return that were set aside as slips of the hand."""

    code = "NOTHING_TO_CONFIRM"
    http_status = 422


class ReturnUnreadable(LumbungError):
    """The bytes that are to go back are no longer there, or cannot be read any more."""

    code = "RETURN_UNREADABLE"
    http_status = 409
