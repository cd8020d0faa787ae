"""F10: archives within archives are refused."""

import gzip
from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dua.csv.gz.gz", gzip.compress(gzip.compress(b"a,b\n1,2\n"))),
        ("dua.zip", f.zipped({"dalam.zip": f.zipped({"data.csv": "a,b\n1,2\n"})})),
        ("campur.zip", f.zipped({"data.csv.gz": gzip.compress(b"a,b\n1,2\n")})),
    ],
)
def test_F10_an_archive_within_an_archive_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(errors.ArchiveNested):
        f.read_bytes(tmp_path, content, name)


def test_F10_a_workbook_within_a_zip_is_no_nested_archive(tmp_path: Path) -> None:
    book = f.xlsx([["kode", "nilai"], ["33.74", 5]])
    table = f.only(f.read_bytes(tmp_path, f.zipped({"data.xlsx": book}), "data.zip"))
    assert f.rows(table) == [("33.74", "5")]
    assert table.place.member == "data.xlsx"


def test_F10_one_gzip_around_a_csv_is_read(tmp_path: Path) -> None:
    assert f.rows(f.only(f.read_bytes(tmp_path, gzip.compress(b"a,b\n1,2\n"), "data.csv.gz"))) == [("1", "2")]
