"""Regency nodes replayed by one process: a path each, rows by keyset, every answer after the same wait.

`python -m benchmarks._scatter_nodes NODES ROWS SECONDS` prints its port and serves until its input ends.
`/n/NUMBER/...` answers, `/h/...` takes the question and never answers. It speaks as little HTTP as that needs.
"""

import asyncio
import random
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from core.region import RegionKind, Regions

_FIRST = re.compile(rb'"first":(\d+)')
_AFTER = re.compile(rb'"after":"(\d+)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_T0 = datetime(2026, 2, 1, tzinfo=UTC)


def codes(number: int) -> list[str]:
    """The codes of so many regencies and cities, one a node."""
    found = sorted({r.code for r in Regions.load() if r.kind is not RegionKind.PROVINCE})
    return found[:number]


def edges(number: int, rows: int) -> list[list[bytes]]:
    """Each node's edges as JSON, newest first."""
    dice = random.Random(7)
    out = []
    for i, code in enumerate(codes(number)):
        moments = sorted((dice.randrange(10_000_000) for _ in range(rows)), reverse=True)
        out.append(
            [
                b'{"cursor":"%d","node":{"gaugeCode":"pos_%d","regionCode":"%s","observedAt":"%s","stageM":%.2f,'
                b'"status":"Siaga 3"}}'
                % (n + 1, i, code.encode(), (_T0 + timedelta(seconds=at)).isoformat().encode(), dice.uniform(0, 9))
                for n, at in enumerate(moments)
            ]
        )
    return out


class _Node(asyncio.Protocol):
    def __init__(self, nodes: list[list[bytes]], seconds: float) -> None:
        self._nodes, self._seconds = nodes, seconds
        self._loop = asyncio.get_running_loop()
        self._given = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # uvloop's are of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._given += data
        end = self._given.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._given[:end])
        if length is None or len(self._given) < end + 4 + int(length[1]):
            return
        path, body = self._given.split(b" ", 2)[1], self._given[end + 4 :]
        self._given = b""
        _, kind, number, *_ = path.split(b"/")
        if kind == b"h":
            return
        answer = self._answer(self._nodes[int(number)], body)
        if self._seconds:
            self._loop.call_later(self._seconds, self._write, answer)
        else:
            self._write(answer)

    def _answer(self, rows: list[bytes], body: bytes) -> bytes:
        first, after = _FIRST.search(body), _AFTER.search(body)
        begin = int(after[1]) if after else 0
        end = begin + (int(first[1]) if first else 100)
        more = b"true" if end < len(rows) else b"false"
        page = b'{"data":{"rows":{"edges":[%s],"pageInfo":{"hasNextPage":%s}}}}' % (b",".join(rows[begin:end]), more)
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(number: int, rows: int, seconds: float) -> None:
    nodes = edges(number, rows)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Node(nodes, seconds), "127.0.0.1", 0, backlog=2_048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def main() -> None:
    """Serve until the input ends."""
    import uvloop

    number, rows, seconds = sys.argv[1:4]
    uvloop.run(_serve(int(number), int(rows), float(seconds)))


if __name__ == "__main__":
    main()
