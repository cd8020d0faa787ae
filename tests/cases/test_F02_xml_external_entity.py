"""F02: an entity that names a file of ours is refused; the file is never opened."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F02_an_external_entity_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("rahasia")
    declared = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}">]>'
    book = f.raw_xlsx(f.worksheet(f'<row r="1">{f.inline("A1", "&s;")}</row>', declared))
    with pytest.raises(errors.MarkupRefused) as caught:
        f.read_bytes(tmp_path, book, "xxe.xlsx")
    assert "rahasia" not in str(caught.value)


def test_F02_an_ods_is_looked_through_as_well(tmp_path: Path) -> None:
    assert f.read_bytes(tmp_path, f.ods(""), "kosong.ods").tables == ()
    text = "<!DOCTYPE x [<!ENTITY s SYSTEM 'file:///etc/passwd'>]><office:document-content/>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with pytest.raises(errors.MarkupRefused):
        f.read_bytes(tmp_path, f.zipped({"mimetype": kind, "content.xml": text}), "xxe.ods")


def test_F02_an_external_entity_in_an_xml_file_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("rahasia")
    declared = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}">]>'
    with pytest.raises(errors.MarkupRefused) as caught:
        f.read_bytes(tmp_path, f"<?xml version='1.0'?>{declared}<x><a>&s;</a><a>&s;</a></x>", "xxe.xml")
    assert "rahasia" not in str(caught.value)
