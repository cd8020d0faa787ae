"""What can go wrong with a return."""

from core.errors import LumbungError


class ReturnRefused(LumbungError):
    """A return goes to the member's own people; somebody else asked for it."""

    code = "RETURN_REFUSED"
    http_status = 403


class ReturnUnreadable(LumbungError):
    """The bytes that are to go back are no longer there, or cannot be read any more."""

    code = "RETURN_UNREADABLE"
    http_status = 409
