"""`/inbox/MEMBER/...`: where a regency's machine pushes its files, a piece at a time, each request signed.

A signature is checked before a body is read or anything is looked up. A key reaches its own member's inbox only;
another member's answers like none at all. The bytes are kept by `federation/inbox`, and published to harvests by a
manifest only.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core import audit, node_keys
from core.access import Actor, Role
from core.db import session_scope
from core.log import get
from core.messages import use_locale
from core.node_keys import Signed
from core.operations.requests import locale_of
from core.token_errors import SignatureInvalid
from federation.inbox import Inbox, Manifest
from federation.inbox_errors import InboxFull, InboxManifestInvalid, InboxUnknown
from federation.member import SourceConfig, SourceKind
from gateway.context import Services
from gateway.offload import Deadline, Offload

log = get("hub.inbox")
_SECONDS = 60.0  # of work on one request, the hash of a large file included
_BODY_SECONDS = 120.0
_MANIFEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class _Door:
    """What every request passes: signature, then the inbox that its key may reach, then the body."""

    services: Services
    offload: Offload
    now: Callable[[], Services]

    async def opened(self, request: Request) -> tuple[Signed, SourceConfig, Inbox]:
        """Who asks, and the inbox that is its own.

        Raises:
            SignatureInvalid, MomentApart: the request is not signed soundly.
            InboxUnknown: the key has no inbox of this member.
        """
        use_locale(locale_of(request, self.services.settings.locale))
        query = request.url.query
        target = request.url.path + (f"?{query}" if query else "")
        headers, now = request.headers, self.services.clock()

        def verified() -> Signed:
            return node_keys.verify(
                self.services.sessions,
                request.method,
                target,
                header=headers.get("Authorization", ""),
                body_sha256=headers.get(node_keys.BODY_HEADER, ""),
                now=now,
            )

        signed = await self.offload.blocking(Deadline(_SECONDS), verified)
        member = request.path_params["member"]
        source = self._source(signed.actor, member)
        settings = self.services.settings
        inbox = Inbox(source.path, file_limit=settings.download_max_bytes, limit=settings.inbox_max_bytes)
        return signed, source, inbox

    def _source(self, actor: Actor, member: str) -> SourceConfig:
        found = self.now().members.get(member) if actor.member == member and Role.MACHINE in actor.roles else None
        for source in found.sources if found is not None else ():
            if source.kind is SourceKind.INBOX and actor.organisation in (None, source.organisation):
                return source
        raise InboxUnknown(member=member)

    async def body(self, request: Request, most: int) -> bytes:
        """The whole body, held to the digest that was signed.

        Raises:
            InboxFull: it is larger than `most`.
            SignatureInvalid: it is not the body that was signed, or did not come in time.
        """
        taken = bytearray()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for chunk in request.stream():
                    taken += chunk
                    if len(taken) > most:
                        raise InboxFull(sha256="", size=len(taken), limit=most)
        except (TimeoutError, ClientDisconnect) as error:
            raise SignatureInvalid from error
        if hashlib.sha256(taken).hexdigest() != request.headers[node_keys.BODY_HEADER]:
            raise SignatureInvalid
        return bytes(taken)


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), 200, {"Cache-Control": "no-store"}, "application/json")


def _number(request: Request, name: str) -> int:
    values = request.query_params.getlist(name)
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit() and len(values[0]) <= 15):
        raise InboxManifestInvalid(detail=name)
    return int(values[0])


def routes(services: Services, offload: Offload, now: Callable[[], Services]) -> list[Route]:
    """The inbox's addresses; `now` gives the services with the members' files as they stand."""
    door = _Door(services, offload, now)

    async def about(request: Request) -> Response:
        _, source, inbox = await door.opened(request)
        manifest = await offload.blocking(Deadline(_SECONDS), inbox.manifest)
        settings = services.settings
        limits = {"piece_bytes": settings.inbox_piece_bytes, "file_bytes": settings.download_max_bytes}
        held = None if manifest is None else {"at": manifest.at.isoformat(), "sha256": manifest.sha256}
        return _json({"source": source.id, "manifest": held, **limits})

    async def standing(request: Request) -> Response:
        _, _, inbox = await door.opened(request)
        sha256 = request.path_params["sha256"]
        found = await offload.blocking(Deadline(_SECONDS), lambda: inbox.standing(sha256))
        return _json({"offset": found.offset, "complete": found.complete})

    async def put(request: Request) -> Response:
        _, _, inbox = await door.opened(request)
        sha256, offset, size = request.path_params["sha256"], _number(request, "offset"), _number(request, "size")
        data = await door.body(request, services.settings.inbox_piece_bytes)
        found = await offload.blocking(Deadline(_SECONDS), lambda: inbox.put(sha256, offset, size, data))
        return _json({"offset": found.offset, "complete": found.complete})

    async def publish(request: Request) -> Response:
        signed, source, inbox = await door.opened(request)
        body = await door.body(request, _MANIFEST_BYTES)

        def work() -> Manifest:
            published = inbox.publish(body, signed.at)
            sizes = [r["size"] for d in published.datasets for r in d["resources"]]
            facts = {"manifest": published.sha256, "datasets": len(published.datasets), "files": len(sizes)}
            with session_scope(services.sessions, write=True) as session:
                values = {"member": source.member, "bytes": sum(sizes), **facts}
                audit.record(session, signed.actor, "inbox.published", source.id, values, now=services.clock())
            return published

        published = await offload.blocking(Deadline(_SECONDS), work)
        log.info("inbox.published", source=source.id, datasets=len(published.datasets))
        return _json({"datasets": len(published.datasets), "sha256": published.sha256})

    return [
        Route("/inbox/{member}", about, methods=["GET"]),
        Route("/inbox/{member}/manifest", publish, methods=["PUT"]),
        Route("/inbox/{member}/files/{sha256}", standing, methods=["GET"]),
        Route("/inbox/{member}/files/{sha256}", put, methods=["PUT"]),
    ]
