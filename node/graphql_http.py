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
from graphql import DocumentNode, ExecutionResult, execute
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from core.access import ANONYMOUS, Actor
from core.clock import Clock
from core.errors import LumbungError
from core.messages import DEFAULT_LOCALE, LOCALES, use_locale
from core.rows_errors import QueryTimeout
from core.token_errors import TokenInvalid
from node import documents
from node.asking import Asking, Threads
from node.documents import Documents
from node.errors import NodeQueryRefused
from node.rows import Rows
from node.schema import Added, Graph, make_graph
from node.tokens import Tokens

MAX_BODY = 256 * 1024
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One GraphQL request, checked for its form."""

    query: str
    variables: dict[str, Any] | None
    operation: str | None


def asked(data: Any) -> Asked:
    """The request in parsed JSON; NodeQueryRefused where it is not one."""
    if not isinstance(data, dict):
        raise NodeQueryRefused(detail="{query, variables, operationName}")
    query, variables, name = data.get("query"), data.get("variables"), data.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise NodeQueryRefused(detail="query")
    if variables is not None and not isinstance(variables, dict):
        raise NodeQueryRefused(detail="variables")
    if name is not None and not isinstance(name, str):
        raise NodeQueryRefused(detail="operationName")
    return Asked(query, variables, name or None)


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

    async def document(self, actor: Actor, query: str) -> DocumentNode:
        """A document that may be run; read in a thread the first time."""
        kept = self.audience(actor).documents
        known = kept.known(query)
        return await self.threads.run(self.seconds, lambda: kept.read(query)) if known is None else known

    async def looked(self) -> None:
        """Have the sources looked at where the last look is old; a look that takes long is not waited for."""
        if self.rows.fresh:
            return
        look = asyncio.ensure_future(run_in_threadpool(self.rows.look))
        look.add_done_callback(_logged)
        await asyncio.wait({look}, timeout=_LOOK_SECONDS if self.rows.ready else None)

    async def run(self, actor: Actor, request: Asked) -> dict[str, Any]:
        """The answer's body: data as far as it came, errors masked."""
        document = await self.document(actor, request.query)
        if documents.is_subscription(documents.operation(document, request.operation)):
            raise NodeQueryRefused(detail="subscription: graphql-transport-ws")
        await self.looked()
        try:
            async with asyncio.timeout(self.seconds):
                made = execute(
                    self.audience(actor).graph.schema,
                    document,
                    context_value=self.asking(actor),
                    variable_values=request.variables,
                    operation_name=request.operation,
                )
                result = await made if inspect.isawaitable(made) else made
        except TimeoutError as error:
            raise QueryTimeout(seconds=self.seconds) from error
        except RecursionError as error:  # variables nested without end are coerced recursively
            raise NodeQueryRefused(detail="variables") from error
        return body(result)

    async def __call__(self, request: Request) -> Response:
        """One request; what is refused before it is run has a 4xx status and no data."""
        use_locale(_locale(request))
        try:
            actor = self.actor(secret_of(request))
            answer = await self.run(actor, asked(await _json(request)))
            ran = answer["data"] is not None or any("path" in e for e in answer.get("errors", ()))
            return _sent(answer, 200 if ran else 400)
        except LumbungError as error:
            return _sent({"errors": [documents.formatted(error)]}, error.http_status)

    async def health(self, request: Request) -> tuple[dict[str, int], tuple[LumbungError, ...]]:
        """The number of each standard's newest version and what is wrong with its sources, as far as the asker sees."""
        await self.looked()
        try:
            standards = self.audience(self.actor(secret_of(request))).graph.standards.values()
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
        documents.internal(error)


def body(result: ExecutionResult) -> dict[str, Any]:
    """An executed operation's answer."""
    out: dict[str, Any] = {"data": result.data}
    if result.errors:
        out["errors"] = [documents.formatted(documents.known(e), e.path) for e in result.errors[: documents.MAX_ERRORS]]
    return out


def secret_of(request: HTTPConnection) -> str | None:
    """The token of `Authorization: Bearer`, or None without the header; another scheme is no valid token."""
    header = request.headers.get("authorization")
    return None if header is None else bearer(header)


def bearer(header: str) -> str:
    """The token in a header's text; TokenInvalid for another scheme."""
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise TokenInvalid
    return secret.strip()


def _locale(request: Request) -> str:
    wanted = (c.partition(";")[0].strip().lower()[:2] for c in request.headers.get("accept-language", "").split(",", 9))
    return next((language for language in wanted if language in LOCALES), DEFAULT_LOCALE)


async def _json(request: Request) -> Any:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    plain = request.headers.get("content-encoding", "identity").lower() == "identity"
    if kind.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8") or not plain:
        raise NodeQueryRefused(detail="application/json; utf-8")
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BODY:
            raise NodeQueryRefused(detail=f"body <= {MAX_BODY}")
    try:
        return orjson.loads(bytes(read))
    except orjson.JSONDecodeError as error:
        raise NodeQueryRefused(detail="JSON") from error


def _sent(answer: Mapping[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Authorization, Accept-Language"}
    if status == TokenInvalid.http_status:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(answer), status, headers, "application/json")
