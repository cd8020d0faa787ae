"""JSON in the envelopes that portals and offices use, and GeoJSON."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f

ROWS = [("33.19", "Kudus"), ("33.18", "Pati")]
RECORDS = '[{"kode": "33.19", "nama": "Kudus"}, {"kode": "33.18", "nama": "Pati"}]'


@pytest.mark.parametrize(
    "text",
    [
        RECORDS,
        f'{{"data": {RECORDS}}}',
        f'{{"success": true, "result": {{"total": 2, "records": {RECORDS}}}}}',
        '{"fields": [{"id": "kode", "type": "text"}, {"id": "nama"}], "records": [["33.19", "Kudus"], ["33.18", "Pati"]]}',
        '{"columns": ["kode", "nama"], "data": [["33.19", "Kudus"], ["33.18", "Pati"]]}',
        '{"kode": ["33.19", "33.18"], "nama": ["Kudus", "Pati"]}',
        '[["kode", "nama"], ["33.19", "Kudus"], ["33.18", "Pati"]]',
        f"\ufeff{RECORDS}",
    ],
)
def test_the_same_table_comes_out_of_every_envelope(tmp_path: Path, text: str) -> None:
    table = f.only(f.read_bytes(tmp_path, text, "data.json"))
    assert table.columns == ("kode", "nama")
    assert f.rows(table) == ROWS


def test_records_with_different_keys_share_one_set_of_columns(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, '[{"a": 1}, {"b": true, "a": null}, {"c": [1, "x"]}]', "data.json"))
    assert table.columns == ("a", "b", "c")
    assert f.rows(table) == [("1", None, None), (None, "true", None), (None, None, '[1,"x"]')]


def test_nested_records_are_flattened_with_a_slash(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, '[{"nama": "A", "lokasi": {"lat": -7.0, "lon": 110.40}}]', "data.json"))
    assert table.columns == ("nama", "lokasi/lat", "lokasi/lon")
    assert f.rows(table) == [("A", "-7.0", "110.40")]


def test_rows_under_their_dates_become_a_table_for_each_commodity(tmp_path: Path) -> None:
    text = '{"komoditas": {"Beras": {"columns": ["A", "B"], "prices": {"2024-01-01": [1, 2], "2024-01-02": [3, 4]}}}}'
    table = f.only(f.read_bytes(tmp_path, text, "harga.json"))
    assert table.name == "harga/komoditas/Beras/prices"
    assert table.columns == ("kunci", "A", "B")
    assert f.rows(table) == [("2024-01-01", "1", "2"), ("2024-01-02", "3", "4")]


def test_an_empty_list_has_no_table_and_says_so(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, '{"data": []}', "kosong.json")
    assert (result.tables, f.codes(result)) == ((), {"reader.json_no_table"})


def test_geojson_gives_properties_kind_place_and_geometry(tmp_path: Path) -> None:
    text = (
        '{"type": "FeatureCollection", "features": ['
        '{"type": "Feature", "id": 1, "properties": {"nama": "Pos A", "siaga": {"1": 2.5}}, '
        '"geometry": {"type": "Point", "coordinates": [110.40, -7.0]}},'
        '{"type": "Feature", "properties": {"nama": "Garis"}, '
        '"geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4.50]]}}]}'
    )
    result = f.read_bytes(tmp_path, text, "pos.geojson")
    table = f.only(result)
    assert result.kind == "geojson"
    assert table.columns == ("id", "nama", "siaga/1", "geometry_type", "lon", "lat", "geometry")
    point = '{"type":"Point","coordinates":[110.40,-7.0]}'
    line = '{"type":"LineString","coordinates":[[1,2],[3,4.50]]}'
    assert f.rows(table) == [
        ("1", "Pos A", "2.5", "Point", "110.40", "-7.0", point),
        (None, "Garis", None, "LineString", None, None, line),
    ]
