"""Errors about findings beyond one file."""

from core.errors import LumbungError


class FindingUnknown(LumbungError):
    """No open finding is called so, several are, or it is another member's."""

    code = "FINDING_UNKNOWN"
    http_status = 404
