"""The ASGI app: which address leads to which door, and what every answer carries.

Every response has the security headers and the request's number; every error is JSON with code and fix. The doors
themselves live in `gateway` and `hub/routes`.
"""

import asyncio
import gc
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from html import escape

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import log as logs
from core.contract import Contract
from core.errors import LumbungError
from core.ids import new_id
from core.messages import text, use_locale
from core.operations.requests import locale_of
from federation.live.node import LiveLimits
from federation.live.scatter import Live
from gateway import query_page
from gateway.context import Services
from gateway.errors import internal, refusal
from gateway.feed import Feed
from gateway.http import GraphQLDoor
from gateway.offload import Offload
from gateway.schema import make_schema
from gateway.subscriptions import Manners, Sockets
from gateway.trusted import FOLDER, SHIPPED, Trusted
from hub.reloading import Reloading
from hub.routes import export, health, inbox, questions, subgraphs
from hub.standards import Standards
from hub.web_errors import MethodRefused, RouteUnknown

log = logs.get("hub.web")

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
_NUMBER = re.compile(r"[0-9a-zA-Z-]{8,64}")


class _Everywhere:
    """Numbers each request, logs how it went, and puts the security headers on whatever is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        number = given if _NUMBER.fullmatch(given) else new_id()[:16]
        logs.use_request(number)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [header for header in message["headers"] if header[0] != b"x-request-id"]
                names = {name for name, _ in own}
                own += (header for header in _SECURITY if header[0] not in names)
                message["headers"] = [*own, (b"x-request-id", number.encode())]
                log.info("http", method=scope["method"], path=scope["path"], status=message["status"])
            await send(message)

        await self._app(scope, receive, answer)


def _refused(error: LumbungError, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(refusal(error)), error.http_status, headers, "application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        refused = MethodRefused(path=request.url.path, method=request.method, allowed=allowed)
        return _refused(refused, {"Allow": allowed})
    return _refused(RouteUnknown(path=request.url.path))


async def _known_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, LumbungError)
    return _refused(error)


async def _unforeseen(_: Request, error: Exception) -> Response:
    # Starlette answers this one outside of `_Everywhere`
    return _refused(internal(error), {**SECURITY, "X-Request-ID": logs.request() or "-"})


def _landing(services: Services) -> Route:
    """The front page: what this is and where its doors are, without a script or anything from elsewhere."""

    async def landing(request: Request) -> Response:
        use_locale(locale_of(request, services.settings.locale))
        name = escape(services.settings.service_name)
        links = f'<li><a href="{query_page.PATH}">{escape(text("gateway.page.title"))}</a></li>'
        links += f'<li><a href="/health/ready">{escape(text("hub.landing.health"))}</a></li>'
        return HTMLResponse(
            f'<!doctype html><html lang="{services.settings.locale}"><meta charset="utf-8"><title>{name}</title>'
            f"<h1>{name}</h1><p>{escape(text('hub.landing.lead'))}</p>"
            f"<p>{escape(text('hub.landing.graphql'))}</p><ul>{links}</ul></html>"
        )

    return Route("/", landing, methods=["GET"])


def settle() -> None:
    """Keep the collector of cycles away from what start-up made, and from each request that makes many objects.

    What is there for good, collected again and again, held the loop for 90 ms a time; a live question to half a
    thousand nodes spent a quarter of its time on looking at what it was itself about to let go.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@dataclass(frozen=True, slots=True)
class _Doors:
    """The doors whose answers follow from the data standards."""

    routes: list[BaseRoute]
    sockets: Sockets


class _Making:
    """Makes the doors over some standards; everything else is the same for all of them."""

    def __init__(self, services: Services, reloading: Reloading, offload: Offload, feed: Feed) -> None:
        self._services, self._reloading, self._offload, self._feed = services, reloading, offload, feed
        only = services.settings.documents == "trusted"
        self._trusted = Trusted((SHIPPED, services.settings.home / FOLDER), only=only)

    def over(self, contracts: Mapping[str, Contract]) -> _Doors:
        """The doors over these standards."""
        services, now, offload = replace(self._services, contracts=contracts), self._reloading.services, self._offload
        schema = make_schema(contracts)
        door = GraphQLDoor(schema, services, offload, now, trusted=self._trusted)
        manners = Manners(sockets=services.settings.sockets_max, each=services.settings.sockets_client_max)
        sockets = Sockets(door, self._feed, manners)

        async def graphql(request: Request) -> Response:
            if query_page.wants_page(request):
                return RedirectResponse(query_page.PATH, 303)
            return await door(request)

        routes: list[BaseRoute] = [
            Route("/graphql", graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", sockets.__call__),
            *query_page.routes(door, self._trusted),
            *inbox.routes(services, offload, now),
            *subgraphs.routes(services, offload, now),
            *export.routes(services, offload, now),
            *questions.routes(services, offload, now, schema),
        ]
        return _Doors(routes, sockets)


def make_app(services: Services) -> Starlette:
    """The app over these services, that follows the members' files and the standards; its pools end with it."""
    live = services.live or Live(LiveLimits.of(services.settings))
    live.ready()
    services = replace(services, live=live)
    reloading = Reloading(services)
    offload = Offload(services.sessions, sql=services.settings.query_workers + 2, duck=services.duck.size)
    feed = Feed(offload)
    making = _Making(services, reloading, offload, feed)
    doors = making.over(services.contracts)

    def anew(contracts: Mapping[str, Contract]) -> Callable[[], None]:
        made = making.over(contracts)

        def put() -> None:
            nonlocal doors
            before, doors = doors, made
            app.router.routes = [*standing, *made.routes]
            before.sockets.close(reason="Schema changed")

        return put

    standards = Standards(reloading, anew)

    def older() -> dict[str, int]:
        return {"members": len(reloading.problems), "standards": len(standards.problems)}

    standing: list[BaseRoute] = [_landing(services), *health.routes(services, offload, older)]

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        before = gc.get_threshold()
        settle()
        watching = asyncio.create_task(standards.watch())
        yield
        doors.sockets.close()
        await feed.close()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        gc.set_threshold(*before)
        gc.unfreeze()
        await live.close()
        offload.close()

    app = Starlette(
        routes=[*standing, *doors.routes],
        exception_handlers={HTTPException: _http_error, LumbungError: _known_error, Exception: _unforeseen},
        lifespan=life,
    )
    app.state.standards = standards
    app.router.redirect_slashes = False  # it would send to whichever host the request names (R15)
    app.add_middleware(_Everywhere)
    return app
