"""A home with a million rows of one standard through the catalogue's own layout, and the same rows as CSV for a peer.

Forty members deliver the stock of food of 250 days, a commit each; the commits are compacted; eight members correct
some rows afterwards; the table of current rows follows. Four members' datasets are closed, and the addresses of
warehouses are limited: a walidata's token sees neither the other three nor any address.
"""

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from benchmarks._said import say
from catalog.compaction import compact
from catalog.current import follow
from catalog.datasets import apply_crawl, dataset_id, resource_id
from catalog.drafts import CheckDraft, Draft
from catalog.relations import relation
from catalog.seen import SeenDataset, SeenResource
from catalog.snapshots import commit_many
from core import tokens
from core.access import SYSTEM, Role
from core.contract import Classification
from core.duck import Duck
from core.rows import RowQuery, Scope
from core.rows_duckdb import compile_source
from core.verdict import Verdict
from federation.packs import init_home
from hub.home import open_home
from services.granary import Granary

MEMBERS = tuple(f"33.{n:02}" for n in range(1, 41))
CLOSED = frozenset({"33.05", "33.15", "33.25", "33.35"})
#: Whose walidata asks; its own dataset is closed to all others.
MEMBER = "33.15"
VISIBLE = tuple(m for m in MEMBERS if m not in CLOSED or m == MEMBER)
DAYS, WAREHOUSES, GOODS = 250, 5, 20
STANDARD = "commodity_stock"
COLUMNS = (
    "region_code", "date", "warehouse", "commodity_code",
    "stock_kg", "need_kg_per_day", "capacity_kg", "warehouse_address",
)  # fmt: skip
MASKED = "warehouse_address"
PAGE_MAX = 10_000
_NOW = datetime(2026, 9, 1, 5, 0, tzinfo=UTC)
_FIRST = date(2026, 1, 1)
_READY = "ready"


class _Policy:
    missing_crawls = 3
    missing_share = 0.5


def _rows(member: int) -> pa.Table:
    """A member's rows in the order of the key: numbers with and without fractions, some of them missing."""
    count = DAYS * WAREHOUSES * GOODS
    n = np.arange(count)
    good, house, day = n % GOODS, n // GOODS % WAREHOUSES, n // (GOODS * WAREHOUSES)
    stock = np.round(500 + (n * 7919 + member * 104_729) % 99_991 / 7, 2)
    need = np.round(1 + (n * 31 + member * 17) % 997 / 3, 3)
    days = np.datetime64(_FIRST) + day
    names = pa.array([f"Gudang {chr(65 + w)} “Lumbung”" for w in range(WAREHOUSES)])
    goods = pa.array([f"bahan_pokok_{g:02}" for g in range(GOODS)])
    streets = pa.array([f"Jl. Pahlawan No. {w + 1}, Kecamatan {member % 17}" for w in range(WAREHOUSES)])
    return pa.table(
        {
            "region_code": pa.array([MEMBERS[member]] * count),
            "date": pa.array(days.astype("datetime64[D]")),
            "warehouse": names.take(pa.array(house)),
            "commodity_code": goods.take(pa.array(good)),
            "stock_kg": pa.array(stock),
            "need_kg_per_day": pa.array(need, mask=n % 11 == 0),
            "capacity_kg": pa.array((house + 1) * 50_000.0),
            "warehouse_address": streets.take(pa.array(house)),
            "_row": pa.array(n + 2, pa.int64()),
        }
    )


def _commit(granary: Granary, tables: dict[str, pa.Table], now: datetime) -> None:
    contract = granary.contracts[STANDARD]
    with tempfile.TemporaryDirectory(dir=granary.staging) as folder:
        drafts = []
        for code, table in tables.items():
            path = Path(folder) / f"{code}.parquet"
            pq.write_table(table, path)
            drafts.append(
                Draft(
                    resource_id=resource_id(dataset_id(f"portal-{code}", code), f"{code}-r"),
                    contract=contract,
                    rows=path,
                    verdict=Verdict.PUBLISHED,
                    landed_sha256=None,
                    fetched_at=now,
                    check=CheckDraft(statistics={"source_rows": len(table), "accepted_rows": len(table)}),
                )
            )
        commit_many(granary.sessions, granary.store, drafts, now=now)


def _corrected(member: int) -> pa.Table:
    """The last day's rows of a member once more, each with 5 kg more."""
    table = _rows(member)
    last = table.slice(len(table) - WAREHOUSES * GOODS)
    place = last.column_names.index("stock_kg")
    return last.set_column(place, "stock_kg", pa.array(np.asarray(last["stock_kg"]) + 5.0))


def _fill(granary: Granary) -> None:
    for code in MEMBERS:
        seen = SeenDataset(
            origin_id=code, name=f"stok-{code}", title=f"Stok pangan {code}", organisation="dinas-pangan",
            classification=Classification.CLOSED if code in CLOSED else Classification.OPEN,
            resources=(SeenResource(f"{code}-r", "stok.csv", f"https://portal.example/{code}.csv", "CSV"),),
        )  # fmt: skip
        apply_crawl(granary.sessions, f"portal-{code}", code, (seen,), complete=True, now=_NOW, policy=_Policy())
    for begin in range(0, len(MEMBERS), 8):
        some = range(begin, begin + 8)
        _commit(granary, {MEMBERS[i]: _rows(i) for i in some}, _NOW)
        say(f"{(begin + 8) * DAYS * WAREHOUSES * GOODS:,} rows committed")
    compact(granary.sessions, granary.store, now=_NOW)
    _commit(granary, {MEMBERS[i]: _corrected(i) for i in range(0, 40, 5)}, _NOW + timedelta(days=1))
    say("compacted; making the table of current rows")
    follow(granary.sessions, granary.store, anew=True)


def csv(granary: Granary, target: Path) -> None:
    """Every current row with the member that delivered it, as a file that PostgreSQL's COPY reads."""
    duck = Duck([granary.store.folder], size=1, threads=2)
    with granary.sessions() as session:
        found = relation(session, granary.store, granary.contracts[STANDARD])
    compiled = compile_source(RowQuery(found, (*COLUMNS, "_member"), Scope(frozenset(COLUMNS))))
    table = duck.arrow(compiled.sql, compiled.params, deadline=600)
    duck.close()
    assert len(table) == len(MEMBERS) * DAYS * WAREHOUSES * GOODS, len(table)
    pa_csv.write_csv(table, target)


def home(folder: Path) -> Path:
    """A home in a folder, made if it is not there; beside it `rows.csv` with the same rows."""
    made = folder / "home"
    if (folder / _READY).is_file():
        return made
    init_home(made, "33")
    with (made / "lumbung.toml").open("a", encoding="utf-8") as file:
        file.write(f"\npage_max = {PAGE_MAX}\nquery_seconds = 60.0\n")
    granary = open_home(made)
    try:
        _fill(granary)
        csv(granary, folder / "rows.csv")
    finally:
        granary.close()
    (folder / _READY).touch()
    return made


def token(made: Path) -> str:
    """The secret of a new token of a member's walidata."""
    granary = open_home(made)
    try:
        return tokens.issue(
            granary.sessions, name="benchmark", roles=[Role.STEWARD], by=SYSTEM, now=granary.clock(), member=MEMBER,
            regions=(MEMBER,),
        ).secret  # fmt: skip
    finally:
        granary.close()
