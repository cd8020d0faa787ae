"""`python -m benchmarks._harvest_portals FOLDER COUNT`: many small portals and three bad ones, in a process of its own.

Prints their addresses as one JSON line and serves until its standard input ends. One bad portal accepts and never
answers, one drips a byte a second, one is not there at all.
"""

import asyncio
import json
import sys
import threading
from pathlib import Path

from benchmarks import _harvest_home as bench
from flows.server import free_port
from node.serve import NodeSpec, running

FILES, ROWS = 4, 200


async def _hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)
    writer.close()


async def _drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
    while not writer.is_closing():
        await asyncio.sleep(1)
        writer.write(b" ")


async def _bad(ready: threading.Event, ports: dict[str, int]) -> None:
    for name, serve in (("hanging", _hang), ("dripping", _drip)):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ports[name] = server.sockets[0].getsockname()[1]
    ready.set()
    await asyncio.sleep(36_000)


def main() -> None:
    """Serve until standard input ends."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    specs = []
    for n in range(count):
        held = bench.emptied(folder / f"portal{n:02}")
        for m in range(FILES):
            bench.write_table(held / f"harga {m}.csv", ROWS, first=m * ROWS, region=bench.MEMBERS[n])
        port = free_port()
        specs.append(NodeSpec(held, bench.MEMBERS[n], f"Portal {n}", port=port, url=f"http://127.0.0.1:{port}"))
    ports: dict[str, int] = {"dead": free_port()}
    ready = threading.Event()
    threading.Thread(target=lambda: asyncio.run(_bad(ready, ports)), daemon=True).start()
    ready.wait()
    with running(specs):
        good = [spec.url for spec in specs]
        bad = [f"http://127.0.0.1:{ports[name]}" for name in ("hanging", "dripping", "dead")]
        print(json.dumps({"good": good, "bad": bad}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
