"""Rows of text of a dataset whose tables do not agree on how a heading is written, or use our own names."""

import io

import openpyxl

from tests.services import factories as make
from tests.services.factories import Home


def test_headings_of_two_tables_that_differ_only_in_case_are_one_column(home: Home) -> None:
    """As published: a portal's dataset with `tanggal` in one file and `Tanggal` in the next."""
    book = openpyxl.Workbook()
    book.active.append(["kode", "Nama"])
    book.active.append(["1", "Mijen"])
    second = book.create_sheet("Kedua")
    second.append(["Kode", "NAMA", "luas"])
    second.append(["2", "Tugu", "31"])
    body = io.BytesIO()
    book.save(body)
    make.write(home.drop(), "kecamatan.xlsx", body.getvalue())
    assert home.harvest().snapshots == 2
    rows = home.text_rows(home.datasets["kecamatan"].id)
    assert [(r["kode"], r["Nama"], r["luas"]) for r in rows] == [("1", "Mijen", None), ("2", "Tugu", "31")]


def test_a_source_may_have_columns_named_like_ours(home: Home) -> None:
    make.write(home.drop(), "aneh.csv", "_Row;_member;kota\na;b;Pati\nc;d;Kudus\n")
    home.harvest()
    rows = home.text_rows(home.datasets["aneh"].id)
    assert [(r["_Row (sumber)"], r["_member (sumber)"], r["kota"], r["_row"], r["_member"]) for r in rows] == [
        ("a", "b", "Pati", 2, "99.71"),
        ("c", "d", "Kudus", 3, "99.71"),
    ]
