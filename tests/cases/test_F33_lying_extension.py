"""F33: content decides, the name does not; a page where data was promised is no data (S09, S10, S11)."""

from pathlib import Path

import pytest

from federation.readers import errors, read
from tests.federation.readers import factories as f


def test_F33_json_named_csv_is_json(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, '[{"a": 1}]', "data.csv")
    assert result.kind == "json"
    assert f.note(result, "reader.extension_lies")["extension"] == ".csv"


def test_F33_a_workbook_named_csv_is_a_workbook(tmp_path: Path) -> None:
    assert f.read_bytes(tmp_path, f.xlsx([["a", "b"], [1, 2]]), "data.csv").kind == "xlsx"


@pytest.mark.parametrize(
    "page",
    [
        "<!DOCTYPE html><html><head><title>Login</title></head><body><form></form></body></html>",
        "\n\n  <html><body>502 Bad Gateway</body></html>",
        "<!-- portal --><HTML><BODY>Silakan masuk</BODY></HTML>",
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
        "<script>location='https://wifi.example/login'</script>",
    ],
)
def test_F33_S09_S10_S11_a_page_is_not_data_whatever_its_name_and_type(tmp_path: Path, page: str) -> None:
    path = tmp_path / "landed"
    path.write_text(page)
    with pytest.raises(errors.NotData):
        read(path, "harga.csv", mime="text/csv")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image"),
        (f.zipped({"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"}), "docx"),
        (f.zipped({"[Content_Types].xml": "<a/>", "ppt/presentation.xml": "<a/>"}), "pptx"),
    ],
)
def test_F33_what_no_machine_reads_is_catalogued_and_not_skipped(tmp_path: Path, head: bytes, kind: str) -> None:
    result = f.read_bytes(tmp_path, head, "data.csv")
    assert (result.kind, result.tables, result.machine_readable) == (kind, (), False)
    assert "reader.not_machine_readable" in f.codes(result)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'/>", "kml"),
        (b"\0\0\x27\x0a" + b"\0" * 96, "shapefile"),
        (f.zipped({"batas.shp": b"x", "batas.dbf": b"x"}), "shapefile"),
    ],
)
def test_F33_what_is_not_read_yet_is_kept_and_said(tmp_path: Path, content: bytes, kind: str) -> None:
    result = f.read_bytes(tmp_path, content, "data.bin")
    assert (result.kind, result.tables, result.machine_readable) == (kind, (), True)
    assert "reader.not_supported" in f.codes(result)


def test_F33_bytes_of_no_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.KindUnknown):
        f.read_bytes(tmp_path, bytes(range(256)) * 20, "data.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "wilayah.sql",
            "/*\n  Bismillah, data wilayah, hak cipta\n*/\nINSERT INTO w(kode,nama) VALUES ('33','Jawa Tengah');",
        ),
        ("wilayah.csv", "CREATE TABLE w (kode text, nama text);\nINSERT INTO w VALUES ('33', 'Jawa Tengah');"),
    ],
)
def test_F33_a_database_dump_is_no_table_however_many_commas_it_has(tmp_path: Path, name: str, content: str) -> None:
    result = f.read_bytes(tmp_path, content, name)
    assert (result.kind, result.tables) == ("sql", ())
    assert f.note(result, "reader.not_supported") == {"kind": "sql"}
