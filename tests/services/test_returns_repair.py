"""A steward corrects what was sent back and sends it again: exactly what was repaired is closed, nothing else changes."""

import io
import json

import openpyxl
import pytest

from core.access import Actor, Role
from services.returns.build import Built
from services.returns.errors import ReturnFileUnknown, ReturnRefused, ReturnSettled
from tests.federation.readers.factories import xlsx
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, PRICES, Home, portal
from tests.services.stewards import accept, build, cases, comments, corrected, only, opened, said, states

ROWS = 10


def two_wrong(home: Home) -> None:
    """Ten rows, one price too low and one commodity nobody knows, under titles, as an office writes them."""
    prices, goods = [str(12_000 + i) for i in range(ROWS)], ["Beras"] * ROWS
    prices[1], goods[3] = "99", "Bumbu Dapur"
    text = "DINAS PANGAN;;;\n;;;\n" + make.prices(ROWS, harga=prices, komoditas=goods)
    make.write(home.drop(PRICES), "harga.csv", text.encode("cp1252"))
    assert home.harvest().rows_quarantined == 2


def served(home: Home) -> list[int]:
    return sorted(row["price"] for row in home.rows("commodity_price"))


def test_a_repaired_file_in_the_folder_closes_what_it_repairs_and_leaves_the_other_open(home: Home) -> None:
    two_wrong(home)
    one = only(home)
    assert set(comments(one)) == {"D5", "C7"}
    make.write(home.drop(PRICES), "harga.csv", corrected(one, {"D5": "12001"}))
    report = home.harvest()
    assert (dict(report.verdicts), report.rows_quarantined, dict(report.holds)) == (
        {"published_with_warnings": 1}, 1, {},
    )  # fmt: skip
    assert served(home) == [12_000 + i for i in range(ROWS) if i != 3]
    (case,) = cases(home)
    assert case.open_reasons == {"commodity_code.reference": 1}
    assert case.reasons["price.range"]["closed"] is not None
    assert [count for _, count in case.reasons["price.range"]["history"]] == [1, 0]
    assert states(case) == ["received", "checked", "dikembalikan", "repaired", "checked"]

    again = only(home)  # the second round
    assert set(comments(again)) == {"C7"} and again.case == one.case
    make.write(home.drop(PRICES), "harga.csv", corrected(again, {"C7": "Beras"}))
    assert home.harvest().rows_quarantined == 0
    assert served(home) == [12_000 + i for i in range(ROWS)]
    (case,) = cases(home)
    assert case.open_reasons == {} and case.closed_at is not None
    assert states(case)[-3:] == ["dikembalikan", "repaired", "accepted"]
    assert build(home).built == []


def test_a_repaired_file_sent_to_the_province_counts_as_the_same_resource(home: Home) -> None:
    two_wrong(home)
    done = accept(home, corrected(only(home), {"D5": "12001", "C7": "Beras"}))
    assert done.closed == ("commodity_code.reference", "price.range", "price.typo")
    assert done.open == {} and done.state == "accepted"
    assert len(home.resources) == 1 and len(home.datasets) == 1
    assert served(home) == [12_000 + i for i in range(ROWS)]
    assert home.harvest().due == 0  # the source shows what it showed, and nothing comes back
    assert served(home) == [12_000 + i for i in range(ROWS)]
    home.sound()


def test_bytes_that_were_replaced_do_not_come_back_when_their_source_dates_them_anew(home: Home) -> None:
    two_wrong(home)
    drop = home.drop(PRICES)
    before = (drop / "harga.csv").read_bytes()
    accept(home, corrected(only(home), {"D5": "12001", "C7": "Beras"}))
    make.write(drop, "harga.csv", before)
    home.harvest()
    assert len(served(home)) == ROWS and cases(home, closed=False) == []
    make.write(drop, "harga.csv", make.prices(ROWS, harga=["15000"] * ROWS))  # news counts again
    home.harvest()
    assert set(served(home)) == {15_000}


def test_an_xlsx_with_two_header_rows_is_repaired_in_its_own_layout(home: Home) -> None:
    mapping = """
[[sources.mappings]]
contract = "commodity_stock"
match = {title = "stok"}
columns = {date = "Tanggal", commodity_code = "Komoditas", stock_kg = "Jumlah Stok (ton)"}
constants = {region_code = "99.71"}
factors = {stock_kg = "1000"}
"""
    drop = home.drop(mapping)
    head = [["STOK PANGAN KOTA"], [], ["Tanggal", "Komoditas", "Jumlah", None], [None, None, "Stok (ton)", "Catatan"]]
    rows: list[list[str | int | float | bool | None]] = [[f"2026-10-{i:02}", "Beras", 40 + i, "x"] for i in range(1, 9)]
    rows[2][2] = -7
    merges = ("A3:A4", "B3:B4", "C3:D3", "A1:D1")
    make.write(drop, "stok.xlsx", xlsx([*head, *rows, ["JUMLAH", None, 300, None]], merges=merges))
    assert home.harvest().rows_quarantined == 2
    one = only(home)
    assert "C7" in comments(one) and "baris jumlah" in comments(one)["A13"]
    book = opened(one)
    book.worksheets[1]["C7"].value = 43
    book.worksheets[1].delete_rows(13)
    book.save(one.path)
    make.write(drop, "stok.xlsx", one.path.read_bytes())
    report = home.harvest()
    assert (report.rows_quarantined, dict(report.holds)) == (0, {})
    assert [row["stock_kg"] for row in home.rows("commodity_stock")] == [(40 + i) * 1000 for i in range(1, 9)]
    assert [case.state for case in cases(home)] == ["accepted"]


