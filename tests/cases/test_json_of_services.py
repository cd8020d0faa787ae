"""JSON as services hand it out: rows twice, ArcGIS attributes, values under years and codes, lists within records."""

import json
from pathlib import Path
from typing import Any

from federation.readers import ReadResult
from tests.federation.readers import factories as f


def _read(folder: Path, value: Any) -> ReadResult:
    return f.read_bytes(folder, json.dumps(value), "a.json")


def test_rows_given_twice_are_one_table_and_names_are_unique(tmp_path: Path) -> None:
    lists, records = [["1", "2019"], ["2", "2020"]], [{"id": 1, "tahun": "2019"}, {"id": 2, "tahun": "2020"}]
    result = _read(tmp_path, {"fields": [{"id": "id"}, {"id": "tahun"}], "rows": lists, "records": records})
    assert len(f.only(result)) == 2 and f.note(result, "reader.json_repeated")
    result = _read(tmp_path, {"rows": records, "records": [{"lain": 1}, {"lain": 2}]})
    assert [table.name for table in result.tables] == ["a", "a#2"]


def test_rows_of_an_arcgis_service_have_the_names_of_their_attributes(tmp_path: Path) -> None:
    features = [
        {"attributes": {"KAB": kab, "LUAS": 1.5}, "geometry": {"x": 110.1, "y": -6.9}} for kab in ("Pati", "Kudus")
    ]
    table = f.only(_read(tmp_path, {"displayFieldName": "", "fields": [{"name": "KAB"}], "features": features}))
    assert (table.name, table.columns) == ("a", ("KAB", "LUAS", "geometry"))
    assert f.rows(table)[0] == ("Pati", "1.5", '{"x":110.1,"y":-6.9}')


def test_values_under_years_or_codes_are_rows(tmp_path: Path) -> None:
    value = {"var": [{"val": 1, "label": "x"}], "datacontent": {"331811190": 1, "331911190": 2.5, "332011190": None}}
    tables = {table.name: table for table in _read(tmp_path, value).tables}
    assert f.rows(tables["a/datacontent"]) == [("331811190", "1"), ("331911190", "2.5"), ("332011190", None)]
    assert "a/meta" not in {t.name for t in _read(tmp_path, {"meta": {"page": 1, "of": 2}, "data": [{"a": 1}]}).tables}


def test_lists_within_records_are_named(tmp_path: Path) -> None:
    table = f.only(_read(tmp_path, [{"kec": "Juwana", "desa": [{"n": "A"}]}, {"kec": "Tayu", "desa": [{"n": "B"}]}]))
    assert f.note(table, "reader.json_lists") == {"columns": "desa"}
