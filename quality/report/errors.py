"""What can go wrong in writing a report or its proofs."""

from core.errors import LumbungError


class EvidenceListInvalid(LumbungError):
    """The home's list of EPSS indicators lacks columns."""

    code = "EVIDENCE_LIST_INVALID"
    http_status = 422
