"""Asks a GraphQL server the same questions in turn over some connections; a process of its own, as light as Python can.

`python -m benchmarks._graphql_client` reads a JSON object from standard input (`url`, `token`, `bodies`, `connections`,
`seconds`) and prints one: `answers`, `seconds`, `bytes`, and the latencies' median and 95th percentile in milliseconds.
An answer that is not 200, or holds errors, ends it.
"""

import json
import socket
import sys
import threading
import time
from typing import Any

_ROOM = 1 << 20


class Connection:
    """One kept HTTP connection."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._room = bytearray(_ROOM)

    def ask(self, request: bytes) -> bytes | bytearray:
        """The body of the answer; `RuntimeError` where it is another than 200."""
        self._socket.sendall(request)
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._some()
        head = bytes(got[:end]).lower()
        if b" 200 " not in head[:20]:
            raise RuntimeError(bytes(got[:2000]))
        if b"transfer-encoding: chunked" in head:
            return self._chunks(got, end + 4)
        begin = end + 4
        body = bytearray(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        at = len(got) - begin
        body[:at] = got[begin:]
        with memoryview(body) as room:
            while at < len(body):
                at += self._into(room[at:])
        return body

    def _chunks(self, got: bytearray, at: int) -> bytes:
        parts = []
        while True:
            while (end := got.find(b"\r\n", at)) < 0:
                got += self._some()
            size = int(got[at:end], 16)
            while len(got) < end + 4 + size:
                got += self._some()
            parts.append(bytes(got[end + 2 : end + 2 + size]))
            at = end + 4 + size
            if size == 0:
                return b"".join(parts)

    def _some(self) -> memoryview:
        return memoryview(self._room)[: self._into(self._room)]

    def _into(self, room: bytearray | memoryview) -> int:
        count = self._socket.recv_into(room)
        if not count:
            raise RuntimeError("the server hung up")
        return count

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def request(url: str, token: str, body: dict[str, Any]) -> bytes:
    """The bytes of a request."""
    content = json.dumps(body).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(content)}\r\nAccept: application/json\r\n\r\n"
    )
    return head.encode() + content


def load(url: str, requests: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Ask for so long, each connection one question after the other; what was answered, and how fast."""
    took: list[float] = []
    sizes: list[int] = []
    failed: list[BaseException] = []
    until = time.perf_counter() + seconds

    def one(first: int) -> None:
        try:
            connection, at = Connection(url), first
            while (began := time.perf_counter()) < until:
                answer = connection.ask(requests[at % len(requests)])
                took.append(time.perf_counter() - began)
                sizes.append(len(answer))
                if b'"errors"' in answer[:200] or b'"errors"' in answer[-2000:]:
                    raise RuntimeError(answer[:2000])
                at += connections
            connection.close()
        except (OSError, RuntimeError, ValueError) as error:
            failed.append(error)

    began = time.perf_counter()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - began
    if failed:
        raise failed[0]
    took.sort()
    return {
        "answers": len(took),
        "seconds": passed,
        "bytes": sum(sizes) / len(sizes),
        "p50_ms": 1000 * took[len(took) // 2],
        "p95_ms": 1000 * took[int(len(took) * 0.95)],
    }


def main() -> None:
    """Answer one request on standard input."""
    asked = json.load(sys.stdin)
    requests = [request(asked["url"], asked["token"], body) for body in asked["bodies"]]
    print(json.dumps(load(asked["url"], requests, asked["connections"], asked["seconds"])))


if __name__ == "__main__":
    main()
