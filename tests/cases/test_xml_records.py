"""XML files: what is repeated is a record, attributes and children are columns, everything stays text."""

from pathlib import Path

import pytest

from federation.readers import ReadLimits, errors
from tests.federation.readers import factories as f

#: The shape of BMKG's list of recent earthquakes (data.bmkg.go.id/DataMKG/TEWS/gempaterkini.xml), invented values.
QUAKES = """<?xml version="1.0" encoding="UTF-8"?>
<Infogempa>
  <gempa><Tanggal>20 Nov 2026</Tanggal><Jam>21:23:22 WIB</Jam><point><coordinates>-8.81,110.36</coordinates></point>
    <Magnitude>5.0</Magnitude><Kedalaman>10 km</Kedalaman><Potensi>Tidak berpotensi tsunami</Potensi></gempa>
  <gempa><Tanggal>19 Nov 2026</Tanggal><Jam>07:01:00 WIB</Jam><point><coordinates>2.10,126.40</coordinates></point>
    <Magnitude>5.20</Magnitude><Kedalaman>35 km</Kedalaman><Potensi/></gempa>
</Infogempa>
"""
#: The shape of BMKG's newest earthquake (data.bmkg.go.id/DataMKG/TEWS/autogempa.xml): one record, not repeated.
NEWEST = (
    "<Infogempa><gempa><Tanggal>20 Nov 2026</Tanggal><point><coordinates>-8.81,110.36</coordinates></point>"
    "<Magnitude>5.0</Magnitude></gempa></Infogempa>"
)
#: The shape of BMKG's digital forecast by province (DataMKG/MEWS/DigitalForecast), cut to two areas, invented values.
FORECAST = """<data source="meteofactory" productioncenter="NC Jakarta"><forecast domain="local">
<issue><timestamp>20261122000000</timestamp></issue>
<area id="501262" latitude="-6.97" description="Semarang">
  <name xml:lang="en_US">Semarang City</name><name xml:lang="id_ID">Kota Semarang</name>
  <parameter id="hu" description="Humidity"><timerange h="0"><value unit="%">85</value></timerange>
    <timerange h="6"><value unit="%">60</value></timerange></parameter>
  <parameter id="t" description="Temperature"><timerange h="0"><value unit="C">27</value></timerange></parameter>
</area>
<area id="501263" latitude="-6.75" description="Pati">
  <name xml:lang="en_US">Pati</name><name xml:lang="id_ID">Pati</name>
  <parameter id="hu" description="Humidity"><timerange h="0"><value unit="%">80</value></timerange></parameter>
</area></forecast></data>
"""
#: The shape of CKAN's datastore dump as XML (docs.ckan.org, datastore: `/datastore/dump/{id}?format=xml`).
DUMP = """<data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<row _id="1"><kode>33.10</kode><harga>012500</harga><tanggal>2026-11-01T00:00:00</tanggal></row>
<row _id="2"><kode>33.22</kode><harga xsi:nil="true"/><tanggal>2026-11-02T00:00:00</tanggal></row>
</data>
"""


def test_a_repeated_element_is_a_record_and_nested_ones_are_dotted_columns(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, QUAKES, "gempaterkini.xml"))
    assert table.name == "gempaterkini/gempa"
    assert table.columns == ("Tanggal", "Jam", "point.coordinates", "Magnitude", "Kedalaman", "Potensi")
    assert f.rows(table)[1] == ("19 Nov 2026", "07:01:00 WIB", "2.10,126.40", "5.20", "35 km", None)


def test_a_document_without_repetition_is_one_record(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, NEWEST, "autogempa.xml"))
    assert table.columns == ("Tanggal", "point.coordinates", "Magnitude")
    assert f.rows(table) == [("20 Nov 2026", "-8.81,110.36", "5.0")]


