"""Price series for tests of what is usual: calm, leaping, with whatever is planted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.contracts import load_contracts
from quality.beyond.typos import Suspects, suspects

CONTRACTS = load_contracts(Path(__file__).parents[3] / "quality" / "contracts")
PRICE = CONTRACTS["commodity_price"]
RULE = PRICE.metadata.checks.typical[0]
START = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class One:
    """One value of a market, `day` counted from `START`."""

    market: str
    day: int
    price: float
    commodity: str = "beras_medium"
    region: str = "33.74"


def calm(market: str, days: Iterable[int], level: float = 12_000, seed: int = 1, **more: str) -> list[One]:
    """A series that wanders by about one percent a day around its level."""
    drawn = np.random.default_rng(seed)
    return [One(market, day, round(level * float(np.exp(drawn.normal(0, 0.01)))), **more) for day in days]


def table(values: Sequence[One]) -> pa.Table:
    """Typed rows of the price standard."""
    return pa.table({
        "region_code": pa.array([v.region for v in values], pa.string()),
        "date": pa.array([START + timedelta(days=v.day) for v in values], pa.date32()),
        "market": pa.array([v.market for v in values], pa.string()),
        "commodity_code": pa.array([v.commodity for v in values], pa.string()),
        "price_level": pa.array(["konsumen"] * len(values), pa.string()),
        "unit": pa.array([None] * len(values), pa.string()),
        "price": pa.array([v.price for v in values], pa.float64()),
    })  # fmt: skip


def planted(values: Sequence[One], at: Mapping[int, float]) -> list[One]:
    """The values with those at some places multiplied."""
    return [One(v.market, v.day, v.price * at.get(i, 1), v.commodity, v.region) for i, v in enumerate(values)]


def judged(values: Sequence[One], history: Sequence[One] | None = None) -> Suspects:
    """What stands out among some values."""
    return suspects(PRICE, RULE, table(values), table(history) if history else None)


def gross(values: Sequence[One], history: Sequence[One] | None = None) -> list[int]:
    """The places of the gross typos."""
    found = judged(values, history)
    return sorted(found.at[found.gross].tolist())


def shown(values: Sequence[One]) -> list[int]:
    """The places of everything that a person would be shown."""
    return sorted(judged(values).at.tolist())
