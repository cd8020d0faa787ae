"""Gauges and commodities of the reference lists, by themselves and as what the codes of rows stand for."""

from pathlib import Path

from core.region import Regions
from gateway.context import Listed
from tests.gateway.factories import REGENCY, Province


async def test_a_gauge_tells_its_place_and_its_owners_levels(province: Province) -> None:
    found = await province.data(
        """{ gauges { nodes { code } } gauge(code: "garang_hulu") {
        name river region { code name } unit levelLow levelMid levelHigh severityPolarity } }"""
    )
    assert found["gauges"]["nodes"] == [{"code": "garang_hulu"}]
    gauge = found["gauge"]
    assert gauge["region"] == {"code": REGENCY, "name": "Kabupaten Semarang"}
    assert (gauge["levelLow"], gauge["levelMid"], gauge["levelHigh"]) == (2.0, 2.5, None)


async def test_what_the_list_does_not_have_is_null(province: Province) -> None:
    assert await province.data('{ gauge(code: "lain") { name } commodity(code: "emas") { name } }') == {
        "gauge": None,
        "commodity": None,
    }


async def test_a_row_leads_from_its_code_to_what_it_stands_for(province: Province) -> None:
    found = await province.data(
        """{ commodityPrices(first: 1) { nodes { commodityCode commodity { code name unit aliases } } }
        riverStages(first: 1) { nodes { gauge { name levelLow } region { code } } } }"""
    )
    [price], [stage] = found["commodityPrices"]["nodes"], found["riverStages"]["nodes"]
    assert price["commodity"] == {"code": "cabai_rawit", "name": "Cabai rawit", "unit": "kg", "aliases": ["cabe rawit"]}
    assert stage == {"gauge": {"name": "Garang Hulu", "levelLow": 2.0}, "region": {"code": REGENCY}}


def test_a_line_that_cannot_be_used_keeps_no_other_from_being_served(tmp_path: Path) -> None:
    lines = ["code,name,unit,source", "beras,Beras,kg,contoh", ",Tanpa kode,kg,contoh", "gula,Gula,kg,contoh"]
    (tmp_path / "commodity.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "gauge.csv").write_bytes(b"\xff\xfe\x00")
    found = Listed.load(tmp_path, Regions(()))
    assert (list(found.commodities), found.gauges) == (["beras", "gula"], {})
