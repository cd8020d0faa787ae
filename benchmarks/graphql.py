"""The graph beside PostGraphile 5 on PostgreSQL: the same million rows, the same scope, over HTTP in one run.

`lumbung serve` as it comes, a process that accepts and one for each core (up to four) that answers, its catalogue in
SQLite; PostGraphile as it comes, one process of node beside PostgreSQL's, one of these for each connection of its pool;
the client in a process of its own, so that none of them waits for another's interpreter. Both answer as a walidata:
rows of three members' closed datasets are left out, and the addresses of warehouses are null. Answers are compared
before anything is timed. The two sides are loaded in turn, and what is compared are the medians of their turns, so that
whatever else the machine does falls on both. PostGraphile comes from npm (`LUMBUNG_BENCH_POSTGRAPHILE` names a folder
that has it installed); without it, or without PostgreSQL, these bars say why they could not be measured.

`LUMBUNG_BENCHMARK_HOME` names a folder that keeps the home and the packages for the next run.
"""

import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import _graphql_home, _graphql_lists, _graphql_peer
from benchmarks._bar import Bar
from benchmarks._graphql_client import Connection, request
from benchmarks._graphql_home import VISIBLE
from benchmarks._said import say

TURNS, SECONDS = 5, 1.5
TURNS_FULL, SECONDS_FULL = 9, 4.0
CONNECTIONS = (1, 8)
_FIELDS = "regionCode date warehouse commodityCode stockKg needKgPerDay capacityKg warehouseAddress"
_PAGE_INFO = "pageInfo { hasNextPage endCursor }"


@dataclass(frozen=True)
class _Question:
    """One bar: the same question in either server's words, its variables in turn, and how answers are made alike."""

    bar: str
    ours: str
    theirs: str
    variables: Sequence[dict[str, Any]]
    rows: Callable[[Any], Any]
    target: float


def _page(bar: str, first: int, target: float) -> _Question:
    arguments = "query Page($region: String!, $first: Int!)"
    return _Question(
        bar,
        f"{arguments} {{ commodityStocks(first: $first, where: {{regionCode: {{eq: $region}}}}) "
        f"{{ nodes {{ {_FIELDS} }} {_PAGE_INFO} }} }}",
        f"{arguments} {{ commodityStocks: allCommodityStocks(first: $first, condition: {{regionCode: $region}}) "
        f"{{ nodes {{ {_FIELDS} }} {_PAGE_INFO} }} }}",
        [{"region": region, "first": first} for region in VISIBLE],
        lambda data: (data["commodityStocks"]["nodes"], data["commodityStocks"]["pageInfo"]["hasNextPage"]),
        target,
    )


def _number(value: Any) -> Any:
    """A number to eleven digits: sums of floating numbers differ in the last, by who added them up in which order."""
    return None if value is None else float(f"{float(value):.11g}")


def _ours_grouped(data: Any) -> Any:
    found = data["commodityStocks"]["aggregate"]["groups"]
    return sorted([g["key"]["regionCode"], g["key"]["commodityCode"], *map(_number, g["values"])] for g in found)


def _theirs_grouped(data: Any) -> Any:
    found = data["allCommodityStocks"]["groupedAggregates"]
    return sorted([*g["keys"], _number(g["sum"]["stockKg"]), _number(g["average"]["needKgPerDay"])] for g in found)


def _grouped(data: Any) -> Any:
    return _ours_grouped(data) if "commodityStocks" in data else _theirs_grouped(data)


_QUESTIONS = (
    _page("page_100", 100, 1.0),
    _page("page_10000", 10_000, 5.0),
    _Question(
        "group_by",
        "query Groups { commodityStocks { aggregate(groupBy: [REGION_CODE, COMMODITY_CODE], measures: "
        "[{op: SUM, column: STOCK_KG}, {op: AVG, column: NEED_KG_PER_DAY}]) "
        "{ groups { key { regionCode commodityCode } values } } } }",
        "query Groups { allCommodityStocks { groupedAggregates(groupBy: [REGION_CODE, COMMODITY_CODE]) "
        "{ keys sum { stockKg } average { needKgPerDay } } } }",
        [{}],
        _grouped,
        2.5,
    ),
)


@contextmanager
def _ours(home: Path) -> Iterator[tuple[str, int]]:
    """The address of `lumbung serve` over a home, and its process."""
    program = Path(sys.executable).with_name("lumbung")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(program), "--home", str(home), "--lang", "en", "serve", "--port", "0"],
            stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"COLUMNS": "200"},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "http://" in line:
                    yield "http://" + line.partition("http://")[2].partition("/graphql")[0].strip(), process.pid
                    break
            else:
                log.seek(0)
                raise RuntimeError(log.read().decode(errors="replace")[-2000:])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@dataclass(frozen=True)
