"""Five real nodes, each a process of `lumbung node serve` over a folder of readings, asked through the hub's door."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks._scatter_nodes import codes
from core.clock import utc_now
from federation.member import Member, MemberKind, SourceConfig
from federation.registry import Registry
from node.tokens import Tokens

NODES = 5
ROWS = 2_000
_T0 = datetime(2026, 2, 1, tzinfo=UTC)
_RUN = "from hub.cli import main; main()"
_VARIABLE = "LUMBUNG_BENCH_NODE_{}"


def _folder(root: Path, number: int, code: str) -> Path:
    """A node's folder: one file of readings, ten minutes apart, and what `node.toml` offers of it."""
    (root / "tma").mkdir(parents=True)
    lines = ["gauge_code,observed_at,stage_m,status"]
    for i in range(ROWS):
        at = _T0 + timedelta(minutes=10 * i, seconds=number)
        lines.append(f"pos_{number}_{i % 4},{at.isoformat()},{1 + i % 70 / 10:.1f},")
    (root / "tma" / "bacaan.csv").write_text("\n".join(lines) + "\n")
    (root / "node.toml").write_text(
        f'[[graphql]]\ncontract = "river_stage"\nfile = "tma/*.csv"\nconstants = {{region_code = "{code}"}}\n'
    )
    os.environ[_VARIABLE.format(number)] = Tokens(root).issue("benchmark", now=utc_now())
    return root


@contextlib.contextmanager
def nodes(root: Path, source_of: Callable[[str, str, str, int], SourceConfig]) -> Iterator[Registry]:
    """The members of five running nodes; `source_of` makes a source of its name, member, address and port."""
    with contextlib.ExitStack() as stack:
        members = []
        for number, code in enumerate(codes(NODES)):
            folder = _folder(root / code, number, code)
            command = [sys.executable, "-c", _RUN, "node", "serve", "--member", code, "--folder", str(folder)]
            process = stack.enter_context(subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE))
            stack.callback(process.terminate)
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            made = source_of(f"simpul-{number}", code, url, urlsplit(url).port or 0)
            source = replace(made, token_env=_VARIABLE.format(number))
            members.append(Member(code, code, MemberKind.REGENCY, frozenset({code}), sources=(source,)))
        yield Registry(tuple(members))
