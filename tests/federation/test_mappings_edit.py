"""A confirmed mapping is written where a steward would write it, and everything else in the file stays as it was."""

from pathlib import Path

import pytest

from core.mapping import DatasetMapping, Match, Melt
from federation.mappings_edit import drop_mapping, mapping_toml, put_mapping
from federation.member_errors import SourceUnknown
from federation.registry import Registry
from tests.federation.registry_factories import MEMBER, home

WIDE = DatasetMapping(
    "commodity_price",
    Match(id="harga wide.csv", resource=r"^x\.csv$"),
    {"region_code": "Lokasi", "commodity_code": 'Komoditas (nama "resmi")'},
    {"price_level": "konsumen"},
    {"price": "1000"},
    table="Lembar 1",
    date_style="dmy",
    written={"date": "1 {Bulan} {Tahun}"},
    melts=(
        Melt("price", ("Januari 2018", "Desember 2023"), "date", "month"),
        Melt("price", pattern=r"(?P<year>\d{4}) (?P<sex>.+)", written={"date": "{year}-12-31"}),
    ),
    headers=("Lokasi", 'Komoditas (nama "resmi")'),
    units={"price": "Rp/kg"},
)
_START = 'code = "33.22"\nname = "Kab. Semarang"\nkind = "regency"\nregions = ["33.22"]\n'


def test_what_is_written_reads_as_what_was_confirmed_and_comments_stay(tmp_path: Path) -> None:
    folder = home(tmp_path, kota="# milik kota\n" + MEMBER)
    file = folder / "members" / "kota.toml"
    before = file.read_text()
    source = put_mapping(folder, "portal-kota-semarang", WIDE)
    assert source.mappings[-1] == WIDE
    assert len(source.mappings) == 3
    assert mapping_toml(WIDE).strip() in file.read_text()
    assert [line for line in before.splitlines() if line not in file.read_text()] == []
    Registry.load(folder)


def test_confirming_the_same_datasets_again_replaces_what_was_there(tmp_path: Path) -> None:
    folder = home(tmp_path, kota=MEMBER)
    put_mapping(folder, "portal-kota-semarang", WIDE)
    again = DatasetMapping("population", WIDE.match, {"people": "Jumlah"})
    source = put_mapping(folder, "portal-kota-semarang", again)
    assert source.mappings[2:] == (again,)
    assert drop_mapping(folder, "portal-kota-semarang", WIDE.match).mappings == source.mappings[:2]


@pytest.mark.parametrize(
    "sources",
    [
        '\n[[sources]]\nid = "a"\nkind = "folder"\npath = "x"\n\n[[sources]]\nid = "b"\nkind = "folder"\npath = "y"\n',
        'sources = [{id = "a", kind = "folder", path = "x"}]\n',
    ],
)
def test_a_source_without_mappings_gets_its_first_and_loses_its_last(tmp_path: Path, sources: str) -> None:
    folder = home(tmp_path, kab=_START + sources)
    assert put_mapping(folder, "a", WIDE).mappings == (WIDE,)
    assert drop_mapping(folder, "a", WIDE.match).mappings == ()
    assert "mappings" not in (folder / "members" / "kab.toml").read_text()


def test_a_source_that_is_not_there_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    folder = home(tmp_path, kota=MEMBER)
    before = (folder / "members" / "kota.toml").read_text()
    with pytest.raises(SourceUnknown):
        put_mapping(folder, "tidak-ada", WIDE)
    assert (folder / "members" / "kota.toml").read_text() == before


def test_a_mapping_of_one_dataset_by_id_stands_before_those_of_many(tmp_path: Path) -> None:
    folder = home(tmp_path, kota=MEMBER)
    put_mapping(folder, "portal-kota-semarang", DatasetMapping("population", Match(id="h1"), {"people": "x"}))
    source = Registry.load(folder).source("portal-kota-semarang")
    found = Registry.mapping_for(source, ["h1"], "Harga Pangan", ["harga"], "h.csv")
    assert found is not None and found.contract == "population"
    other = Registry.mapping_for(source, ["h2"], "Harga Pangan", ["harga"], "h.csv")
    assert other is not None and other.contract == "commodity_price"
