"""Gross typos in food prices: all of those in the published files, nearly no true value, and planted ones by kind.

"Flagged" is whatever a person would be shown: rows that the gate returns, values that the weekly look calls unlikely,
and rows of a newest period that leapt. The files are judged alone, as first deliveries are; `online` hands in one
value after the other with what was accepted before it, as daily deliveries come.
"""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks import _prices, _typos_truth
from benchmarks._bar import Bar
from core.contracts import load_contracts
from quality.beyond.levels import codes
from quality.beyond.season import leaps
from quality.beyond.typos import Suspects, series_columns, suspects

PRICE = load_contracts(Path(__file__).resolve().parents[1] / "quality" / "contracts")["commodity_price"]
RULE = PRICE.metadata.checks.typical[0]
SEED, PER_FILE = 20_261_122, 200
_GROSS = 4.0
_ROWS = 1_000_000


def _places(truth: Mapping[_typos_truth.Series, Mapping[str, int]], prices: Sequence[_prices.Price]) -> set[int]:
    wanted = {(*series, date.fromisoformat(day), float(v)) for series, days in truth.items() for day, v in days.items()}
    return {i for i, price in enumerate(prices) if price in wanted}


def _leapt(table: pa.Table, judged: Suspects) -> set[int]:
    """The rows of the newest period that a person would be shown with a leap."""
    days = np.asarray(table["date"].combine_chunks().cast(pa.int32())).astype(np.int64)
    period = (days + 3) // 7
    if float(np.median(np.diff(np.unique(days)))) > 7:
        period = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months = (period * 7 - 3).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    values = table["price"].to_numpy().copy()
    values[judged.at] = np.nan
    series, newest = codes(table, series_columns(PRICE, RULE)), int(period.max())
    found = leaps(values, series, codes(table, RULE.by), period, newest=newest, months=months)
    return set(np.flatnonzero((period == newest) & np.isin(series, found.series)).tolist())


def _real(files: Mapping[str, list[_prices.Price]]) -> dict[str, Bar]:
    caught = rice = rice_all = gross_all = flagged = true = 0
    by_file: dict[str, Any] = {}
    missed: list[str] = []
    for name, prices in files.items():
        table = _prices.table(prices)
        judged = suspects(PRICE, RULE, table)
        shown = set(judged.at.tolist()) | _leapt(table, judged)
        stopped = set(judged.at[judged.gross].tolist())
        gross, doubtful = _places(_typos_truth.GROSS, prices), _places(_typos_truth.DOUBTFUL, prices)
        wrong = sorted(shown - gross - doubtful)
        missed += [" ".join(map(str, prices[i])) for i in sorted(gross - stopped)]
        of_rice = {i for i in gross if prices[i][0] == "Beras"}
        rice_all, rice = rice_all + len(of_rice), rice + len(of_rice & stopped)
        gross_all, caught = gross_all + len(gross), caught + len(gross & stopped)
        flagged, true = flagged + len(wrong), true + len(prices) - len(gross) - len(doubtful)
        by_file[name] = {
            "values": len(prices), "typos": len(gross), "stopped": len(stopped), "shown": len(shown),
            "true_stopped": len(stopped - gross - doubtful), "true_shown": len(wrong),
        }  # fmt: skip
    named = sum(len(days) for days in _typos_truth.GROSS.values())
    share = flagged / true
    facts = {"of": rice_all, "missed": missed}
    return {
        "rice_caught": Bar(round(rice / rice_all, 4), "= 1.0", rice == rice_all, facts),
        "gross_caught": Bar(
            round(caught / named, 4), "= 1.0", caught == gross_all == named, {"of": named, "found": gross_all}
        ),
        "true_flagged": Bar(
            round(share, 6), "<= 0.005", share <= 0.005, {"flagged": flagged, "true": true, "files": by_file}
        ),
    }


def _swapped(digits: str, drawn: np.random.Generator) -> str:
    i = int(drawn.integers(0, max(len(digits) - 1, 1)))
    return digits[:i] + digits[i : i + 2][::-1] + digits[i + 2 :]


def _without(digits: str, drawn: np.random.Generator) -> str:
    i = int(drawn.integers(0, len(digits)))
    return digits[:i] + digits[i + 1 :]


def _doubled(digits: str, drawn: np.random.Generator) -> str:
    i = int(drawn.integers(0, len(digits)))
    return digits[: i + 1] + digits[i:]


def _other(digits: str, drawn: np.random.Generator) -> str:
    i = int(drawn.integers(0, len(digits)))
    return digits[:i] + str(int(drawn.integers(1, 10))) + digits[i + 1 :]


_DIGITS: Mapping[str, Callable[[str, np.random.Generator], str]] = {
    "digit_dropped": _without, "digit_doubled": _doubled, "digits_swapped": _swapped, "digit_replaced": _other,
}  # fmt: skip
_FACTORS = {"x10": 10.0, "x100": 100.0, "x1000": 1000.0, "/10": 0.1, "/100": 0.01, "/1000": 0.001}


