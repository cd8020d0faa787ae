"""What can go wrong in checking itself; what is wrong with data is a hold or a reason, not an error."""

from core.errors import LumbungError


class CheckWorkerLost(LumbungError):
    """The checking process died twice on the same delivery."""

    code = "CHECK_WORKER_LOST"
    http_status = 503
    transient = True


class CheckFailed(LumbungError):
    """The checking process could not finish a delivery."""

    code = "CHECK_FAILED"


class WeekUnknown(LumbungError):
    """A week was named that no year has."""

    code = "WEEK_UNKNOWN"
    http_status = 422


class StandardNameInvalid(LumbungError):
    """A new standard was given a name that no column, file or type can carry."""

    code = "STANDARD_NAME_INVALID"
    http_status = 422


class StandardExists(LumbungError):
    """A standard of this name has been written already."""

    code = "STANDARD_EXISTS"
    http_status = 409


class StandardUnknown(LumbungError):
    """Neither a standard nor a file is called so."""

    code = "STANDARD_UNKNOWN"
    http_status = 404
