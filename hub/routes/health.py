"""`/health/live`: the process answers. `/health/ready`: it can serve, or 503 with the part that cannot."""

import os
from collections.abc import Callable, Mapping

import orjson
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import LumbungError
from core.log import get
from core.messages import text
from gateway.context import Services
from gateway.offload import Deadline, Offload

log = get("hub.health")
_SECONDS = 2.0


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")


def _snapshots(services: Services) -> bool:
    folder = services.store.folder
    return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)


async def _database(services: Services, offload: Offload) -> bool:
    try:
        await offload.sql(Deadline(_SECONDS), lambda session: session.execute(sql("SELECT 1")).scalar_one())
    except (SQLAlchemyError, LumbungError) as error:
        log.error("health.database", error=type(error).__name__)
        return False
    return True


def routes(services: Services, offload: Offload, warnings: Callable[[], Mapping[str, int]]) -> list[Route]:
    """Both addresses; neither says anything that a stranger could use.

    Args:
        warnings: parts that serve something older than their files say, and how many files that concerns.
    """

    async def live(_: Request) -> Response:
        return _json({"status": "live"})

    async def ready(_: Request) -> Response:
        parts = {
            "database": await _database(services, offload),
            "snapshots": _snapshots(services),
            "contracts": bool(services.contracts),
        }
        failed = [{"part": name, "reason": text(f"hub.ready.{name}")} for name, good in parts.items() if not good]
        status = "not_ready" if failed else "ready"
        older = [
            {"part": name, "count": count, "reason": text(f"hub.older.{name}", count=count)}
            for name, count in warnings().items()
            if count
        ]
        body = {"status": status, "parts": parts, "failed": failed, "warnings": older}
        return _json(body, 503 if failed else 200)

    return [Route("/health/live", live, methods=["GET"]), Route("/health/ready", ready, methods=["GET"])]
