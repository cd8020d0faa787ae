"""One delivery through the gate, and its outcome in short."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from core.contract import Contract
from quality.outcome import CheckOutcome
from quality.worker import Checker
from tests.quality import factories as make

PRICE = make.CONTRACTS["commodity_price"]
STAGE = make.CONTRACTS["river_stage"]
STOCK = make.CONTRACTS["commodity_stock"]


def check(
    checker: Checker,
    folder: Path,
    columns: Mapping[str, Sequence[str | None]],
    contract: Contract | None = PRICE,
    **more: Any,
) -> CheckOutcome:
    return checker.run(make.job(folder, make.source(columns), contract, **more))


def rows(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def why(outcome: CheckOutcome) -> dict[int, list[tuple[str, str]]]:
    """Source row to its (rule, original value) pairs."""
    return {
        row["_row"]: [(r["rule"], r["value"]) for r in row["reasons"]]
        for row in (rows(outcome.quarantined) if outcome.quarantined else [])
    }


def holds(outcome: CheckOutcome) -> list[str]:
    return [hold.code for hold in outcome.holds]
