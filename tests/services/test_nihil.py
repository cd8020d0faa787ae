"""*Nihil* is said in so many words; an empty file alone says nothing."""

import pytest

from core.table import Place, TextTable, text_table
from services.intake.nihil import stated_in, without_nihil

HEADINGS = ("tanggal", "wilayah", "kejadian")


def table(*rows: tuple[str | None, ...], title: str | None = None) -> TextTable:
    made = text_table("banjir", Place("banjir.csv"), HEADINGS, rows)
    return TextTable(made.name, made.place, made.data, made.row_numbers, title=title)


@pytest.mark.parametrize("row", [("NIHIL", None, None), ("Nihil", "-", ""), ("nihil", "nihil", "nihil")])
def test_a_row_that_only_says_nihil_is_the_statement_and_no_data(row: tuple[str | None, ...]) -> None:
    rest, said = without_nihil(table(row))
    assert said
    assert (len(rest), rest.columns) == (0, HEADINGS)


def test_a_title_above_an_empty_table_may_say_it() -> None:
    assert without_nihil(table(title="Laporan banjir Januari: NIHIL"))[1]
    assert not without_nihil(table(title="Laporan banjir Januari"))[1]


def test_rows_of_data_stay_whatever_one_of_their_cells_says() -> None:
    for rows in ((("2026-01-01", "33.74", "nihil"),), (("nihil", None, None), ("2026-01-01", "33.74", "rob"))):
        rest, said = without_nihil(table(*rows))
        assert (len(rest), said) == (len(rows), False)


def test_a_datasets_metadata_may_say_it() -> None:
    assert stated_in({"Nihil": "Ya"})
    assert not stated_in({"nihil": "tidak", "keterangan": "nihil"})
