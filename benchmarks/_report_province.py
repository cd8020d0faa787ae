"""A province of half a year for the report's bar: 35 members with 17 standards each, 26 weeks of runs and checks.

Records of the gate and of runs are written straight into the catalogue's tables, as a harvest leaves them, with Great
Expectations' own results; rows of the last two weeks are committed as every harvest commits them, so that the changes
between them are compared row by row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import insert

from catalog.checks import pack
from catalog.models import CheckRecord, Dataset, QuarantineBatch, Resource, Run
from catalog.snapshots import Draft, commit_many
from catalog.writing import writing
from core.arrow import ARROW
from core.contract import Column, ColumnType, Contract
from core.ids import derived_id
from core.verdict import Verdict
from federation.packs import init_home
from hub.home import open_home
from quality import onepass
from services.granary import Granary

MEMBERS, STANDARDS, WEEKS = 35, 17, 26
#: Monday of 2026-W47 in WIB, the week that is reported.
MONDAY = datetime(2026, 11, 15, 17, tzinfo=UTC)
_ROWS = 200
_DROPPED = {"code": "ROW_COUNT_DROPPED", "values": {"rows": 6, "previous": 10, "percent": 40.0, "allowed": 30.0}}


def make_home(folder: Path) -> Path:
    """A home of the pack's 35 governments, each with a folder as its source."""
    home = init_home(folder / "rumah", "33")
    for file in sorted((home / "members").glob("33.[0-9]*.toml")):
        source = folder / file.stem
        source.mkdir()
        text = f'\n[[sources]]\nid = "sumber-{file.stem}"\nkind = "folder"\npath = "{source}"\n'
        file.write_text(file.read_text("utf-8") + text, encoding="utf-8")
    return home


@dataclass(slots=True)
class _Filling:
    """What is written, table by table."""

    granary: Granary
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, model: Any, **values: Any) -> None:
        self.rows.setdefault(model, []).append(values)

    def write(self) -> None:
        with writing(self.granary.sessions) as session:
            for model, some in self.rows.items():
                session.execute(insert(model), some)


def fill(home: Path) -> dict[str, int]:
    """Half a year in a new home's catalogue; how many checks, commits and rows it has."""
    granary = open_home(home)
    names = sorted(granary.contracts)
    standards = [granary.contracts[names[i % len(names)]] for i in range(STANDARDS)]
    members = [m.code for m in granary.registry.members if m.sources][:MEMBERS]
    filling = _Filling(granary)
    began = MONDAY - timedelta(weeks=WEEKS - 1)
    for member in members:
        for place, contract in enumerate(standards):
            _dataset(filling, member, place, contract, began)
    filling.write()
    filling.rows.clear()
    results = {contract.name: pack(_judged(contract)) for contract in standards}
    for week in range(WEEKS):
        at = began + timedelta(weeks=week, hours=9)
        for number, member in enumerate(members):
            run = derived_id("run", member, str(week))
            filling.add(
                Run, id=run, member=member, source=f"sumber-{member}", state="ok", owner="-", started=at, heartbeat=at,
                ended=at + timedelta(minutes=3), counts={},
            )  # fmt: skip
            for place, contract in enumerate(standards):
                place_at = (week * len(members) + number) * STANDARDS + place
                _check(filling, (member, place, contract), at, run, place_at, results[contract.name])
    checks = len(filling.rows[CheckRecord])
    filling.write()
    commits = _commit(granary, members, standards, home.parent)
    granary.close()
    return {"checks": checks, "commits": commits, "rows": commits * _ROWS}


def _id(member: str, place: int) -> str:
    return derived_id("bench", member, str(place))


