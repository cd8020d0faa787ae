"""A filled template travels the whole way with nobody writing a mapping; anything else stays rows of text."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from openpyxl import load_workbook

from core import template as recognising
from core.verdict import Verdict
from quality.standard import column_guide, template
from services import standards
from tests.services import factories as make
from tests.services.factories import CITY, SHIPPED, Home

ROW = ["Kota Muara Padi", date(2026, 10, 13), "Pasar Sentral", "Beras", "Konsumen (eceran)", 12_500, None]


def filled(home: Home, *rows: Sequence[Any], lang: str = "id") -> bytes:
    """The workbook of commodity_price as a steward of the city saves it."""
    granary = home.granary
    contract = granary.contracts["commodity_price"]
    own = granary.registry.member(CITY).regions
    lists = standards.narrowed(contract, granary.references, granary.regions, own)
    stated = column_guide.stated_examples(SHIPPED / "commodity_price.yaml")
    columns = column_guide.guides(contract, lists, stated, lang)
    book = load_workbook(io.BytesIO(template.workbook(contract, columns, lang=lang, member=CITY)))
    for at, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            book["Data"].cell(row=at, column=column, value=value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_filled_workbook_is_published_without_a_mapping_and_only_its_data(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "Laporan Oktober.xlsx", filled(home, ROW, [*ROW[:2], "Pasar Lama", *ROW[3:5], 5_000_000, None]))
    report = home.harvest()
    assert (report.rows_published, report.rows_quarantined) == (1, 1)
    [row] = home.rows("commodity_price")
    assert (row["region_code"], row["date"], row["price"], row["price_level"]) == (
        CITY, date(2026, 10, 13), 12_500, "konsumen",
    )  # fmt: skip
    assert [s.contract for s in home.snapshots] == ["commodity_price"]  # guide and lists are no data
    assert home.returned[0].row == 3


def test_the_next_delivery_follows_the_same_standard_and_nothing_is_taken_in_twice(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.xlsx", filled(home, ROW))
    home.harvest()
    assert home.harvest().due == 0
    make.write(drop, "harga.xlsx", filled(home, ROW, [ROW[0], date(2026, 10, 14), *ROW[2:]]))
    assert home.harvest().snapshots == 1
    make.write(drop, "harga.xlsx", make.prices(3))
    assert dict(home.harvest().holds)["MAPPED_COLUMNS_MISSING"] == 1
    assert len(home.rows("commodity_price")) == 2
    home.sound()


def test_a_held_template_waits_once_and_is_known_again(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.xlsx", filled(home, ["Kabupaten Batu Garam", *ROW[1:]]))
    assert dict(home.harvest().holds)["FOREIGN_REGIONS"] == 1
    assert home.harvest().due == 0
    assert home.resources["harga.xlsx"].last_verdict == Verdict.HELD.value


def test_the_delimited_template_is_known_too_in_either_language(home: Home) -> None:
    contract = home.granary.contracts["commodity_price"]
    drop = home.drop()
    for lang in ("id", "en"):
        head = template.delimited(contract, lang=lang)
        assert head.startswith(b"\xef\xbb\xbf")
        body = f"99.71;2026-10-1{len(lang)};Pasar {lang};Beras;konsumen;9500;\r\n".encode()
        make.write(drop, f"{lang}.csv", head + body)
    assert home.harvest().rows_published == 2


def test_other_columns_are_no_template(home: Home) -> None:
    known = recognising.headers(home.granary.contracts.values())
    contract = home.granary.contracts["commodity_price"]
    titles = [c.title["id"] for c in contract.columns]
    assert recognising.standard_of(known, [t.upper() for t in titles]) == "commodity_price"
    assert recognising.standard_of(known, titles[1:]) is None
    drop = home.drop()
    make.write(drop, "harga.csv", make.prices(3))
    home.harvest()
    assert home.rows("commodity_price") == []


def test_a_member_chooses_among_its_own_regions_and_everybodys_commodities(home: Home) -> None:
    granary = home.granary
    contract = granary.contracts["commodity_price"]
    mine = standards.narrowed(contract, granary.references, granary.regions, frozenset({CITY}))
    assert list(mine["region"].codes) == [CITY]
    assert mine["commodity"].codes == granary.references["commodity"].codes
    everything = standards.narrowed(contract, granary.references, granary.regions, frozenset())
    assert everything["region"] is granary.references["region"]
