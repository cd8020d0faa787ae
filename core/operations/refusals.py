"""How any error leaves a GraphQL door: known ones with code and fix, all others masked under a number.

Which errors there are is each door's own: it hands its classes in, and this module asks for them by what happened.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from graphql import GraphQLError

from core.errors import LumbungError
from core.ids import new_id
from core.log import get

#: Marks an error of a document whose suggestions may be told.
SUGGESTED = "suggested"
#: Of what graphql-core says, which repeats names and values of any length.
_LONGEST = 500
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


class Refused(Exception):
    """Why something is not run: typed errors, or graphql-core's own with their places."""

    def __init__(self, errors: tuple[LumbungError | GraphQLError, ...]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Refusals:
    """The errors of one door.

    Args:
        log: the name of its log.
        request: a request that is not one GraphQL request in JSON, from what it is not.
        too_large: a body larger than so many bytes.
        limit: a document beyond a limit, from the limit's name and the largest value that it allows.
        document: a document or variables that do not fit the schema, from what does not.
        operation: no operation of the document is meant, from why.
        subscriptions: a client has as many as it may have, from their number.
        unforeseen: what nobody foresaw, from the number under which it is logged.
    """

    log: str
    request: Callable[[str], LumbungError]
    too_large: Callable[[int], LumbungError]
    limit: Callable[[str, int], LumbungError]
    document: Callable[[str], LumbungError]
    operation: Callable[[str], LumbungError]
    subscriptions: Callable[[int], LumbungError]
    unforeseen: Callable[[str], LumbungError]

    def internal(self, error: BaseException) -> LumbungError:
        """The masked form of an unforeseen error, which is logged under the number it carries."""
        number = new_id()[:12]
        get(self.log).error(f"{self.log}.unforeseen", number=number, exc_info=error)
        return self.unforeseen(number)

    def known(self, error: GraphQLError) -> LumbungError:
        """The typed error behind a GraphQL error; what is neither ours nor the asker's fault is masked."""
        cause: BaseException | None = error.original_error
        while isinstance(cause, GraphQLError):
            cause = cause.original_error
        if isinstance(cause, LumbungError):
            return cause
        if cause is None or error.path is None:  # graphql-core's own refusal of the document or its variables
            suggested = (error.extensions or {}).get(SUGGESTED)
            said = error.message if suggested else _SUGGESTION.sub("", error.message)
            return self.document(said if len(said) <= _LONGEST else f"{said[:_LONGEST]} …")
        return self.internal(cause)

    def formatted(self, error: GraphQLError) -> dict[str, object]:
        """A GraphQL error as it leaves: sentence, place, and `extensions` with code, fix and page."""
        out = told(self.known(error))
        if error.locations:
            out["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        if error.path:
            out["path"] = list(error.path)
        return out

    def all_of(self, refused: Refused) -> list[dict[str, object]]:
        """The errors for which something is not run, as they leave."""
        return [self.formatted(e) if isinstance(e, GraphQLError) else told(e) for e in refused.errors]


def told(error: LumbungError) -> dict[str, object]:
    """A known error as it leaves: sentence, and what a machine reads of it."""
    facts = error.as_dict()
    return {
        "message": facts["what"],
        "extensions": {"code": facts["code"], "fix": facts["fix"], "page": facts["page"], "values": facts["values"]},
    }


def refusal(error: LumbungError) -> dict[str, object]:
    """The body for a request that was not executed at all."""
    return {"errors": [told(error)]}
