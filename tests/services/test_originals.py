"""What the source wrote stays visible beside what was made of it, also where headers became values."""

import pytest

from services.errors import OriginalUnknown
from services.originals import Original, originals
from tests.services import factories as make
from tests.services.factories import Home

STOCK = """
[[sources.mappings]]
contract = "commodity_stock"
match = {title = "stok"}
columns = {commodity_code = "Komoditas", stock_kg = "Stok (ton)", date = "Tanggal"}
constants = {region_code = "99.71"}
factors = {stock_kg = "1000"}
"""
WIDE = """
[[sources.mappings]]
contract = "commodity_price"
match = {title = "harga"}
columns = {commodity_code = "Komoditas", market = "Pasar"}
constants = {region_code = "99.71", price_level = "konsumen"}
melts = [{value = "price", names = "date", like = "month"}]
"""


def told(home: Home, standard: str, at: int = 0) -> dict[str, Original]:
    row = home.rows(standard)[at]
    made = originals(home.granary, row["_snapshot"], row["_row"])
    key = {name: row[name] for name in ("date", "commodity_code")}
    [found] = [m for m in made if {o.column: o.value for o in m if o.column in key} == key]
    return {one.column: one for one in found}


def test_unit_code_date_and_number_stand_beside_what_the_source_wrote(home: Home) -> None:
    drop = home.drop(STOCK)
    cells = {"Tanggal": ["03/02/2026", "28/02/2026"], "Komoditas": ["Beras"] * 2, "Stok (ton)": ["1.250,5", "12,25"]}
    make.write(drop, "stok.csv", make.csv(cells))
    assert home.harvest().state == "ok"
    found = told(home, "commodity_stock")
    stock, day, code = found["stock_kg"], found["date"], found["commodity_code"]
    assert (stock.value, stock.original, stock.header, stock.factor) == (1_250_500.0, "1.250,5", "Stok (ton)", "1000")
    assert (str(day.value), day.original, day.style) == ("2026-02-03", "03/02/2026", "dmy")  # one row alone is not sure
    assert code.original == "Beras" and code.code == "commodity" and code.converted
    assert found["region_code"].header is None  # the mapping gives it


def test_of_a_melted_row_the_header_is_named_as_well(home: Home) -> None:
    text = "Pasar;Komoditas;Januari 2026;Februari 2026\nPasar Sentral;Beras;12.000;12.500\n"
    make.write(home.drop(WIDE), "harga.csv", text)
    home.harvest()
    row = home.rows("commodity_price")[0]
    assert len(originals(home.granary, row["_snapshot"], row["_row"])) == 2
    found = told(home, "commodity_price", at=1)
    assert (found["price"].value, found["price"].original, found["price"].header) == (12_500, "12.500", "Februari 2026")
    assert found["date"].header == "Februari 2026"


def test_a_row_that_is_not_in_the_file_is_said(home: Home) -> None:
    make.write(home.drop(STOCK), "stok.csv", "Tanggal;Komoditas;Stok (ton)\n2026-01-01;Beras;1\n")
    home.harvest()
    row = home.rows("commodity_stock")[0]
    with pytest.raises(OriginalUnknown):
        originals(home.granary, row["_snapshot"], 99)


def test_lineage_names_how_each_column_was_read(home: Home) -> None:
    make.write(home.drop(WIDE), "harga.csv", "Pasar;Komoditas;Januari 2026\nPasar Sentral;Beras;12.000\n")
    home.harvest()
    kept = home.snapshots[-1].mapping
    assert kept is not None
    assert kept["melts"] == [
        {"value": "price", "columns": [], "names": "date", "like": "month", "pattern": None, "written": {},
         "keep_empty": False}
    ]  # fmt: skip
    assert "styles" in kept
