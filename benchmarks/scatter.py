"""Live questions to many nodes: what asking all of them costs beside the slowest one, with some of them down.

The nodes are replayed by one process (`_scatter_nodes`) that answers each question after 50 ms. Questions go through
the hub's own door, `/graphql` in this process under uvloop, as `lumbung serve` runs it; every page has 100 rows.
"""

import asyncio
import gc
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvloop
from starlette.applications import Starlette

from benchmarks._bar import Bar
from benchmarks._said import say
from benchmarks._scatter_nodes import codes
from benchmarks._scatter_real import nodes
from core.log import get
from core.settings import MIB
from federation.live.node import LiveLimits
from federation.live.scatter import Live
from federation.member import Allowance, AllowanceKind, Member, MemberKind, SourceConfig, SourceKind
from federation.packs import init_home
from federation.registry import Registry
from gateway.context import Services
from hub.home import open_home, services_of
from hub.web import make_app, settle

log = get("benchmarks.scatter")
WAIT = 0.05
ROWS = 200
FAR = date(2100, 1, 1)
QUERY = """query ($deadline: Float) { live { riverStages(first: 100, deadline: $deadline,
  orderBy: [{column: OBSERVED_AT, direction: DESC}]) {
  nodes { gaugeCode regionCode observedAt stageM status node time }
  pageInfo { hasNextPage endCursor } nodesStatus { member status latencyMs code age } } } }"""


@contextmanager
def replayed(number: int, seconds: float) -> Iterator[int]:
    """The port of a process that replays nodes."""
    command = [sys.executable, "-m", "benchmarks._scatter_nodes", str(number), str(ROWS), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


def node_source(name: str, code: str, url: str, port: int) -> SourceConfig:
    """A node on loopback, as an admin allows it."""
    allow = (
        Allowance(AllowanceKind.PRIVATE_ADDRESS, "benchmark", "loopback", FAR),
        Allowance(AllowanceKind.HTTP, "benchmark", "loopback", FAR),
        Allowance(AllowanceKind.PORT, "benchmark", "loopback", FAR, str(port)),
    )
    return SourceConfig(name, SourceKind.NODE, url, code, allow=allow)


def members(number: int, port: int, *, hanging: int = 0, down: int = 0) -> Registry:
    """So many members with a node each, the last of them hanging or not there at all."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    found = []
    for i, code in enumerate(codes(number)):
        kind = "d" if i >= number - down else "h" if i >= number - down - hanging else "n"
        at = closed if kind == "d" else port
        source = node_source(f"simpul-{i}", code, f"http://127.0.0.1:{at}/{kind}/{i}", at)
        found.append(Member(code, code, MemberKind.REGENCY, frozenset({code}), sources=(source,)))
    return Registry(tuple(found))


@asynccontextmanager
async def asking(services: Services, registry: Registry, limits: LiveLimits) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the hub over these members."""
    live = Live(limits)
    app: Starlette = make_app(replace(services, registry=registry, live=live))
    # its lifespan is left out, for it would read the members from the home
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        before = gc.get_threshold()
        settle()
        yield client
        gc.set_threshold(*before)
        gc.unfreeze()
    await live.close()


async def asked(client: httpx.AsyncClient, deadline: float = 5.0) -> tuple[float, dict[str, Any]]:
    """Seconds of one page, and the page."""
    began = time.perf_counter()
    answer = await client.post("/graphql", json={"query": QUERY, "variables": {"deadline": deadline}})
    seconds = time.perf_counter() - began
    return seconds, orjson.loads(answer.content)["data"]["live"]["riverStages"]


async def rounds(
    services: Services, registry: Registry, limits: LiveLimits, times: int, deadline: float = 5.0, warm: int = 5
) -> tuple[list[float], dict[str, Any]]:
    """Seconds of each of so many pages after a few that warm up, and the last page."""
    async with asking(services, registry, limits) as client:
        for _ in range(warm):
            await asked(client, deadline)
        found = [await asked(client, deadline) for _ in range(times)]
    page = found[-1][1]
    assert len(page["nodes"]) == 100, len(page["nodes"])
    moments = [row["observedAt"] for row in page["nodes"]]
    assert moments == sorted(moments, reverse=True)
    return [seconds for seconds, _ in found], page


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 1)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _states(page: dict[str, Any]) -> dict[str, int]:
    found = [s["status"] for s in page["nodesStatus"]]
    return {state: found.count(state) for state in sorted(set(found))}


