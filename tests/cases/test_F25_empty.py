"""F25: an empty file is an error of its own, whatever it calls itself."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


@pytest.mark.parametrize("name", ["data.csv", "data.json", "data.xlsx", "data.zip"])
def test_F25_nothing_in_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.FileEmpty) as caught:
        f.read_bytes(tmp_path, b"", name)
    assert caught.value.place.file == name


@pytest.mark.parametrize("content", [b"\n\n\n", b"   \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_F25_only_blanks_in_it(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(errors.FileEmpty):
        f.read_bytes(tmp_path, content)


def test_F25_an_empty_workbook_has_no_tables_and_says_so(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, f.xlsx([]), "kosong.xlsx")
    assert (result.tables, f.codes(result)) == ((), {"reader.workbook_empty"})
