"""What can go wrong with the demonstration."""

from core.errors import LumbungError


class DemoNodesFailed(LumbungError):
    """The process that serves the simulated portals ended before it was ready."""

    code = "DEMO_NODES_FAILED"
    http_status = 503
