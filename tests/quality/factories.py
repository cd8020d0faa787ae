"""Deliveries for tests: contracts written small, text tables as a reader gives them, jobs with sensible defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.contract import Column, ColumnType, Contract, Mode, Rule, Severity, Volume
from core.contracts import load_contracts
from core.mapping import DatasetMapping, Match
from core.reference import CodeList, code_list
from quality.worker import CheckJob

NOW = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)
CONTRACTS = load_contracts(Path(__file__).parents[2] / "quality" / "contracts")

REGIONS = code_list(
    "region",
    [
        ("33", "Jawa Tengah", []),
        ("33.22", "Kabupaten Semarang", ["Kab. Semarang", "Semarang", "3322"]),
        ("33.74", "Kota Semarang", ["Semarang", "3374"]),
        ("33.10", "Kabupaten Klaten", ["Klaten"]),
        ("34.71", "Kota Yogyakarta", ["Yogyakarta"]),
    ],
)
COMMODITIES = code_list(
    "commodity",
    [("beras_medium", "Beras Medium", []), ("cabai_rawit", "Cabai Rawit Merah", ["Cabe rawit"])],
)
GAUGES = code_list("gauge", [("PA-SIMONGAN", "Bendung Simongan", ["Simongan"])])
REFERENCES: Mapping[str, CodeList] = {"region": REGIONS, "commodity": COMMODITIES, "gauge": GAUGES}


def source(columns: Mapping[str, Sequence[str | None]], first_row: int = 2) -> pa.Table:
    """A text table with `_row`, as intake hands it over."""
    rows = len(next(iter(columns.values()), ()))
    data = {name: pa.array(list(cells), pa.string()) for name, cells in columns.items()}
    return pa.table({**data, "_row": pa.array(range(first_row, first_row + rows), pa.int64())})


def mapping(contract: str, columns: Mapping[str, str] | None = None, **more: Any) -> DatasetMapping:
    return DatasetMapping(contract=contract, match=Match(id="x"), columns=columns or {}, **more)


def job(folder: Path, table: pa.Table, contract: Contract | None, **more: Any) -> CheckJob:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "table.arrow"
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    defaults: dict[str, Any] = {
        "mapping": None,
        "references": REFERENCES,
        "regions": frozenset({"33"}),
        "out": folder / "out",
        "zone": "WIB",
        "previous_rows": None,
        "previous_columns": None,
        "decided": {},
        "nihil": False,
        "now": NOW,
    }
    return CheckJob(table=path, contract=contract, **{**defaults, **more})


def column(name: str, type: ColumnType = ColumnType.TEXT, **more: Any) -> Column:
    return Column(name, type, {"id": name.title(), "en": name.title()}, {}, **more)


def contract(columns: Sequence[Column], rules: Sequence[Rule] = (), **more: Any) -> Contract:
    defaults: dict[str, Any] = {"mode": Mode.UPSERT, "owner": "catalog", "volume": Volume()}
    names = {"id": "Uji", "en": "Trial"}
    return Contract(
        name="trial", version="1.0.0", title=names, description=names, columns=tuple(columns), rules=tuple(rules),
        **{**defaults, **more},
    )  # fmt: skip


def rule(id: str, type: str, severity: Severity = Severity.ROW, **kwargs: Any) -> Rule:
    return Rule(id, type, kwargs, severity, "validity", "quality.rule." + type.removeprefix("expect_"))


def prices(rows: int = 10, **changed: Sequence[str | None]) -> dict[str, list[str | None]]:
    """A clean price delivery in the standard's own columns; `changed` replaces whole columns."""
    table: dict[str, list[str | None]] = {
        "region_code": ["33.74"] * rows,
        "date": [f"2026-01-{i % 28 + 1:02}" for i in range(rows)],
        "market": [f"Pasar {i // 28}" for i in range(rows)],
        "commodity_code": ["beras_medium"] * rows,
        "price_level": ["konsumen"] * rows,
        "price": [str(12000 + i) for i in range(rows)],
    }
    return table | {name: list(cells) for name, cells in changed.items()}


def with_volume(of: Contract, volume: Volume, **more: Any) -> Contract:
    return replace(of, volume=volume, **more)
