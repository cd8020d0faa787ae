"""Gross typos at the gate: the row is set aside with what was probably meant, and nothing else is."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.verdict import Verdict
from quality.worker import Checker
from tests.quality import factories as make
from tests.quality.gating import PRICE, check, rows, why


def test_a_gross_typo_is_set_aside_with_its_likely_meaning(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(28)
    columns["price"][10] = "920.017"
    outcome = check(checker, tmp_path, columns)
    assert (outcome.verdict, outcome.accepted_rows) == (Verdict.WARNED, 27)
    assert why(outcome) == {12: [("price.typo", "920.017")]}
    [row] = rows(outcome.quarantined)
    assert row["reasons"][0]["column"] == "price"
    assert row["reasons"][0]["message"] == (
        "Isi kolom Harga tertulis 920.017, sedangkan yang biasa di sini sekitar 12.000; mungkin maksudnya 9.200."
    )


def test_beyond_the_bounds_both_reasons_are_told(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(28)
    columns["price"][10] = "99"
    assert why(check(checker, tmp_path, columns)) == {12: [("price.range", "99"), ("price.typo", "99")]}


def test_what_is_merely_unusual_is_published(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(28)
    columns["price"][10] = "23600"
    assert check(checker, tmp_path, columns).quarantined is None


def test_a_single_day_is_judged_by_the_rows_handed_in(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(1)
    columns["date"], columns["price"] = ["2026-01-30"], ["121500"]
    assert check(checker, tmp_path / "alone", columns).quarantined is None
    first = check(checker, tmp_path / "first", make.prices(28))
    assert first.accepted is not None
    history = tmp_path / "earlier.arrow"
    table = pq.read_table(first.accepted).drop_columns(["_row"])
    with pa.OSFile(str(history), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    assert why(check(checker, tmp_path / "next", columns, history=history)) == {2: [("price.typo", "121500")]}


@pytest.mark.parametrize("unit", ["1000", "0.001"])
def test_a_delivery_in_another_unit_is_not_published(checker: Checker, tmp_path: Path, unit: str) -> None:
    first = check(checker, tmp_path / "first", make.prices(28))
    assert first.accepted is not None
    table = pq.read_table(first.accepted).drop_columns(["_row"])
    history = tmp_path / "earlier.arrow"
    with pa.OSFile(str(history), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    columns = make.prices(2)
    columns["date"] = ["2026-01-29", "2026-01-30"]
    columns["price"] = [str(round(12_000 * float(unit)))] * 2
    outcome = check(checker, tmp_path / "next", columns, history=history)
    assert outcome.verdict is Verdict.HELD
    assert PRICE.reject_share < 1 and outcome.quarantined_rows == 2
