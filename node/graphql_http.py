"""The door `/graphql` of a node: one JSON request by POST, one answer; and the same operations over a socket.

Without a token only what `node.toml` opens is there at all; what is closed to the asker answers like what is absent.
"""

import asyncio
import inspect
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult, OperationType, execute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from core.access import ANONYMOUS, Actor
from core.clock import Clock
from core.errors import LumbungError
from core.messages import DEFAULT_LOCALE, text, use_locale
from core.operations.documents import MAX_ERRORS, Operation, Sound, operation
from core.operations.refusals import Refused, refusal
from core.operations.requests import bearer, locale_of, object_of, parts_of, posted
from core.rows_errors import QueryTimeout
from core.token_errors import TokenInvalid
from node.asking import Asking, Threads
from node.documents import MAX_BODY, REFUSALS, Documents
from node.rows import Rows
from node.schema import Added, Graph, make_graph
from node.tokens import Tokens

_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One GraphQL request, checked for its form."""

    query: str
    variables: dict[str, Any] | None
    operation: str | None


def asked(data: Any) -> Asked:
    """The request in parsed JSON; NodeQueryRefused where it is not one."""
    return Asked(*parts_of(object_of(data, REFUSALS), REFUSALS))


class _Audience:
    """The graph as one kind of asker sees it."""

    def __init__(self, graph: Graph, *, introspection: bool) -> None:
        self.graph = graph
        self.documents = Documents(graph.schema, introspection=introspection)


class GraphQLDoor:
    """Reads, authenticates, runs, answers; the socket (`live.py`) asks through it too.

    Args:
        rows: what is asked.
        tokens: who may ask for what is not open.
        added: what subscriptions emit.
        seconds: the longest a request may take.
    """

    def __init__(
        self,
        rows: Rows,
        tokens: Tokens,
        added: Added,
        *,
        clock: Clock,
        introspection: bool = True,
        seconds: float = 10.0,
    ) -> None:
        self.rows, self.tokens, self.seconds = rows, tokens, seconds
        self.clock = clock
        self.threads = Threads()
        opened = {o.contract.name for o in rows.offers if o.open}
        every = list(rows.contracts.values())
        self._all = _Audience(make_graph(every, added), introspection=introspection)
        for_all = [c for c in every if c.name in opened]
        self._open = _Audience(make_graph(for_all, added), introspection=introspection) if for_all else None

    def actor(self, secret: str | None) -> Actor:
        """Who asks; TokenInvalid where nothing is open to whoever has none."""
        if secret is not None:
            return self.tokens.actor(secret, self.clock())
        if self._open is None:
            raise TokenInvalid
        return ANONYMOUS

    def audience(self, actor: Actor) -> _Audience:
        """The graph that an actor sees."""
        if actor is not ANONYMOUS:
            return self._all
        assert self._open is not None  # `actor` refused otherwise
        return self._open

    def asking(self, actor: Actor) -> Asking:
        """A request's context, from now on."""
        contracts = {name: s.contract for name, s in self.audience(actor).graph.standards.items()}
        return Asking(self.rows, self.threads, actor, contracts, self.seconds, time.monotonic() + self.seconds)

    async def prepared(self, actor: Actor, request: Asked) -> tuple[Sound[None], Operation[None]]:
        """A document that may be run, read in a thread the first time, and the operation that is meant."""
        sound = await self.audience(actor).documents.ready(
            request.query, lambda work: self.threads.run(self.seconds, work)
        )
        return sound, operation(sound, request.operation, REFUSALS)

    async def looked(self) -> None:
        """Have the sources looked at where the last look is old; a look that takes long is not waited for."""
        if self.rows.fresh:
            return
        look = asyncio.ensure_future(run_in_threadpool(self.rows.look))
        look.add_done_callback(_logged)
        await asyncio.wait({look}, timeout=_LOOK_SECONDS if self.rows.ready else None)

    async def run(self, actor: Actor, request: Asked) -> dict[str, Any]:
        """The answer's body: data as far as it came, errors masked."""
        sound, chosen = await self.prepared(actor, request)
        if chosen.node.operation is OperationType.SUBSCRIPTION:
            raise REFUSALS.operation("subscription: graphql-transport-ws")
        await self.looked()
        try:
            async with asyncio.timeout(self.seconds):
                made = execute(
                    self.audience(actor).graph.schema,
                    sound.document,
                    context_value=self.asking(actor),
                    variable_values=request.variables,
                    operation_name=request.operation,
                )
                result = await made if inspect.isawaitable(made) else made
        except TimeoutError as error:
            raise QueryTimeout(seconds=self.seconds) from error
        except RecursionError as error:  # variables nested without end are coerced recursively
            raise REFUSALS.request(text("operations.request.deep")) from error
        return body(result)

    async def __call__(self, request: Request) -> Response:
        """One request; what is refused before it is run has a 4xx status and no data."""
        use_locale(locale_of(request, DEFAULT_LOCALE))
        try:
            actor = self.actor(bearer(request.headers.get("authorization")))
            answer = await self.run(actor, asked(await posted(request, MAX_BODY, self.seconds, REFUSALS)))
            ran = answer["data"] is not None or any("path" in e for e in answer.get("errors", ()))
            return _sent(answer, 200 if ran else 400)
        except Refused as refused:
            return _sent({"errors": REFUSALS.all_of(refused)}, 400)
        except LumbungError as error:
            return _sent(refusal(error), error.http_status)

    async def health(self, request: Request) -> tuple[dict[str, int], tuple[LumbungError, ...]]:
        """The number of each standard's newest version and what is wrong with its sources, as far as the asker sees."""
        await self.looked()
        try:
            standards = self.audience(self.actor(bearer(request.headers.get("authorization")))).graph.standards.values()
        except TokenInvalid:
            return {}, ()
        names = [standard.contract.name for standard in standards]
        return {name: self.rows.newest(name).relation.seq for name in names}, self.rows.problems_of(names)

    def close(self) -> None:
        """Take no more work."""
        self.threads.close()
        self.rows.close()


def _logged(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        REFUSALS.internal(error)


def body(result: ExecutionResult) -> dict[str, Any]:
    """An executed operation's answer."""
    out: dict[str, Any] = {"data": result.data}
    if result.errors:
        out["errors"] = [REFUSALS.formatted(e) for e in result.errors[:MAX_ERRORS]]
    return out


def _sent(answer: Mapping[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Authorization, Accept-Language"}
    if status == TokenInvalid.http_status:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(answer), status, headers, "application/json")
