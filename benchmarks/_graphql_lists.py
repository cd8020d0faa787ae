"""A list of 10,000 rows with eight fields in one process: spliced, beside DuckDB alone, beside every value by itself.

All three answer the same question over the same files and in the end hold the bytes of the same JSON: the gateway from
the request's text on (document kept, as it is when served), DuckDB with the statement that its manual suggests over one
sorted file of the rows that count, and the gateway again with its rows completed value by value by graphql-core.
"""

import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from graphql import parse

from benchmarks._bar import Bar
from benchmarks._graphql_home import COLUMNS, MEMBER, STANDARD, VISIBLE
from benchmarks._said import say
from catalog.relations import relation
from core.access import Actor, Role
from core.duck import Duck
from core.naming import camel
from core.rows import RowQuery, Scope
from core.rows_duckdb import compile_source
from gateway.context import Context
from gateway.execution import Request, run
from gateway.offload import Deadline, Offload
from gateway.pieces import written
from gateway.schema import make_schema
from hub.home import open_home, services_of
from services.granary import Granary

_ROWS, _TURNS = 10_000, 7
_QUERY = (
    "query ($region: String!) { commodityStocks(first: 10000, where: {regionCode: {eq: $region}}) { nodes { "
    + " ".join(map(camel, COLUMNS))
    + " } } }"
)


def _sorted_file(granary: Granary, actor: Actor, target: Path) -> None:
    """The rows that count in one file, in the order of a page."""
    duck = Duck([granary.store.folder], size=1, threads=2)
    with granary.sessions() as session:
        found = relation(session, granary.store, granary.contracts[STANDARD], actor=actor)
    places = ("_resource", "_row", "_snapshot")
    compiled = compile_source(RowQuery(found, (*COLUMNS, *places), Scope(frozenset(COLUMNS))))
    table = duck.arrow(compiled.sql, compiled.params, deadline=600)
    duck.close()
    order = ("_resource", *COLUMNS[:4], "_row", "_snapshot")
    pq.write_table(table.sort_by([(c, "ascending") for c in order]), target, compression="zstd", row_group_size=8192)


def _alone(file: Path) -> Callable[[str], bytes]:
    """DuckDB's own JSON of the rows: objects of the fields asked for, gathered into one list in the page's order."""
    database = duckdb.connect(config={"threads": 2})
    database.execute("SET parquet_metadata_cache = true")
    fields = ", ".join(f'{c} AS "{camel(c)}"' for c in COLUMNS[:-1]) + f', NULL AS "{camel(COLUMNS[-1])}"'
    order = ", ".join(("_resource", *COLUMNS[:4], "_row", "_snapshot"))

    def ask(region: str) -> bytes:
        found = database.execute(
            f"SELECT CAST(to_json(list(r)) AS VARCHAR) FROM (SELECT {fields} FROM '{file}' "
            f"WHERE region_code = $1 ORDER BY {order} LIMIT {_ROWS}) r",
            [region],
        ).fetchone()
        assert found is not None
        return str(found[0]).encode()

    return ask


def bars(home: Path) -> dict[str, Bar]:
    """The bars `list_to_duckdb` and `list_to_strawberry`."""
    actor = Actor(id="w", roles=frozenset({Role.STEWARD}), member=MEMBER, regions=frozenset({MEMBER}))
    granary = open_home(home)
    services = services_of(granary)
    offload = Offload(services.sessions, sql=4, duck=2)
    schema = make_schema(services.contracts)._schema
    document = parse(_QUERY)
    gc.collect()
    gc.freeze()  # as the server does

    async def gateway(region: str, *, spliced: bool) -> bytes:
        context = Context(services, offload, Deadline(120), actor, spliced=spliced)
        return b"".join(written(await run(schema, context, document, Request(_QUERY, {"region": region}))))

    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "sorted.parquet"
        _sorted_file(granary, actor, file)
        alone = _alone(file)
        loop = asyncio.new_event_loop()
        ways: dict[str, Callable[[str], bytes]] = {
            "spliced": lambda region: loop.run_until_complete(gateway(region, spliced=True)),
            "duckdb": alone,
            "strawberry": lambda region: loop.run_until_complete(gateway(region, spliced=False)),
        }
        _same(ways)
        took: dict[str, list[float]] = {way: [] for way in ways}
        for turn in range(_TURNS):
            for way, ask in ways.items():
                for repeat in range(1 if way == "strawberry" else 5):
                    began = time.perf_counter()
                    ask(VISIBLE[(turn * 5 + repeat) % len(VISIBLE)])
                    took[way].append(1000 * (time.perf_counter() - began))
        loop.close()
    offload.close()
    services.duck.close()
    granary.close()
    gc.unfreeze()
    ms = {way: round(statistics.median(times), 1) for way, times in took.items()}
    say(f"lists: {ms}")
    to_duckdb, to_strawberry = ms["spliced"] / ms["duckdb"], ms["strawberry"] / ms["spliced"]
    facts: dict[str, Any] = {"ms": ms, "rows": _ROWS, "fields": len(COLUMNS)}
    return {
        "list_to_duckdb": Bar(round(to_duckdb, 2), "<= 2 x DuckDB to JSON", to_duckdb <= 2, facts),
        "list_to_strawberry": Bar(round(to_strawberry, 1), ">= 15 x faster", to_strawberry >= 15, facts),
    }


def _same(ways: dict[str, Callable[[str], bytes]]) -> None:
    """All ways give the same rows; `RuntimeError` otherwise."""
    region = VISIBLE[3]
    found = {way: json.loads(ask(region)) for way, ask in ways.items()}
    rows = {way: body if way == "duckdb" else body["data"]["commodityStocks"]["nodes"] for way, body in found.items()}
    if not rows["spliced"] == rows["duckdb"] == rows["strawberry"] or len(rows["spliced"]) != _ROWS:
        raise RuntimeError("the ways give different rows")
