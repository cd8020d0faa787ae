"""What the web doors refuse before any of them is asked."""

from core.errors import LumbungError


class RouteUnknown(LumbungError):
    """Nothing is at this address."""

    code = "ROUTE_UNKNOWN"
    http_status = 404


class MethodRefused(LumbungError):
    """The address does not take this method."""

    code = "METHOD_REFUSED"
    http_status = 405
