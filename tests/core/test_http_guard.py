"""P06: what stands before a body is limited in length and time, whoever serves; sound requests notice nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import ClassVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from core.http_guard import GuardedHttp

SECONDS = 60  # no test waits for this; it is only so that a broken one ends


class Hasty(GuardedHttp):
    head_seconds: ClassVar[float] = 0.05


class Brief(GuardedHttp):
    linger_seconds: ClassVar[float] = 0.05


class Impatient(GuardedHttp):
    stall_seconds: ClassVar[float] = 0.05


class Known(GuardedHttp):
    made: ClassVar[list[GuardedHttp]] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own is
        super().connection_made(transport)
        self.made.append(self)


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def unread(request: Request) -> PlainTextResponse:
    return PlainTextResponse("no", 413)


async def large(request: Request) -> PlainTextResponse:
    return PlainTextResponse(LARGE)


LARGE = b"x" * 30_000_000


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())


@asynccontextmanager
async def served(protocol: type[GuardedHttp] = GuardedHttp) -> AsyncIterator[int]:
    routes = [
        Route("/", length, methods=["GET", "POST"]),
        Route("/unread", unread, methods=["POST"]),
        Route("/large", large),
    ]
    app = Starlette(routes=[*routes, WebSocketRoute("/echo", echo)])
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http=protocol, log_config=None, lifespan="off", timeout_keep_alive=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.002)
    try:
        async with asyncio.timeout(SECONDS):
            yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def heard(port: int, parts: Iterable[bytes]) -> bytes:
    """What is answered until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    out = bytearray()
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            if reader.at_eof():
                break
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            out += chunk
    writer.close()
    return bytes(out)


LONG: dict[str, Iterable[bytes]] = {
    "many headers": [b"GET / HTTP/1.1\r\nHost: x\r\n", *(b"X-%d: %s\r\n" % (i, b"a" * 900) for i in range(1_000))],
    "one header": [b"GET / HTTP/1.1\r\nHost: x\r\nX: ", *[b"a" * 65_536] * 20],
    "an address": [b"GET /?", *[b"a" * 65_536] * 20],
    "nothing but line ends": [b"\r\n" * 30_000] * 20,
    "after another": [b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nX: ", *[b"a" * 65_536] * 20],
}


async def test_P06_a_head_without_end_is_refused_and_its_connection_closed() -> None:
    async with served() as port:
        answers = await asyncio.gather(*(heard(port, parts) for parts in LONG.values()))
    for name, answer in zip(LONG, answers, strict=True):
        assert not answer or b" 431 " in answer, name  # who goes on writing may lose the answer with the connection
    assert any(b" 431 " in answer for answer in answers)


async def test_P06_a_head_that_does_not_come_is_not_waited_for() -> None:
    async with served(Hasty) as port:
        answers = await asyncio.gather(*(heard(port, [part]) for part in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n")))
    assert [b" 408 " in answer for answer in answers] == [True, True]


async def test_P06_a_body_is_not_taken_for_ever_after_its_answer() -> None:
    async with served(Brief) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b" " * 100)
            await asyncio.sleep(0.005)
        ended.exception()
        writer.close()


async def test_P06_an_answer_is_not_kept_for_who_does_not_read_it() -> None:
    async with served(Impatient) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionError):  # what the two kernels' buffers hold, then nothing
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()


async def test_sound_requests_come_through_whole_one_after_another_and_so_do_sockets() -> None:
    async with served(Known) as port:
        many = b"".join(b"X-%d: %s\r\n" % (i, b"a" * 500) for i in range(100))
        get = b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n"
        body = b"x" * 300_000
        post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await heard(port, [get * 2, get, post + body[:1], body[1:], post, body + get, last])
        assert (answer.count(b"HTTP/1.1 "), answer.count(b"HTTP/1.1 200 OK")) == (7, 7)
        assert answer.count(b"\r\n\r\n300000") == 2
        assert len(await heard(port, [b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])) > len(LARGE)
        async with connect(f"ws://127.0.0.1:{port}/echo", proxy=None) as socket:
            await socket.send("here")
            assert await socket.recv() == "here"
        assert [one._late or one._stalled for one in Known.made] == [None] * 3