def _dataset(filling: _Filling, member: str, place: int, contract: Contract, began: datetime) -> None:
    id_ = _id(member, place)
    filling.add(
        Dataset, id=id_, state="active", contract=contract.name, source=f"sumber-{member}", member=member,
        organisation=f"dinas-{place % 6}", organisation_title=f"Dinas {place % 6} {member}", origin_id=id_,
        generation=1, name=f"data-{place}", title=f"{contract.title['id']} {member}", notes="Uraian", tags=["pangan"],
        groups=[], license="cc-by", extras={}, classification=contract.classification.value, first_seen=began,
        last_seen=MONDAY, missed_crawls=0, fingerprint=id_, search_text=contract.name,
    )  # fmt: skip
    filling.add(
        Resource, id=id_, state="active", contract=contract.name, dataset_id=id_, origin_id=id_, position=0,
        name="data.csv", url="https://data.example/data.csv", format="CSV", missed_crawls=0, decided={},
        landed_sha256="ab" * 32, last_verdict="published",
    )  # fmt: skip


def _check(
    filling: _Filling, about: tuple[str, int, Contract], at: datetime, run: str, number: int, result: bytes
) -> None:
    """One delivery's record; every 97th is held, every seventh has rows that are returned until the next week."""
    member, place, contract = about
    id_, held, poor = _id(member, place), number % 97 == 0, number % 7 == 0
    reasons = {"price.range": 2, "date.date": 1} if poor else {}
    filling.add(
        CheckRecord, id=f"{number:032}", resource_id=id_, table="", run_id=run, contract=contract.name,
        contract_version=contract.version, at=at, landed_sha256="ab" * 32,
        verdict="held" if held else "published_with_warnings" if poor else "published",
        statistics={"source_rows": _ROWS, "accepted_rows": _ROWS - len(reasons), "reasons": reasons},
        holds=[_DROPPED] if held else [], warnings=[], result=result,
    )  # fmt: skip
    if poor:
        until = at + timedelta(weeks=1)
        filling.add(
            QuarantineBatch, id=f"{number:032}", resource_id=id_, table="", run_id=run, file_sha256=f"{number:064}",
            rows=3, reasons=reasons, at=at, closed_at=until if until < MONDAY + timedelta(days=7) else None,
        )  # fmt: skip


def _table(contract: Contract, change: int = 0) -> pa.Table:
    """Rows with every key once; a tenth of the other values depends on `change`."""
    columns = {c.name: pa.array(_values(c, change), ARROW[c.type]) for c in contract.columns}
    return pa.table({**columns, "_row": pa.array(range(2, _ROWS + 2), pa.int64())})


def _values(column: Column, change: int) -> Sequence[Any]:
    moved = [i + change if change and not column.key and i % 10 == 0 else i for i in range(_ROWS)]
    match column.type:
        case ColumnType.INTEGER:
            return moved
        case ColumnType.NUMBER:
            return [float(i) for i in moved]
        case ColumnType.DATE:
            return [date(2026, 1, 1) + timedelta(days=i) for i in moved]
        case ColumnType.MOMENT:
            return [MONDAY - timedelta(hours=i) for i in moved]
        case ColumnType.BOOLEAN:
            return [i % 2 == 0 for i in moved]
        case _:
            return [f"{column.name} {i}" for i in moved]


def _judged(contract: Contract) -> bytes:
    """Great Expectations' own result of a delivery of a standard."""
    connection = duckdb.connect()
    connection.register("t", _table(contract))
    compiled = onepass.compile_suite(contract)
    result, _ = onepass.evaluate(compiled, connection, "t", order="_row")
    connection.close()
    found: Mapping[str, Any] = onepass.as_json(compiled, result)
    return json.dumps(found, default=str).encode()


def _commit(granary: Granary, members: Sequence[str], standards: Sequence[Contract], folder: Path) -> int:
    """The rows of the week before and of the week itself, by the real commit path; how many tables were committed."""
    done = 0
    for change, at in enumerate((MONDAY - timedelta(days=6), MONDAY + timedelta(days=1))):
        for place, contract in enumerate(standards):
            path = folder / f"{contract.name}-{change}.parquet"
            pq.write_table(_table(contract, change), path)
            drafts = [Draft(_id(m, place), contract, path, Verdict.PUBLISHED, "ab" * 32, at) for m in members]
            done += len(commit_many(granary.sessions, granary.store, drafts, now=at))
    return done
