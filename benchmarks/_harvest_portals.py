"""`python -m benchmarks._harvest_portals FOLDER COUNT`: many small portals and three bad ones, in a process of its own.

Prints their addresses as one JSON line and serves until its standard input ends. One bad portal accepts and never
answers, one lists files that drip a byte a second, one is not there at all.
"""

import asyncio
import json
import sys
import threading
from pathlib import Path

from benchmarks import _harvest_home as bench
from flows.server import free_port
from node.serve import NodeSpec, running

FILES, ROWS = 2, 200
DRIPPING = 8


async def _hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)
    writer.close()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A catalogue that looks well, and files of which a byte a second comes."""
    asked = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]
    if b"package_search" in asked:
        host, port = writer.get_extra_info("sockname")[:2]
        body = json.dumps(_listing(f"http://{host}:{port}")).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        return
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        await asyncio.sleep(1)
        writer.write(b"1")


def _listing(url: str) -> dict[str, object]:
    """What `package_search` says of a few datasets with a file each."""
    results = [
        {
            "id": f"tetes-{n}", "name": f"tetes-{n}", "title": f"Harga {n}", "state": "active", "type": "dataset",
            "private": False, "metadata_modified": "2026-11-01T08:00:00.000001", "tags": [], "extras": [],
            "metadata_created": "2026-10-01T08:00:00.000001",
            "resources": [
                {"id": f"r{n}", "name": f"harga {n}.csv", "url": f"{url}/{n}.csv", "format": "CSV", "state": "active"}
            ],
        }
        for n in range(DRIPPING)
    ]  # fmt: skip
    return {"help": "", "success": True, "result": {"count": len(results), "results": results}}


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
