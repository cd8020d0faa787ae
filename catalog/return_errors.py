"""What can go wrong when a return is followed."""

from core.errors import LumbungError


class ReturnUnknown(LumbungError):
    """No return has this number, or the actor has no say in it."""

    code = "RETURN_UNKNOWN"
    http_status = 404


class ReturnMoveRefused(LumbungError):
    """A return cannot go from the state it is in to the one asked for."""

    code = "RETURN_MOVE_REFUSED"
    http_status = 409


class SuspensionIncomplete(LumbungError):
    """A suspension lacks the official, the position, the document, or a last day that has not passed."""

    code = "SUSPENSION_INCOMPLETE"
    http_status = 422


class ReturnNotPriority(LumbungError):
    """The pembina checks priority data once more, and this is none."""

    code = "RETURN_NOT_PRIORITY"
    http_status = 409
