"""What the gateway refuses, and how any error leaves it: known ones with code and fix, all others masked."""

import re

from graphql import GraphQLError

from core.errors import LumbungError
from core.ids import new_id
from core.log import get

log = get("gateway")

MAX_ERRORS = 20
#: Marks an error of a document whose suggestions may be told.
SUGGESTED = "suggested"
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


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


def internal(error: BaseException) -> Internal:
    """The masked form of an unforeseen error, which is logged under the number it carries."""
    number = new_id()[:12]
    log.error("gateway.unforeseen", number=number, exc_info=error)
    return Internal(id=number)


def extensions(error: LumbungError) -> dict[str, object]:
    """What a machine reads of a known error."""
    facts = error.as_dict()
    return {"code": facts["code"], "fix": facts["fix"], "page": facts["page"], "values": facts["values"]}


def known(error: GraphQLError) -> LumbungError:
    """The typed error behind a GraphQL error; what is neither ours nor the asker's fault becomes `Internal`."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if isinstance(cause, LumbungError):
        return cause
    if cause is None or error.path is None:  # graphql-core's own refusal of the document or its variables
        suggested = (error.extensions or {}).get(SUGGESTED)
        return QueryInvalid(detail=error.message if suggested else _SUGGESTION.sub("", error.message))
    return internal(cause)


def formatted(error: GraphQLError) -> dict[str, object]:
    """A GraphQL error as it leaves: sentence, place, and `extensions` with code, fix and page."""
    cause = known(error)
    out: dict[str, object] = {"message": cause.what(), "extensions": extensions(cause)}
    if error.locations:
        out["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        out["path"] = list(error.path)
    return out


def refusal(error: LumbungError) -> dict[str, object]:
    """The body for a request that was not executed at all."""
    return {"errors": [{"message": error.what(), "extensions": extensions(error)}]}