async def _speed(services: Services, port: int) -> dict[str, Bar]:
    limits = LiveLimits(total=5.0, node=5.0, failures=1 << 30)
    few, page = await rounds(services, members(35, port), limits, 40)
    # what a node takes without forty others beside it, connection and all kept
    alone, _ = await rounds(services, members(1, port), limits, 20) if ROWS >= 100 else ([], {})
    slowest = max(statistics.median(alone), WAIT)
    many, whole = await rounds(services, members(514, port), limits, 20)
    t35, t514 = statistics.median(few), statistics.median(many)
    hard, broken = await rounds(services, members(35, port, hanging=3, down=2), limits, 60, deadline=0.5, warm=1)
    resting = replace(limits, failures=10)
    spared, _ = await rounds(services, members(35, port, hanging=3, down=2), resting, 20, deadline=0.5, warm=12)
    return {
        "page_of_35": Bar(
            round(t35 / slowest, 2), "<= 2 x the slowest node", t35 <= 2 * slowest,
            {"ms": _ms(t35), "p95_ms": _ms(_at(few, 0.95)), "one_node_ms": _ms(slowest), "nodes": _states(page)},
        ),
        "page_of_514": Bar(
            round(t514 / t35, 2), "<= 2 x 35 nodes", t514 <= 2 * t35,
            {"ms": _ms(t514), "p95_ms": _ms(_at(many, 0.95)), "nodes": _states(whole)},
        ),
        "three_hang_two_down": Bar(
            _ms(_at(hard, 0.95)), "p95 <= 550 ms at a deadline of 500 ms", _at(hard, 0.95) <= 0.55,
            {"median_ms": _ms(statistics.median(hard)), "nodes": _states(broken),
             "once_they_rest_ms": _ms(statistics.median(spared))},
        ),
    }  # fmt: skip


def _resident() -> float:
    """Megabytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / MIB


async def _memory(services: Services, port: int, requests: int) -> Bar:
    """Resident memory over many requests, eight at once, to five nodes that do not wait."""
    seen: list[float] = []
    async with asking(services, members(5, port), LiveLimits(total=5.0, node=5.0, calls=8)) as client:
        done = 0

        async def worker() -> None:
            nonlocal done
            while done < requests:
                done += 1
                if done % (requests // 10) == 0:
                    seen.append(_resident())
                await asked(client)

        await asyncio.gather(*(worker() for _ in range(8)))
    steps = range(len(seen))
    slope = statistics.linear_regression(list(steps)[2:], seen[2:]).slope * 10_000 / (requests / 10)
    grown = round(slope, 2)
    facts = {"requests": requests, "rss_mb": [round(v, 1) for v in seen]}
    return Bar(grown, "<= 5 MB grown in 10,000 requests, by regression after the first fifth", grown <= 5, facts)


async def _real(services: Services) -> Bar:
    """A page of five nodes, each a process of its own over a file of readings, beside a page of one of them."""
    with tempfile.TemporaryDirectory() as folder, nodes(Path(folder), node_source) as registry:
        limits = LiveLimits(total=5.0, node=5.0)
        one, _ = await rounds(services, Registry(registry.members[:1]), limits, 30)
        five, page = await rounds(services, registry, limits, 30)
    facts = {"one_node_ms": _ms(statistics.median(one)), "p95_ms": _ms(_at(five, 0.95)), "nodes": _states(page)}
    return Bar(_ms(statistics.median(five)), "none: five processes beside the hub, on the same cores", None, facts)


async def _all(services: Services) -> dict[str, Bar]:
    with replayed(514, WAIT) as port:
        say("35 nodes, 514 nodes, nodes that hang")
        bars = await _speed(services, port)
    with replayed(5, 0) as port:
        say("10,000 requests")
        bars["memory"] = await _memory(services, port, 10_000)
    say("five real nodes")
    bars["five_real_nodes"] = await _real(services)
    return bars


def run(*, full: bool) -> dict[str, Bar]:
    """All bars of one run."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        init_home(home, "33")
        granary = open_home(home)
        try:
            services = services_of(granary)
            try:
                return uvloop.run(_all(services))
            finally:
                services.duck.close()
        finally:
            granary.close()
