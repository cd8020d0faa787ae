"""What can go wrong around a flow, rather than in the steps it runs."""

from core.errors import LumbungError


class PrefectNotReady(LumbungError):
    """Prefect's server did not come up in time, or ended while starting."""

    code = "PREFECT_NOT_READY"
    http_status = 503
    transient = True


class PrefectUnreachable(LumbungError):
    """Prefect's server cannot be reached; the data and its record are ours and do not depend on it."""

    code = "PREFECT_UNREACHABLE"
    http_status = 503
    transient = True