def test_a_json_is_repaired_as_a_workbook(home: Home) -> None:
    drop = home.drop(PEOPLE)
    people = [{"kecamatan": f"Kecamatan {i}", "jumlah": 100 + i} for i in range(6)]
    people[2]["jumlah"] = "banyak"
    make.write(drop, "penduduk.json", json.dumps({"status": "OK", "data": people}))
    home.harvest()
    done = accept(home, corrected(only(home), {"B4": 102}))
    assert done.state == "accepted"
    assert sorted(row["people"] for row in home.rows("population")) == [100, 101, 102, 103, 104, 105]


def test_a_portal_takes_the_workbook_in_place_of_the_file(home: Home) -> None:
    folder = home.folder.parent / "portal"
    prices = ["12000", "99", "12002", "12003"]
    make.write(folder, "harga.csv", make.prices(4, harga=prices))
    with portal(folder) as served_by:
        home.portal(served_by.url, PRICES)
        home.harvest()
        one = only(home)
        assert served_by.url in said(one)["Kirim ke"]
        make.write(folder, "harga.csv", corrected(one, {"D3": "12001"}))
        home.harvest()
    assert served(home) == [12_000, 12_001, 12_002, 12_003]
    assert [case.state for case in cases(home)] == ["accepted"]


def only_wrong(one: Built, keep: tuple[int, ...]) -> bytes:
    """The workbook in which only some rows are left, as somebody sends who corrected just these."""
    book = opened(one)
    page = book.worksheets[1]
    for row in range(page.max_row, 1, -1):
        if row not in keep:
            page.delete_rows(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_of_an_upsert_standard_the_repaired_rows_alone_are_enough(home: Home) -> None:
    prices = [str(12_000 + i) for i in range(ROWS)]
    prices[1] = prices[8] = "99"
    make.write(home.drop(PRICES), "harga.csv", make.prices(ROWS, harga=prices))
    home.harvest()
    one = only(home)
    repaired = corrected(one, {"D3": "12001", "D10": "12008"})
    one.path.write_bytes(repaired)
    done = accept(home, only_wrong(one, (3, 10)))
    assert done.state == "accepted", done
    assert served(home) == [12_000 + i for i in range(ROWS)]  # the rows between are not taken as deleted
    assert any(w["code"] == "reader.returned_part" for w in home.checks[-1].warnings)


def test_of_a_replace_standard_only_the_whole_table_counts(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(1, 9)).replace(";3\n", ";tiga\n"))
    home.harvest()
    one = only(home)
    one.path.write_bytes(corrected(one, {"B4": "3"}))
    done = accept(home, only_wrong(one, (4,)))
    assert "RETURNED_IN_PART" in done.open and done.state != "accepted"
    assert len(home.rows("population")) == 7
    whole = accept(home, corrected(one, {}))
    assert whole.state == "accepted" and len(home.rows("population")) == 8


def test_S06_a_held_delivery_is_published_when_its_repair_comes(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(4, harga=["1", "2", "3", "12003"]))
    assert dict(home.harvest().holds) == {"TOO_MANY_REJECTED": 1}
    assert served(home) == []
    done = accept(home, corrected(only(home), {"D2": "12000", "D3": "12001", "D4": "12002"}))
    assert done.closed == ("TOO_MANY_REJECTED", "price.range") and done.state == "accepted"
    assert served(home) == [12_000, 12_001, 12_002, 12_003]


def test_a_repair_that_leaves_all_as_it_was_keeps_the_day(home: Home) -> None:
    two_wrong(home)
    one = only(home)
    home.clock.forward(days=3)  # type: ignore[attr-defined]  # the hand clock of these homes
    done = accept(home, corrected(one, {"A1": "DINAS PANGAN DAN PERTANIAN"}))
    assert done.closed == () and done.state == "checked"
    assert only(home).due == one.due


def test_F28_what_looked_like_a_formula_is_the_same_text_after_the_way_there_and_back(home: Home) -> None:
    goods = ["Beras"] * 6
    markets = ["=1+1", "+62", "-5", "@x", "Pasar", "Pasar 2"]
    make.write(
        home.drop(PRICES), "harga.csv", make.prices(6, pasar=markets, komoditas=goods, harga=["1", *["12000"] * 5])
    )
    home.harvest()
    book = opened(only(home))
    book.worksheets[1]["D2"].value = "12000"
    done = accept(home, _bytes(book))
    assert done.state == "accepted"
    assert sorted(row["market"] for row in home.rows("commodity_price")) == sorted(markets)


def _bytes(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    for row in book.worksheets[1].iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.data_type == "f":
                cell.data_type = "s"  # openpyxl itself reads `=1+1` in a text cell as a formula; a spreadsheet does not
    book.save(out)
    return out.getvalue()


def test_a_file_that_names_no_return_another_members_or_a_settled_one_is_refused(home: Home) -> None:
    two_wrong(home)
    one = only(home)
    content = corrected(one, {"D5": "12001", "C7": "Beras"})
    with pytest.raises(ReturnFileUnknown):
        accept(home, xlsx([["a", "b"], [1, 2]]))
    with pytest.raises(ReturnRefused):
        accept(home, content, member="99.01")
    with pytest.raises(ReturnRefused):
        accept(home, content, actor=Actor(id="o", name="Lain", roles=frozenset({Role.STEWARD}), member="99.01"))
    own = Actor(id="u", name="Walidata", roles=frozenset({Role.STEWARD}), member=CITY)
    assert accept(home, content, actor=own).state == "accepted"
    with pytest.raises(ReturnSettled):
        accept(home, content)