def _mistyped(kind: str, value: float, drawn: np.random.Generator) -> float:
    if kind in _FACTORS:
        return value * _FACTORS[kind]
    return float(_DIGITS[kind](str(round(value)), drawn) or 0)


def _planted(files: Mapping[str, list[_prices.Price]]) -> dict[str, Bar]:
    """True values mistyped at a fixed seed, one kind a time, each far from the next: which are stopped or shown."""
    bars: dict[str, Bar] = {}
    told = [
        (prices, _prices.table(prices), sorted(set(range(len(prices))) - _places(_typos_truth.GROSS, prices)))
        for prices in files.values()
    ]
    price = told[0][1].column_names.index("price")
    for kind in (*_FACTORS, *_DIGITS):
        drawn = np.random.default_rng(SEED)
        gross = stopped = lesser = shown = 0
        for prices, table, good in told:
            at = drawn.choice(good, PER_FILE, replace=False).tolist()
            values = np.array([p[3] for p in prices])
            written = {i: _mistyped(kind, values[i], drawn) for i in at}
            written = {i: v for i, v in written.items() if v > 0 and v != values[i]}
            wrong = values.copy()
            wrong[list(written)] = list(written.values())
            judged = suspects(PRICE, RULE, table.set_column(price, "price", pa.array(wrong)))
            away = {i: max(v / values[i], values[i] / v) for i, v in written.items()}
            large = {i for i, off in away.items() if off >= _GROSS * 1.25}  # the days around may lie nearer
            gross, stopped = gross + len(large), stopped + len(large & set(judged.at[judged.gross].tolist()))
            small = {i for i, off in away.items() if i not in large and off >= 1.6}
            lesser, shown = lesser + len(small), shown + len(small & set(judged.at.tolist()))
        share = stopped / gross if gross else None
        facts = {"of": gross, "lesser": lesser, "lesser_shown": shown}
        target, ok = (">= 0.98", share is not None and share >= 0.98) if kind in _FACTORS else ("told", None)
        bars[f"planted_{kind}"] = Bar(None if share is None else round(share, 4), target, ok, facts)
    return bars


def _online(files: Mapping[str, list[_prices.Price]]) -> Bar:
    """Each series' last value is new, first true, then every tenth ten times too much; the rest is history."""
    caught = wrong = of = 0
    for prices in files.values():
        last: dict[tuple[str, str], int] = {}
        for i, price in enumerate(prices):
            known = last.get(price[:2])
            if known is None or prices[known][2] < price[2]:
                last[price[:2]] = i
        truth = _places(_typos_truth.GROSS, prices)
        new = [i for i in last.values() if i not in truth]
        history = _prices.table([p for i, p in enumerate(prices) if i not in set(last.values())])
        true = suspects(PRICE, RULE, _prices.table(prices[i] for i in new), history)
        wrong += int(true.gross.sum())
        tenth = range(0, len(new), 10)
        fresh = [(*prices[i][:3], prices[i][3] * (10 if at in tenth else 1)) for at, i in enumerate(new)]
        judged = suspects(PRICE, RULE, _prices.table(fresh), history)
        caught, of = caught + len(set(judged.at[judged.gross].tolist()) & set(tenth)), of + len(tenth)
    return Bar(round(caught / of, 4), ">= 0.98", caught >= 0.98 * of and wrong <= 0.005 * of, {"of": of, "true": wrong})


def _many() -> pa.Table:
    """A thousand series of a thousand days, made as columns so that making them takes little memory."""
    drawn, days = np.random.default_rng(SEED), np.arange(1000, dtype=np.int32) + 19_000
    of = _ROWS // len(days)
    names = pa.array([f"m{i}" for i in range(of)]), pa.array([f"c{i}" for i in range(20)])
    walk = np.exp(np.cumsum(drawn.normal(0, 0.01, (of, len(days))), axis=1)) * 20_000
    series = np.repeat(np.arange(of), len(days))
    return pa.table({
        "region_code": pa.repeat("35", _ROWS), "date": pa.array(np.tile(days, of), pa.int32()).cast(pa.date32()),
        "market": names[0].take(pa.array(series)), "commodity_code": names[1].take(pa.array(series % 20)),
        "price_level": pa.repeat("konsumen", _ROWS), "unit": pa.nulls(_ROWS, pa.string()),
        "price": pa.array(walk.ravel()),
    })  # fmt: skip


def _cost() -> Bar:
    table = _many()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = suspects(PRICE, RULE, table)
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    facts = {"rows": _ROWS, "found": len(found.at), "grown_mb": grown}
    return Bar(round(seconds, 2), "<= 5 s of CPU, 500 MB", seconds <= 5 and grown <= 500, facts)


def run(*, full: bool = False) -> dict[str, Bar]:
    """The bars of this module."""
    del full
    if not _prices.FOLDER.is_dir():
        gone = {"why": f"{_prices.FOLDER} is not there"}
        return {name: Bar(None, "-", None, gone) for name in ("rice_caught", "true_flagged")} | {"cost": _cost()}
    cost = _cost()  # first, while the process has not been larger yet
    files = _prices.files()
    return {**_real(files), **_planted(files), "newest_x10": _online(files), "cost": cost}
