"""Unusual values and leaps against the period before, as findings of a week."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from core.messages import text
from quality.beyond import usual
from quality.beyond.finding import Found, Kind, Outcome, Tally, Unmade
from quality.beyond.season import leaps
from quality.beyond.stopping import marked_by, marks_of
from quality.beyond.typos import suspects
from tests.quality.beyond.factories import ArrowRows, settings
from tests.quality.beyond.series import CONTRACTS, PRICE

MONDAY = date(2026, 11, 16)
REGIONS = ("33.71", "33.72", "33.73", "33.74", "33.75")


def prices(weeks: int = 20, leap: Mapping[tuple[str, int], float] | None = None) -> list[dict[str, object]]:
    """Daily prices of five regions up to the week of `MONDAY`; `leap` multiplies a region's week (0 is the newest)."""
    drawn = np.random.default_rng(5)
    rows: list[dict[str, object]] = []
    for week in range(weeks):
        for region in REGIONS:
            level = 12_000 * float(np.exp(drawn.normal(0, 0.01))) * (leap or {}).get((region, week), 1)
            for day in range(7):
                at = MONDAY - timedelta(weeks=week) + timedelta(days=day)
                row = {"region_code": region, "date": at, "market": "Pasar", "commodity_code": "beras_medium"}
                rows.append({**row, "price_level": "konsumen", "price": round(level) + day, "_member": region})
    return rows


def look(rows: Sequence[Mapping[str, object]], contract: str = "commodity_price") -> list[Outcome]:
    return list(usual.check(CONTRACTS[contract], ArrowRows(CONTRACTS[contract], rows), settings()))


def found(rows: Sequence[Mapping[str, object]], kind: Kind) -> list[Found]:
    return [one for one in look(rows) if isinstance(one, Found) and one.kind is kind]


def test_calm_prices_are_measured_and_nothing_is_found() -> None:
    outcomes = look(prices())
    assert [o for o in outcomes if isinstance(o, Found)] == []
    assert outcomes == [Tally(Kind.TYPO, "harga", "d", 0, 20 * 5 * 7)]


def test_a_week_that_leaps_in_one_region_alone_is_told_once_with_both_sides() -> None:
    [one] = found(prices(leap={("33.74", 0): 1.6}), Kind.PREVIOUS)
    assert (one.member, one.dataset, one.as_of) == ("33.74", "d", MONDAY)
    assert one.key["region_code"] == "33.74" and one.key["from"] == "2026-11-16"
    assert one.seen.count == 7 and isinstance(one.values["change"], float) and 55 < one.values["change"] < 65
    said = text(one.message, "id", **one.values)
    assert "persen dari periode sebelumnya" in said and "?" not in said
    assert text(f"{one.message}.do", "id").startswith("Tanyakan")


def test_what_every_region_did_is_the_market() -> None:
    assert found(prices(leap={(region, 0): 1.6 for region in REGIONS}), Kind.PREVIOUS) == []


def test_only_the_newest_period_is_told() -> None:
    assert found(prices(leap={("33.74", 3): 1.6}), Kind.PREVIOUS) == []


def test_with_too_short_a_history_the_comparison_is_not_made() -> None:
    assert [o for o in look(prices(weeks=3)) if isinstance(o, Unmade)] == [
        Unmade(Kind.PREVIOUS, "harga", "finding.unmade.history", {"column": "Harga"})
    ]


def test_a_value_that_only_later_rows_gave_away_is_told_with_what_was_probably_meant() -> None:
    rows = prices()
    rows[350]["price"] = 120_017
    [one] = found(rows, Kind.TYPO)
    assert (one.message, one.seen.rows[0].row, one.values["likely"]) == ("finding.typo.likely", 352, 12_002)
    assert look(rows)[-1] == Tally(Kind.TYPO, "harga", "d", 1, 700)
    rows[350]["price"] = 21_000
    [one] = found(rows, Kind.TYPO)
    assert one.message == "finding.unlikely.likely" and "dapat saja benar" in text(one.message, "id", **one.values)


def test_the_order_of_rows_changes_nothing() -> None:
    rows = prices(leap={("33.74", 0): 1.6})
    rows[350]["price"] = 120_017
    numbered = [row | {"_row": i} for i, row in enumerate(rows)]
    assert look(numbered) == look(numbered[::-1])


@pytest.mark.parametrize("constant", [0.001, 7.0, 1e6])
def test_a_constant_factor_changes_no_leap(constant: float) -> None:
    drawn = np.random.default_rng(3)
    period = np.tile(np.arange(60), 4)
    series = np.repeat(np.arange(4), 60)
    values = np.exp(drawn.normal(0, 0.02, 240)) * 12_000
    values[59] *= 2
    one = leaps(values, series, np.zeros(240, np.int64), period, newest=59)
    other = leaps(values * constant, series, np.zeros(240, np.int64), period, newest=59)
    assert one.series.tolist() == other.series.tolist() == [0]