def test_records_within_records_are_tables_that_say_where_they_belong(tmp_path: Path) -> None:
    found = {t.name.rpartition("/")[2]: t for t in f.read_bytes(tmp_path, FORECAST, "cuaca.xml").tables}
    assert list(found) == ["area", "name", "parameter", "timerange"]
    assert f.rows(found["area"]) == [("501262", "-6.97", "Semarang"), ("501263", "-6.75", "Pati")]
    assert found["name"].columns[-2:] == ("lang", "name")
    assert [row[-1] for row in f.rows(found["name"])] == ["Semarang City", "Kota Semarang", "Pati", "Pati"]
    hours = found["timerange"]
    assert hours.columns == (
        "area.id", "area.latitude", "area.description", "parameter.id", "parameter.description",
        "h", "value", "value.unit",
    )  # fmt: skip
    assert [(r[0], r[3], r[5], r[6]) for r in f.rows(hours)] == [
        ("501262", "hu", "0", "85"), ("501262", "hu", "6", "60"), ("501262", "t", "0", "27"), ("501263", "hu", "0", "80"),
    ]  # fmt: skip


def test_F29_codes_and_zeros_stay_text_and_an_empty_element_is_an_empty_cell(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, DUMP, "dump.xml"))
    assert table.columns == ("_id", "kode", "harga", "tanggal", "harga.nil")
    assert f.rows(table)[0] == ("1", "33.10", "012500", "2026-11-01T00:00:00", None)
    assert f.rows(table)[1][2] is None


def test_texts_repeated_within_a_record_are_joined_and_said(tmp_path: Path) -> None:
    text = "<d><i><t>beras</t><t>cabai</t></i><i><t>gula</t></i></d>"
    table = f.only(f.read_bytes(tmp_path, text, "a.xml"))
    assert f.rows(table) == [("beras; cabai",), ("gula",)]
    assert f.note(table, "reader.xml_lists") == {"columns": "t"}


def test_an_attribute_and_a_child_of_one_name_stay_apart(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, '<d><i id="1"><id>a</id></i><i id="2"><id>b</id></i></d>', "a.xml"))
    assert (table.columns, f.rows(table)) == (("@id", "id"), [("1", "a"), ("2", "b")])


def test_namespaces_are_left_out_of_names(tmp_path: Path) -> None:
    text = '<w:c xmlns:w="urn:w"><w:m w:k="1"><w:n>Pos</w:n></w:m><w:m w:k="2"><w:n>Hulu</w:n></w:m></w:c>'
    table = f.only(f.read_bytes(tmp_path, text, "a.xml"))
    assert (table.columns, f.rows(table)) == (("k", "n"), [("1", "Pos"), ("2", "Hulu")])


def test_two_kinds_of_records_are_two_tables(tmp_path: Path) -> None:
    text = "<d><a><x>1</x></a><a><x>2</x></a><b><y>3</y></b><b><y>4</y></b></d>"
    tables = f.read_bytes(tmp_path, text, "dua.xml").tables
    assert [(t.name, f.rows(t)) for t in tables] == [("dua/a", [("1",), ("2",)]), ("dua/b", [("3",), ("4",)])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "iso-8859-1"])
def test_F18_the_declared_encoding_is_the_one_that_is_read(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><d><i><n>Pasar Mélati</n></i><i><n>é</n></i></d>'
    assert f.rows(f.only(f.read_bytes(tmp_path, text.encode(encoding), "a.xml"))) == [("Pasar Mélati",), ("é",)]


def test_F34_a_file_that_was_cut_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(errors.XmlBroken) as caught:
        f.read_bytes(tmp_path, QUAKES[: len(QUAKES) // 2], "putus.xml")
    assert caught.value.place.row is not None and caught.value.place.row > 1


def test_an_unknown_encoding_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(errors.XmlBroken):
        f.read_bytes(tmp_path, '<?xml version="1.0" encoding="klingon"?><d><i/></d>', "a.xml")


def test_what_holds_nothing_says_so(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, "<data><row/></data>", "kosong.xml")
    assert result.tables == () and "reader.xml_no_table" in f.codes(result)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        (ReadLimits(max_rows=1), errors.TooManyRows),
        (ReadLimits(max_columns=3), errors.TooManyColumns),
        (ReadLimits(field_max_bytes=5), errors.FieldTooLarge),
        (ReadLimits(xml_max_bytes=100), errors.TooLarge),
    ],
)
def test_limits_are_kept(tmp_path: Path, limits: ReadLimits, error: type[errors.Unreadable]) -> None:
    with pytest.raises(error):
        f.read_bytes(tmp_path, QUAKES, "a.xml", limits)
