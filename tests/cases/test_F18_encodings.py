"""F18: UTF-8 and UTF-16 with and without their marks, Windows-1252, and NUL characters."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f

TEXT = "nama;catatan\nKabupaten Pati;café – “baik”\nKota Tegal;naïf\n"


@pytest.mark.parametrize(
    ("encoding", "mark", "said"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_F18_the_same_rows_come_out_of_every_encoding(tmp_path: Path, encoding: str, mark: bytes, said: str) -> None:
    result = f.read_bytes(tmp_path, mark + TEXT.encode(encoding))
    table = f.only(result)
    assert table.columns == ("nama", "catatan")
    assert f.rows(table) == [("Kabupaten Pati", "café – “baik”"), ("Kota Tegal", "naïf")]
    assert table.dialect["encoding"] == said
    assert ("reader.encoding_guessed" in f.codes(result)) == (encoding == "cp1252")


def test_F18_nul_characters_are_removed_and_counted(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, "nama,nilai\nPa\0ti,1\nKudus,2\0\n" + "Tegal,3\n" * 20)
    assert f.rows(f.only(result))[:2] == [("Pati", "1"), ("Kudus", "2")]
    assert f.note(result, "reader.nul_removed") == {"count": "2"}


def test_F18_json_may_come_in_utf16_too(tmp_path: Path) -> None:
    raw = '[{"nama": "Pati – kota"}]'.encode("utf-16")
    assert f.rows(f.only(f.read_bytes(tmp_path, raw, "data.json"))) == [("Pati – kota",)]


def test_F18_a_file_put_together_from_two_encodings_loses_nothing(tmp_path: Path) -> None:
    content = "nama;n\nCafé;1\nSumur – A;2\n".encode() + "Sumur – B;3\n".encode("cp1252")
    result = f.read_bytes(tmp_path, content)
    assert [row[0] for row in f.rows(f.only(result))] == ["Café", "Sumur – A", "Sumur – B"]
    assert f.note(result, "reader.encoding_mixed")["count"] == "1"