def test_a_leap_is_judged_by_the_same_season_of_other_years() -> None:
    drawn = np.random.default_rng(4)
    period = np.tile(np.arange(8 * 12), 2)
    series, months = np.repeat(np.arange(2), 8 * 12), period % 12 + 1
    values = np.exp(drawn.normal(0, 0.02, len(period))) * 30_000
    values[(months == 6) & (series == 0)] *= np.exp(drawn.normal(0.9, 0.15, 8))
    kind = series.copy()
    june = int(period[months == 6].max())
    assert leaps(values, series, kind, period, newest=june, months=months).series.tolist() == []
    values[(period == 95) & (series == 0)] *= 1.7  # in a December, when nothing ever leaps
    assert leaps(values, series, kind, period, newest=95, months=months).series.tolist() == [0]
    assert leaps(values, series, kind, period, newest=95).series.tolist() == []  # a year's leaps would hide it


def test_population_is_compared_year_by_year() -> None:
    drawn = np.random.default_rng(6)
    rows: list[dict[str, object]] = []
    for region in range(30):
        people = 900_000 * float(np.exp(drawn.normal(0, 0.3)))
        for year in range(2019, 2026):
            grown = people * 1.01 ** (year - 2019) * (1.5 if (region, year) == (7, 2025) else 1)
            rows.append({"region_code": f"33.{region:02}", "year": year, "sex": "total", "people": round(grown)})
    outcomes = [o for o in look(rows, "population") if isinstance(o, Found)]
    assert [(o.kind, o.key["region_code"], o.as_of) for o in outcomes] == [(Kind.PREVIOUS, "33.07", date(2025, 1, 1))]


def test_every_declared_rule_names_numbers_of_its_standard() -> None:
    declared = {name: c.metadata.checks.typical for name, c in CONTRACTS.items() if c.metadata.checks.typical}
    assert {"commodity_price", "commodity_stock", "population", "development_indicator"} <= set(declared)
    assert PRICE.metadata.checks.typical[0].season == "month"


def test_a_value_that_a_person_said_is_true_is_not_told_until_it_is_another() -> None:
    rows, contract = prices(), CONTRACTS["commodity_price"]
    rows[350]["price"] = 120_017
    marked = pa.Table.from_pylist([{n: rows[350].get(n) for n in marked_by(contract, "price")}])
    marks = frozenset(marks_of(contract, "price", marked, [0]).values())

    def told(said: Mapping[str, frozenset[str]]) -> list[Outcome]:
        known = replace(settings(), confirmed=said)
        return [o for o in usual.check(contract, ArrowRows(contract, rows), known) if not isinstance(o, Unmade)]

    assert told({"s": marks}) == [Tally(Kind.TYPO, "harga", "d", 0, 700)]
    assert len(told({"another source": marks})) == 2
    rows[350]["price"] = 120_018
    assert len(told({"s": marks})) == 2


def test_an_accepted_value_stays_accepted_while_what_is_usual_beside_it_shifts() -> None:
    rows = prices()
    rows[350]["price"] = 21_000
    [before] = found(rows, Kind.TYPO)
    near = [row for row in rows[300:400] if row["region_code"] == rows[350]["region_code"] and row is not rows[350]]
    for row in near:
        row["price"] = 12_300
    [after] = found(rows, Kind.TYPO)
    assert (before.expected != after.expected, before.standing == after.standing) == (True, True)


def test_a_province_among_its_regencies_is_no_slip() -> None:
    row = {"year": 2025, "indicator_code": "miskin", "sex": "total", "unit": "orang", "figure_status": "tetap"}
    rows = [{**row, "region_code": f"33.{i:02}", "value": 90_000.0 + 2_000 * i} for i in range(1, 36)]
    rows.append({**row, "region_code": "33", "value": 3_800_000.0})
    contract = CONTRACTS["development_indicator"]

    def told() -> int:
        table = pa.Table.from_pylist([{c.name: r.get(c.name) for c in contract.columns} for r in rows])
        stopped = suspects(contract, contract.metadata.checks.typical[0], table).gross.sum()
        assert len([one for one in look(rows, contract.name) if isinstance(one, Found)]) == stopped
        return int(stopped)

    assert told() == 0
    rows[3]["value"] = 9_800_000.0
    assert told() == 1


def test_a_small_city_among_large_regencies_has_few_people_and_is_no_slip() -> None:
    row = {"year": 2025, "sex": "total"}
    rows = [{**row, "region_code": f"33.{i:02}", "people": 900_000 + 20_000 * i} for i in range(1, 30)]
    assert not any(
        isinstance(o, Found) for o in look([*rows, {**row, "region_code": "33.71", "people": 128_000}], "population")
    )
