"""Running the simulated portals: one background process that ends when its parent does, however that happened."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.demo.errors import DemoNodesFailed
from hub.demo.province import Province

LOG_FILE = "nodes.log"


@dataclass(frozen=True, slots=True)
class Nodes:
    """The running portals: member code to address; the dead one's address is there, but nobody answers."""

    urls: Mapping[str, str]
    process: "subprocess.Popen[str]"


@contextlib.contextmanager
def start_nodes(province: Province) -> Iterator[Nodes]:
    """Run the portals for as long as the context lasts; raises DemoNodesFailed with what the process said."""
    command = [sys.executable, "-m", "hub.demo.nodes", str(province.root)]
    log = province.root / LOG_FILE
    with log.open("w", encoding="utf-8") as said:  # a file, because a full pipe would stop the process
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise DemoNodesFailed(root=province.root, said=log.read_text("utf-8", "replace")[-500:])
        yield Nodes(json.loads(line), process)
    finally:
        process.stdin.close()  # its sign to stop
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
