"""Composing the supergraph that a federation's router reads, from the subgraphs of `gateway/federated.py`.

`@theguild/federation-composition` does the work, in a process of its own (`deploy/gateway/compose.mjs`): it is
JavaScript, and nothing else here needs Node.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from core.messages import text
from gateway.federated import Subgraph
from hub.composition_errors import ComposerMissing, CompositionFailed

#: Where the router's packages are installed, from the folder that the command runs in.
TOOLS = Path("deploy/gateway")
HUB = "http://127.0.0.1:8080"
_HEAD = "# Written by `lumbung federation compose`; a test holds it to the code and the shipped data standards.\n\n"
_SECONDS = 120.0
_PACKAGE = Path("node_modules/@theguild/federation-composition")


def address(hub: str, name: str) -> str:
    """Where a hub serves a subgraph."""
    return f"{hub.rstrip('/')}/subgraphs/{name}"


def _node(tools: Path) -> str:
    """The command `node`, where everything that composing needs is there."""
    node = shutil.which("node")
    if node is None:
        raise ComposerMissing(detail=text("composition.node"), folder=tools)
    for part in (Path("compose.mjs"), _PACKAGE):
        if not (tools / part).exists():
            raise ComposerMissing(detail=text("composition.part", file=tools / part), folder=tools)
    return node


def compose(subgraphs: Mapping[str, Subgraph], addresses: Mapping[str, str], tools: Path = TOOLS) -> str:
    """The supergraph's SDL.

    Args:
        addresses: where a router finds each subgraph; only those named here are composed.
        tools: the folder of `compose.mjs`, with the packages installed.

    Raises:
        ComposerMissing: Node or a package is not there.
        CompositionFailed: what the composition says against these subgraphs.
    """
    node = _node(tools)
    given = [{"name": name, "url": url, "typeDefs": subgraphs[name].sdl} for name, url in sorted(addresses.items())]
    try:
        done = subprocess.run(
            [node, "compose.mjs"],
            cwd=tools,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CompositionFailed(detail=f"> {_SECONDS:g} s") from error
    if done.returncode != 0:
        raise CompositionFailed(detail=_said(done.stderr))
    return _HEAD + done.stdout.strip() + "\n"


def _said(errors: str) -> str:
    """The first few errors of the composition, one a line; Node's own words where it fell over."""
    lines = [line for line in errors.splitlines() if line.strip()][:5]
    try:
        return "\n".join("{code}: {message}".format(**json.loads(line)) for line in lines) or "-"
    except (json.JSONDecodeError, KeyError, TypeError):
        return "\n".join(lines)
