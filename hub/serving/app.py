"""How uvicorn is asked to serve the app, in whichever process."""

import socket
from collections.abc import Callable

import uvicorn

from core.http_guard import GuardedHttp
from gateway.context import Services
from gateway.limits import MAX_BODY
from hub.serving.line import GRACE
from hub.web import make_app


def config_of(services: Services) -> uvicorn.Config:
    """Over these services; sockets are the server's to bring."""
    return uvicorn.Config(
        make_app(services),
        http=GuardedHttp,
        log_config=None,
        access_log=False,
        ws_max_size=MAX_BODY,
        ws_per_message_deflate=False,  # it costs memory for each socket, and small messages gain nothing
        timeout_graceful_shutdown=GRACE,
    )


class Alone(uvicorn.Server):
    """Serves in this process, on sockets that listen already."""

    def __init__(self, services: Services, on_ready: Callable[[], None]) -> None:
        super().__init__(config_of(services))
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so once it answers."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()
