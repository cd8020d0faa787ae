"""The door `/graphql`: one JSON request, one JSON answer; everything else is refused before anything is computed.

Batches, forms, multipart, text and compressed bodies are not read (G09, G12, G14); GET runs queries only (G15).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from strawberry import Schema

from core import tokens
from core.access import ANONYMOUS, Actor
from core.errors import LumbungError
from core.log import get
from core.messages import LOCALES, text, use_locale
from core.rows_errors import QueryTimeout
from core.token_errors import TokenInvalid
from gateway.context import Context, Services
from gateway.cost import held
from gateway.documents import Documents, Operation, Refused, Sound, operation
from gateway.errors import RequestInvalid, RequestTooLarge, formatted, internal, refusal
from gateway.execution import Request, run
from gateway.limits import MAX_BODY
from gateway.offload import Deadline, Offload
from gateway.trusted import Trusted, asked

log = get("gateway")
_HOLDERS = 1_000  # whose tokens are remembered
_PARAMETERS = {"query", "variables", "operationName", "extensions", "documentId"}


def _answer(body: Mapping[str, object], status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Authorization, Accept-Language"}
    if status == TokenInvalid.http_status:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(body, option=orjson.OPT_PASSTHROUGH_DATETIME), status, headers, "application/json")


def _executed(body: Mapping[str, object]) -> bool:
    """Whether anything was run: variables that do not fit are refused before, with errors that have no path."""
    errors = body.get("errors")
    return body["data"] is not None or not isinstance(errors, list) or any("path" in e for e in errors)


def _invalid(message_id: str, **values: object) -> RequestInvalid:
    return RequestInvalid(detail=text(message_id, **values))


def _json(raw: bytes | str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if isinstance(raw, bytes):
            try:
                raw.decode()
            except UnicodeDecodeError:
                raise _invalid("gateway.request.utf8") from error
        raise _invalid("gateway.request.json") from error


def request_of(data: Any, *, only_queries: bool) -> Request:
    """The GraphQL request in an object of JSON; `RequestInvalid` names what does not fit."""
    if not isinstance(data, dict):
        raise _invalid("gateway.request.object")
    query, variables, name = data.get("query"), data.get("variables"), data.get("operationName")
    id_ = asked(data)
    if id_ is not None and query is None:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise _invalid("gateway.request.query")
    if variables is not None and not isinstance(variables, dict):
        raise _invalid("gateway.request.variables")
    if name is not None and not isinstance(name, str):
        raise _invalid("gateway.request.name")
    return Request(query, variables, name or None, only_queries, None if query else id_)


def errors_of(refused: Refused) -> list[dict[str, object]]:
    """The errors for which a document is not run, as they leave."""
    return [formatted(e if isinstance(e, GraphQLError) else GraphQLError("", original_error=e)) for e in refused.errors]


async def _body(http: HttpRequest, largest: int) -> bytes:
    declared = http.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise RequestTooLarge(largest=largest)
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > largest:
            raise RequestTooLarge(largest=largest)
    return bytes(body)


async def read(http: HttpRequest, largest: int = MAX_BODY) -> Request:
    """The GraphQL request in an HTTP request; a typed error where its form is not accepted."""
    if http.method == "GET":
        repeated = [k for k in _PARAMETERS if len(http.query_params.getlist(k)) > 1]
        if repeated:
            raise _invalid("gateway.request.repeated", name=min(repeated))
        given: dict[str, Any] = dict(http.query_params)
        if len(str(http.url.query)) > MAX_BODY:
            raise RequestTooLarge(largest=MAX_BODY)
        for part in ("variables", "extensions"):
            if given.get(part):
                given[part] = _json(given[part])
            else:
                given.pop(part, None)
        return request_of(given, only_queries=True)
    if http.headers.get("content-encoding", "identity").lower() != "identity":
        raise _invalid("gateway.request.encoding")
    kind, _, parameters = http.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise _invalid("gateway.request.type")
    return request_of(_json(await _body(http, largest)), only_queries=False)


def bearer(header: object) -> str | None:
    """The token of `Bearer TOKEN`, or None without any; another scheme is no valid token."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ") if isinstance(header, str) else ("", "", "")
    if scheme.lower() != "bearer" or not secret.strip():
        raise TokenInvalid
    return secret.strip()


def locale_of(http: HTTPConnection, default: str) -> str:
    """The first language of `Accept-Language` that we speak, else the installation's."""
    for choice in http.headers.get("accept-language", "").split(",")[:10]:
        language = choice.partition(";")[0].strip().lower().partition("-")[0]
        if language in LOCALES:
            return language
    return default


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
        sound = await self._documents.ready(context, request.query)
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
                request = await read(http, self._body_max)
            except LumbungError:
                await self._proved(context)
                raise
            try:
                body = await self._run(context, request)
            except _Changed:
                body = await self._run(await self._context(http, deadline), request)
            return _answer(body, 200 if _executed(body) else 400)
        except Refused as refused:
            return _answer({"errors": errors_of(refused)}, 400)
        except QueryTimeout as error:
            log.warning("gateway.timeout", seconds=error.values.get("seconds"))
            return _answer(refusal(error), error.http_status)
        except LumbungError as error:
            known = internal(error) if error.http_status == 500 else error
            return _answer(refusal(known), known.http_status)
