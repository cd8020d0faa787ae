"""What can go wrong in deciding about a report's items and in signing it."""

from core.errors import LumbungError


class ReportNotIssued(LumbungError):
    """No report of that week is on record."""

    code = "REPORT_NOT_ISSUED"
    http_status = 404


class ReportItemUnknown(LumbungError):
    """No report that is on record asks for a decision so called, or the decider has no say about it."""

    code = "REPORT_ITEM_UNKNOWN"
    http_status = 404


class DecisionInvalid(LumbungError):
    """The decision is none of those that the report offers for the item."""

    code = "DECISION_INVALID"
    http_status = 422


class SignerRefused(LumbungError):
    """The token's owner is not one who signs weekly reports."""

    code = "SIGNER_REFUSED"
    http_status = 403
