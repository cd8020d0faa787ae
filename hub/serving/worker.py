"""One of the processes that serve a home: `python -m hub.serving.worker HOME NUMBER OF LINE PLACES`.

Its connections come over a line from the process that accepts them (`hub/serving/workers.py`), which is told how many
are open. When that process is gone, however it ended, this one ends too.
"""

import asyncio
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from core import log as logs
from core import messages
from core.errors import LumbungError
from core.places import Places
from federation.live.node import LiveLimits
from federation.live.scatter import Live
from hub.home import services_of
from hub.serving.app import config_of
from hub.serving.line import GRACE, HANDED, REPORT
from services.granary import open_granary

log = logs.get("hub.worker")


class _Handed(uvicorn.Server):
    """Serves the connections that it is handed."""

    def __init__(self, config: uvicorn.Config, line: socket.socket) -> None:
        super().__init__(config)
        self._line = line
        self._taken = 0
        self._told: tuple[int, int] | None = None
        self._joining: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: object = None) -> None:
        """Make the app ready, say so, and take connections from now on."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        self.servers = []
        asyncio.get_running_loop().add_reader(self._line, self._take)
        self.started = True
        self._tell()

    def _take(self) -> None:
        try:
            said, files, _, _ = socket.recv_fds(self._line, len(HANDED), 1)
        except BlockingIOError:
            return
        except ConnectionError:
            said, files = b"", []
        loop = asyncio.get_running_loop()
        self._taken += len(said)
        if not said:  # the other end has gone; `_end_with_parent` sees to the rest
            loop.remove_reader(self._line)
        elif not files:  # this process has as many open as it may
            log.error("serve.connection", error="EMFILE")
        for file in files:
            connection = socket.socket(fileno=file)
            connection.setblocking(False)
            with suppress(OSError):  # it has gone already
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            joining = loop.create_task(self._join(connection))
            self._joining.add(joining)
            joining.add_done_callback(self._joining.discard)

    async def _join(self, connection: socket.socket) -> None:
        def protocol() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn itself makes it
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        try:
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
        except OSError as error:
            log.warning("serve.connection", error=type(error).__name__)
            connection.close()

    def _tell(self) -> None:
        """Say how many connections there are, where that has changed."""
        now = (self._taken, len(self.server_state.connections) + len(self._joining))
        if now == self._told:
            return
        with suppress(BlockingIOError, ConnectionError):  # it is told at the next tick, or has gone
            self._line.send(REPORT.pack(*now))
            self._told = now

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        self._tell()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: object = None) -> None:
        """Take no more connections, as whoever hands them will notice, and let those that are there end."""
        asyncio.get_running_loop().remove_reader(self._line)
        with suppress(OSError):  # the other end has gone
            self._line.shutdown(socket.SHUT_RD)
        await super().shutdown()


def _end_with_parent(line: int) -> None:
    """A process that was killed cannot end those that it started; its end of the line is closed for it."""
    poll = select.poll()
    poll.register(line, 0)  # nothing but that the other end has gone
    poll.poll()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE + 5)
    os._exit(1)


def main(given: Sequence[str]) -> int:
    """Serve until SIGTERM or the parent's end; the status of the process."""
    home, number, processes, line, places = Path(given[0]), *map(int, given[1:])
    threading.Thread(target=_end_with_parent, args=(line,), name="parent", daemon=True).start()
    logs.configure()
    logs.use_worker(number)
    try:
        granary = open_granary(home)
    except LumbungError as error:
        log.error("serve.home", code=error.code, what=error.what())
        return 1
    messages.use_locale(granary.settings.locale)
    services = replace(
        services_of(granary, processes=processes, places=Places(places)),
        live=Live(LiveLimits.of(granary.settings).share(processes)),
    )
    with socket.socket(fileno=line) as end:
        end.setblocking(False)
        _Handed(config_of(services), end).run()
    granary.close()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status = 0
    with suppress(KeyboardInterrupt):  # uvicorn raises again the signal that it ended in order for
        status = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)  # nothing is left to put away, and DuckDB's threads would complain at the interpreter's end
