"""Why serving cannot begin."""

from core.errors import LumbungError


class AddressUnusable(LumbungError):
    """The address to listen at is taken, or is not this machine's."""

    code = "ADDRESS_UNUSABLE"


class WorkerFailed(LumbungError):
    """A serving process ended before it could answer anything."""

    code = "SERVE_WORKER_FAILED"
