"""The process that serves the simulated portals: every member's node on one event loop, one slow, one dead.

A process of its own, so that serving does not take from the harvest's interpreter. `running.py` starts it. Ports
are taken again where they are free, so that addresses stay.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import LumbungError
from hub.demo.province import Province
from node.errors import NodePortTaken
from node.serve import NodeSpec, bind, running
from services.granary import SHIPPED_CONTRACTS

PORTS_FILE = "ports.json"
SLOW_SECONDS = 0.4


class _Slow:
    """Waits before every answer, as an overloaded server does."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app, self.seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self.seconds)
        await self.app(scope, receive, send)


def _specs(province: Province, ports: Mapping[str, int]) -> list[NodeSpec]:
    """One node per living member, on its former port where that is still free."""
    out = []
    for member in province.members:
        if member.role == "dead":
            continue
        port = _free(ports.get(member.code, 0))
        known = (SHIPPED_CONTRACTS,) if member.live else ()
        spec = NodeSpec(province.folder(member.code), member.code, member.name, port=port, contracts=known)
        slow = member.role == "slow"
        out.append(replace(spec, around=lambda app: _Slow(app, SLOW_SECONDS)) if slow else spec)
    return out


def _free(port: int) -> int:
    """The port where it can be had, else 0."""
    try:
        bind("127.0.0.1", port).close()
    except NodePortTaken:
        return 0
    return port


def _dead(port: int) -> socket.socket:
    """A port that is ours and on which nobody listens: whoever connects is refused."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.bind(("127.0.0.1", 0))
    return sock


def main(arguments: Sequence[str]) -> int:
    """Serve the province of a folder until standard input ends; its first line out is the addresses as JSON."""
    root = Path(arguments[0])
    province = Province.load(root)
    file = root / PORTS_FILE
    ports: dict[str, int] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    specs = _specs(province, ports)
    graves = {code: _dead(ports.get(code, 0)) for code in province.dead}
    with running(specs) as living:
        urls = dict(zip((spec.member for spec in specs), living, strict=True))
        urls |= {code: f"http://127.0.0.1:{sock.getsockname()[1]}" for code, sock in graves.items()}
        file.write_text(json.dumps({code: int(url.rsplit(":", 1)[1]) for code, url in urls.items()}), "utf-8")
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        sys.stdin.read()  # ends when the parent closes it or is gone
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LumbungError as failure:
        sys.exit(str(failure))
