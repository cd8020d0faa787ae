"""What the gateway refuses; how any error leaves it is `core/operations`'."""

from core.errors import LumbungError
from core.operations.refusals import Refusals, refusal

__all__ = ["REFUSALS", "formatted", "internal", "known", "refusal"]

MAX_ERRORS = 20


class RequestInvalid(LumbungError):
    """A request that is not one GraphQL request in JSON."""

    code = "REQUEST_INVALID"
    http_status = 400


class RequestTooLarge(LumbungError):
    """A body larger than any question needs."""

    code = "REQUEST_TOO_LARGE"
    http_status = 413


class QueryLimit(LumbungError):
    """A document beyond the limits of depth, fields, aliases, directives, roots or tokens."""

    code = "QUERY_LIMIT"
    http_status = 400


class QueryCost(LumbungError):
    """A question whose answer could hold more than its asker may ask for at once."""

    code = "QUERY_COST"
    http_status = 400


class QueryInvalid(LumbungError):
    """A document or variables that do not fit the schema."""

    code = "QUERY_INVALID"
    http_status = 400


class DocumentUnknown(LumbungError):
    """An id that no trusted document has; clients that know the code send the text then."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    http_status = 400


class DocumentNotTrusted(LumbungError):
    """A document of the asker's own, where only trusted ones are run."""

    code = "DOCUMENT_NOT_TRUSTED"
    http_status = 400


class OperationRefused(LumbungError):
    """A document whose operation is not named, not there, or not allowed this way."""

    code = "OPERATION_REFUSED"
    http_status = 400


class MomentAmbiguous(LumbungError):
    """Both `asOf` and `asOfSeq` were given."""

    code = "MOMENT_AMBIGUOUS"
    http_status = 400


class EntitiesTooMany(LumbungError):
    """A router asked for more entities by key in one request than the installation allows."""

    code = "ENTITIES_TOO_MANY"
    http_status = 400


class EntityRefused(LumbungError):
    """A representation that names no entity of the subgraph."""

    code = "ENTITY_REFUSED"
    http_status = 400


class SubgraphRefused(LumbungError):
    """A subgraph was asked without the secret that its routers know."""

    code = "SUBGRAPH_REFUSED"
    http_status = 401


class GraphNameTaken(LumbungError):
    """A data standard is named like something that the graph has already."""

    code = "GRAPH_NAME_TAKEN"


class SubscriptionLimit(LumbungError):
    """One client has as many subscriptions as it may have."""

    code = "SUBSCRIPTION_LIMIT"
    http_status = 429


class SubscriptionSlow(LumbungError):
    """A listener was too far behind what happened."""

    code = "SUBSCRIPTION_SLOW"
    http_status = 429
    transient = True


class IntrospectionClosed(LumbungError):
    """The schema is asked for where the installation does not show it."""

    code = "INTROSPECTION_CLOSED"
    http_status = 404


class Internal(LumbungError):
    """Something that nobody foresaw; the details are in the log under the same number."""


REFUSALS = Refusals(
    log="gateway",
    request=lambda detail: RequestInvalid(detail=detail),
    too_large=lambda largest: RequestTooLarge(largest=largest),
    limit=lambda limit, largest: QueryLimit(limit=limit, largest=largest),
    document=lambda detail: QueryInvalid(detail=detail),
    operation=lambda detail: OperationRefused(detail=detail),
    subscriptions=lambda largest: SubscriptionLimit(largest=largest),
    unforeseen=lambda number: Internal(id=number),
)
internal, known, formatted = REFUSALS.internal, REFUSALS.known, REFUSALS.formatted
