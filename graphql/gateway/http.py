"""The door `/graphql`: one JSON request, one JSON answer; everything else is refused before anything is computed.

What a body must look like is `core/operations`'; GET runs queries only (G15).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from graphql import OperationType
from sqlalchemy.orm import Session
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from strawberry import Schema

from core import tokens
from core.access import ANONYMOUS, Actor
from core.errors import LumbungError
from core.log import get
from core.messages import text, use_locale
from core.operations.requests import bearer, json_of, locale_of, object_of, parts_of, posted
from core.rows_errors import QueryTimeout
from core.token_errors import TokenInvalid
from gateway.context import Context, Services
from gateway.cost import held
from gateway.documents import Documents, Operation, Refused, Sound, operation
from gateway.errors import REFUSALS, RequestInvalid, RequestTooLarge, internal, refusal
from gateway.execution import Request, run
from gateway.limits import MAX_BODY
from gateway.offload import Deadline, Offload
from gateway.pieces import Sent, written
from gateway.trusted import Trusted, asked

log = get("gateway")
_HOLDERS = 1_000  # whose tokens are remembered
_PARAMETERS = {"query", "variables", "operationName", "extensions", "documentId"}


def _answer(body: Mapping[str, object], status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Authorization, Accept-Language"}
    if status == TokenInvalid.http_status:
        headers["WWW-Authenticate"] = "Bearer"
    return Sent(written(body), status, headers)


def _executed(body: Mapping[str, object]) -> bool:
    """Whether anything was run: variables that do not fit are refused before, with errors that have no path."""
    errors = body.get("errors")
    return body["data"] is not None or not isinstance(errors, list) or any("path" in e for e in errors)


def request_of(data: Any, *, only_queries: bool) -> Request:
    """The GraphQL request in parsed JSON; `RequestInvalid` names what does not fit."""
    given = object_of(data, REFUSALS)
    id_ = asked(given)
    query, variables, name = parts_of(given, REFUSALS, needed=id_ is None)
    return Request(query, variables, name, only_queries, None if query else id_)


async def read(http: HttpRequest, deadline: Deadline, largest: int = MAX_BODY) -> Request:
    """The GraphQL request in an HTTP request; a typed error where its form is not accepted."""
    if http.method != "GET":
        return request_of(await posted(http, largest, deadline.left, REFUSALS), only_queries=False)
    repeated = [k for k in _PARAMETERS if len(http.query_params.getlist(k)) > 1]
    if repeated:
        raise RequestInvalid(detail=text("gateway.request.repeated", name=min(repeated)))
    given: dict[str, Any] = dict(http.query_params)
    if len(str(http.url.query)) > MAX_BODY:
        raise RequestTooLarge(largest=MAX_BODY)
    for part in ("variables", "extensions"):
        if given.get(part):
            given[part] = json_of(given[part], REFUSALS)
        else:
            given.pop(part, None)
    return request_of(given, only_queries=True)


class _Changed(TokenInvalid):
    """A token holds, but for another actor than it did."""


class GraphQLDoor:
    """The endpoint: reads, authenticates, runs, answers."""

    def __init__(
        self,
        schema: Schema,
        services: Services,
        offload: Offload,
        now: Callable[[], Services] | None = None,
        *,
        body_max: int = MAX_BODY,
        trusted: Trusted | None = None,
    ) -> None:
        """One endpoint over a schema.

        Args:
            now: the services as a request finds them, where members' files are read again; else `services`.
            body_max: the largest body read, in bytes.
            trusted: the documents that may be asked for by id; without, texts alone are read.
        """
        self._body_max = body_max
        self.schema = schema._schema
        self.services = services
        self.now = now or (lambda: services)
        self.offload = offload
        self.settings = services.settings
        self._documents = Documents(
            self.schema, introspection=self.settings.introspection, suggestions=self.settings.suggestions
        )
        self._trusted = trusted or Trusted((), only=False)
        self._holders: dict[str, Actor] = {}  # by the digests of their tokens

    async def _context(self, http: HttpRequest, deadline: Deadline) -> Context:
        """The request's context; of a token that held before, the proof goes with the first reading (`_proved`)."""
        secret = bearer(http.headers.get("authorization"))
        now = self.services.clock()
        if secret is None:
            return Context(self.now(), self.offload, deadline, ANONYMOUS, spliced=True)
        key = tokens.digest(secret)
        known = self._holders.get(key)
        if known is None:
            sessions = self.services.sessions
            known = await self.offload.blocking(deadline, lambda: tokens.authenticate(sessions, secret, now=now))
            if len(self._holders) >= _HOLDERS:
                self._holders.clear()
            self._holders[key] = known
            return Context(self.now(), self.offload, deadline, known, spliced=True)

        def proof(session: Session) -> None:
            if tokens.holder(session, secret, now=now) != known:
                raise _Changed

        return Context(self.now(), self.offload, deadline, known, spliced=True, proof=proof)

    async def _proved(self, context: Context) -> None:
        """Nothing is answered, and nothing but queries is run, before the token was held to the database of now."""
        if context.proof is not None and context.refused is None:
            try:
                await context.sql(lambda _: None)
            except TokenInvalid as error:
                context.refused = error
        if context.refused is not None:
            self._holders.clear()
            raise context.refused

    async def prepared(
        self, context: Context, request: Request, kind: OperationType | None = None
    ) -> tuple[Sound, Operation, dict[str, int]]:
        """The request's document, its operation, and what it costs; nothing has been read yet.

        Args:
            kind: the only kind of operation that runs here; without it, all but subscriptions.

        Raises:
            Refused, LumbungError: why it is not run.
        """
        if self._trusted.only or not request.query:
            request = replace(request, query=await self._trusted.text(context, request))
        sound = self._documents.known(request.query) or await self._documents.of(context, request.query)
        chosen = operation(sound, request.operation, only_queries=request.only_queries, kind=kind)
        return sound, chosen, held(chosen.cost, request.variables, context.services.settings, context.actor)

    async def _run(self, context: Context, request: Request) -> dict[str, object]:
        try:
            sound, chosen, cost = await self.prepared(context, request)
            if chosen.node.operation is not OperationType.QUERY:
                await self._proved(context)
            body = await run(self.schema, context, sound.document, request)
            body["extensions"] = {"cost": cost}
            return body
        finally:
            await self._proved(context)

    async def __call__(self, http: HttpRequest) -> Response:
        """The answer; errors of the request itself have a 4xx status and no data."""
        use_locale(locale_of(http, self.services.settings.locale))
        deadline = Deadline(self.services.settings.query_seconds)
        try:
            context = await self._context(http, deadline)
            try:
                request = await read(http, deadline, self._body_max)
            except LumbungError:
                await self._proved(context)
                raise
            try:
                body = await self._run(context, request)
            except _Changed:
                body = await self._run(await self._context(http, deadline), request)
            return _answer(body, 200 if _executed(body) else 400)
        except Refused as refused:
            return _answer({"errors": REFUSALS.all_of(refused)}, 400)
        except QueryTimeout as error:
            log.warning("gateway.timeout", seconds=error.values.get("seconds"))
            return _answer(refusal(error), error.http_status)
        except LumbungError as error:
            known = internal(error) if error.http_status == 500 else error
            return _answer(refusal(known), known.http_status)