class _Side:
    url: str
    token: str

    def ask(self, query: str, variables: dict[str, Any]) -> Any:
        connection = Connection(self.url)
        body = json.loads(connection.ask(request(self.url, self.token, {"query": query, "variables": variables})))
        connection.close()
        if "errors" in body:
            raise RuntimeError(str(body["errors"])[:1000])
        return body["data"]

    def load(self, query: str, variables: Sequence[dict[str, Any]], connections: int, seconds: float) -> dict[str, Any]:
        asked = {
            "url": self.url, "token": self.token, "connections": connections, "seconds": seconds,
            "bodies": [{"query": query, "variables": v} for v in variables],
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks._graphql_client"],
            input=json.dumps(asked), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def _alike(question: _Question, ours: _Side, theirs: _Side) -> int:
    """Compare the answers to some of the questions; how many rows were the same."""
    rows = 0
    for variables in question.variables[:: max(1, len(question.variables) // 5)]:
        mine = question.rows(ours.ask(question.ours, variables))
        other = question.rows(theirs.ask(question.theirs, variables))
        if mine != other:
            raise RuntimeError(f"{question.bar}: the answers to {variables} differ")
        rows += len(mine[0] if isinstance(mine, tuple) else mine)
    return rows


def _against(question: _Question, ours: _Side, theirs: _Side, *, full: bool) -> Bar:
    turns, seconds = (TURNS_FULL, SECONDS_FULL) if full else (TURNS, SECONDS)
    rows = _alike(question, ours, theirs)
    facts: dict[str, Any] = {"compared_rows": rows}
    worst = math.inf
    for connections in CONNECTIONS:
        for side, query in ((ours, question.ours), (theirs, question.theirs)):
            side.load(query, question.variables, max(CONNECTIONS), seconds)  # warm every process of it
        took: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for turn in range(turns):
            done: dict[str, dict[str, Any]] = {}
            for which in ("ours", "theirs") if turn % 2 else ("theirs", "ours"):
                side = ours if which == "ours" else theirs
                done[which] = side.load(getattr(question, which), question.variables, connections, seconds)
            took.append((done["ours"], done["theirs"]))
        rates = [[one["answers"] / one["seconds"] for one in side] for side in zip(*took, strict=True)]
        ratio = statistics.median(rates[0]) / statistics.median(rates[1])
        worst = min(worst, ratio)
        facts[f"connections_{connections}"] = {
            "ratio": round(ratio, 2),
            "turns": [round(a / b, 2) for a, b in zip(*rates, strict=True)],
            "answers_per_second": [round(statistics.median(side), 1) for side in rates],
            "p50_ms": [round(statistics.median(one["p50_ms"] for one in side), 2) for side in zip(*took, strict=True)],
            "p95_ms": [round(statistics.median(one["p95_ms"] for one in side), 2) for side in zip(*took, strict=True)],
            "bytes": [round(took[0][0]["bytes"]), round(took[0][1]["bytes"])],
        }
        say(f"{question.bar}, {connections} connections: {ratio:.2f}")
    return Bar(round(worst, 2), f">= {question.target:g} x PostGraphile", worst >= question.target, facts)


def run(*, full: bool) -> dict[str, Bar]:
    """Make the home, then load both servers in turn; and lists beside DuckDB and the way through every value."""
    with tempfile.TemporaryDirectory(prefix="lumbung-graphql-") as name:
        kept = os.environ.get("LUMBUNG_BENCHMARK_HOME")
        folder = Path(kept) / "graphql" if kept else Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        home = _graphql_home.home(folder)
        bars = _graphql_lists.bars(home)
        try:
            with (
                _graphql_peer.running(folder, folder / "rows.csv") as (url, facts),
                _ours(home) as (own, _),
            ):
                ours, theirs = _Side(own, _graphql_home.token(home)), _Side(url, _graphql_peer.TOKEN)
                for question in _QUESTIONS:
                    bar = _against(question, ours, theirs, full=full)
                    bars[question.bar] = Bar(bar.value, bar.target, bar.ok, bar.facts | {"peer": facts})
        except _graphql_peer.Absent as reason:
            for question in _QUESTIONS:
                bars[question.bar] = Bar(None, f">= {question.target:g} x PostGraphile", None, {"reason": str(reason)})
    return bars
