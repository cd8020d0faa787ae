"""F01: entities that grow one line into gigabytes are refused inside a workbook, and never expanded."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f

BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


def test_F01_an_entity_bomb_in_a_worksheet_is_refused_by_its_declaration(tmp_path: Path) -> None:
    book = f.raw_xlsx(f.worksheet(f'<row r="1">{f.inline("A1", "&c;")}</row>', BOMB))
    with pytest.raises(errors.MarkupRefused) as caught:
        f.read_bytes(tmp_path, book, "bom.xlsx")
    assert caught.value.values["entry"] == "xl/worksheets/sheet1.xml"


def test_F01_an_entity_bomb_in_another_part_is_refused_too(tmp_path: Path) -> None:
    book = f.raw_xlsx(f.worksheet(""), {"xl/sharedStrings.xml": f"{BOMB}<sst>&c;</sst>"})
    with pytest.raises(errors.MarkupRefused):
        f.read_bytes(tmp_path, book, "bom.xlsx")


def test_F01_an_entity_bomb_in_an_xml_file_is_refused_by_its_declaration(tmp_path: Path) -> None:
    with pytest.raises(errors.MarkupRefused):
        f.read_bytes(tmp_path, f'<?xml version="1.0"?>{BOMB}<x>&c;</x>', "bom.xml")
