"""The process that accepts: it keeps the serving processes alive, and hands each connection to the least busy of them.

Why it accepts for them, and how what a process keeps for itself is shared: docs/adr/0031. What is answered is left to
the processes (`hub/serving/worker.py`).
"""

import asyncio
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.log import get
from hub.serving.errors import WorkerFailed
from hub.serving.line import GRACE, HANDED, REPORT
from hub.serving.listening import url_of

log = get("hub.workers")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LONGEST_PAUSE = 30.0  # before a process that ended is begun again
_SOUND = 10.0  # one that served so long is begun again at once
_PAUSE = 1.0  # after a connection could not be accepted
_FULL = 0.05  # until a connection that nobody could take is offered again


class _Worker:
    """One serving process, and this end of the line to it."""

    def __init__(self, number: int, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.number, self.process, self.line = number, process, line
        self.given = 0
        self._taken = self._open = 0
        self.ready = self.answered = False

    @property
    def busy(self) -> tuple[int, int]:
        """Connections that it has or will have in a moment; of equals, the one that was handed fewer."""
        return self._open + self.given - self._taken, self.given

    def hand(self, connection: socket.socket) -> bool:
        """Hand a connection over; False where it takes none now."""
        try:
            socket.send_fds(self.line, [HANDED], [connection.fileno()])
        except OSError:  # the line is full, or it has just ended
            return False
        self.given += 1
        return True

    async def reports(self, heard: Callable[[], None]) -> None:
        """Hear what it says of itself, until its end."""
        said = b""
        with suppress(ConnectionError):
            while got := await asyncio.get_running_loop().sock_recv(self.line, 4096):
                said += got
                whole = len(said) - len(said) % REPORT.size
                for report in REPORT.iter_unpack(said[:whole]):
                    self._taken, self._open = report
                    self.ready = self.answered = True
                    heard()
                said = said[whole:]


class Workers:
    """The serving processes of one home, begun again where one ends."""

    def __init__(self, home: Path, sockets: Sequence[socket.socket], count: int) -> None:
        """Args: sockets: they listen already, and are closed at the end."""
        self._home, self._sockets, self._count = home, sockets, count
        self._workers: dict[int, _Worker] = {}
        self._places = tempfile.TemporaryFile()  # noqa: SIM115 # open for as long as the processes are

    def run(self, on_ready: Callable[[str], None]) -> None:
        """Serve until SIGINT or SIGTERM; `on_ready` hears the address once every process answers.

        Raises:
            WorkerFailed: a process ended before it had answered once.
        """
        try:
            asyncio.run(self._run(on_ready))
        finally:
            self._places.close()

    async def _run(self, on_ready: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        self._all_ready, self._end, self._at_once = asyncio.Event(), asyncio.Event(), asyncio.Event()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._asked)
        tasks = [loop.create_task(self._keep(number)) for number in range(1, self._count + 1)]
        try:
            await self._until(self._all_ready, tasks)
            if not self._end.is_set():
                on_ready(url_of(self._sockets))
                tasks += [loop.create_task(self._accept(one)) for one in self._sockets]
                await self._until(self._end, tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for one in self._sockets:
                one.close()
            await self._end_all()

    def _asked(self) -> None:
        """A first signal lets requests under way end, a second one does not."""
        (self._at_once if self._end.is_set() else self._end).set()

    async def _until(self, event: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Wait for an event, or to be asked to end; raises what one of the tasks raised meanwhile."""
        waits = [asyncio.create_task(e.wait()) for e in (event, self._end)]
        done, _ = await asyncio.wait([*waits, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for task in done.intersection(tasks):
            task.result()

    # processes

    async def _keep(self, number: int) -> None:
        """One of the processes, again and again."""
        loop, pause, answered = asyncio.get_running_loop(), 0.0, False
        while True:
            began = loop.time()
            worker = await self._begun(number)
            await worker.reports(self._heard)
            worker.ready = False
            status = await worker.process.wait()
            del self._workers[number]
            worker.line.close()
            answered = answered or worker.answered
            if not answered:
                raise WorkerFailed(worker=number, status=_named(status))
            log.error("serve.worker_lost", worker=number, pid=worker.process.pid, status=_named(status))
            pause = 0.0 if loop.time() - began > _SOUND else min(max(1.0, 2 * pause), _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _begun(self, number: int) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        files = (theirs.fileno(), self._places.fileno())
        given = map(str, (self._home, number, self._count, *files))
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "hub.serving.worker", *given,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, pass_fds=files,
                start_new_session=True,  # a terminal's Ctrl-C is for us, who end them in order
            )  # fmt: skip
        log.info("serve.worker_begun", worker=number, pid=process.pid)
        worker = self._workers[number] = _Worker(number, process, ours)
        return worker

    def _heard(self) -> None:
        if sum(worker.ready for worker in self._workers.values()) == self._count:
            self._all_ready.set()

    async def _end_all(self) -> None:
        """End the processes: in order, and by force where that takes too long or was asked for again."""
        workers = list(self._workers.values())
        for worker in workers:
            _send(worker, signal.SIGTERM)
        ended = asyncio.gather(*(worker.process.wait() for worker in workers))
        at_once = asyncio.ensure_future(self._at_once.wait())
        waits: list[asyncio.Future[Any]] = [ended, at_once]
        await asyncio.wait(waits, timeout=GRACE + 5, return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        for worker in workers:
            _send(worker, signal.SIGKILL)
        await ended
        for worker in workers:
            worker.line.close()

    # connections

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except ConnectionAbortedError:
                continue
            except OSError as error:  # such as too many open files
                log.error("serve.accept", error=error.strerror)
                await asyncio.sleep(_PAUSE)
                continue
            with connection:
                while not self._handed(connection):  # noqa: ASYNC110 # that a line has room again is told by nobody
                    await asyncio.sleep(_FULL)

    def _handed(self, connection: socket.socket) -> bool:
        ready = (worker for worker in self._workers.values() if worker.ready)
        return any(worker.hand(connection) for worker in sorted(ready, key=lambda worker: worker.busy))


def _send(worker: _Worker, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        worker.process.send_signal(number)


def _named(status: int) -> str:
    """An exit status, or the name of the signal that ended a process."""
    return signal.Signals(-status).name if status < 0 else str(status)
