"""HTTP with a limit on what stands before a body, on how long that may take to come, and on who does not read (P06).

uvicorn reads with httptools, which takes addresses and headers of any length, in time that grows with its square, and
waits for them without end, as it does for readers of an answer: a stranger could fill memory, or hold every
connection. Bodies are each door's own.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's protocol; a head that is too long is answered with 431, one that does not come with 408."""

    #: Bytes of a head, give or take one read of the socket.
    head_max: ClassVar[int] = 64 * 1024
    head_seconds: ClassVar[float] = 10.0
    #: How long a body is let in after its answer, so that who sends it comes to read that.
    linger_seconds: ClassVar[float] = 2.0
    #: In which a reader must take something of an answer that waits for it in memory.
    stall_seconds: ClassVar[float] = 120.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own is
        """Wait for the first head."""
        super().connection_made(transport)
        self._length = 0  # of what has come of a head
        self._in_body = self._moved = False
        self._unread = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._late: asyncio.TimerHandle | None = self.loop.call_later(self.head_seconds, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._in_time()
        self._read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless this is more than a head may have."""
        self._moved = False
        super().data_received(data)
        if self._moved:
            self._in_time()
        elif self._in_body:
            if self.cycle.response_complete and self._late is None:  # nobody reads what still comes
                self._late = self.loop.call_later(self.linger_seconds, self.transport.close)
        else:
            self._more_head(data)

    def _more_head(self, data: bytes) -> None:
        self._length += len(data)
        if self._length > self.head_max:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._late is None:
            self._late = self.loop.call_later(self.head_seconds, self._too_late)

    def on_headers_complete(self) -> None:
        """A head has come."""
        self._in_body = self._moved = True
        self._length = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A body has come."""
        self._in_body, self._moved = False, True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Much of an answer waits to be read."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self.stall_seconds, self._look_again)

    def resume_writing(self) -> None:
        """Little does."""
        self._read()
        super().resume_writing()

    def _look_again(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread >= self._unread:
            self.transport.abort()
            return
        self._unread = unread
        self._stalled = self.loop.call_later(self.stall_seconds, self._look_again)

    def _read(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        self._in_time()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:  # an answer is on its way
            self.transport.abort()
            return
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
