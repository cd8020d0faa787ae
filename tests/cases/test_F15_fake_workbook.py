"""F15: locked, broken and false workbooks each get their own reason."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F15_a_locked_workbook_says_so(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 400
    with pytest.raises(errors.WorkbookEncrypted):
        f.read_bytes(tmp_path, ole, "kunci.xlsx")


def test_F15_a_zip_that_calls_itself_a_workbook_is_broken(tmp_path: Path) -> None:
    with pytest.raises(errors.WorkbookBroken):
        f.read_bytes(tmp_path, f.zipped({"[Content_Types].xml": "<a/>", "xl/apa.xml": "<a/>"}), "palsu.xlsx")


def test_F15_a_damaged_workbook_is_broken(tmp_path: Path) -> None:
    book = f.xlsx([["kode", "nilai"], ["33.74", 5]])
    with pytest.raises((errors.WorkbookBroken, errors.ArchiveBroken)):
        f.read_bytes(tmp_path, book[: len(book) * 2 // 3], "rusak.xlsx")


def test_F15_rows_of_text_named_xlsx_are_read_as_what_they_are(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, "kode;nilai\n33.74;5\n", "palsu.xlsx")
    assert result.kind == "csv"
    assert f.note(result, "reader.extension_lies") == {"extension": ".xlsx", "kind": "csv"}
