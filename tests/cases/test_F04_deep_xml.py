"""F04: XML nested 200,000 deep does not bring the reader down."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F04_a_deep_worksheet_ends_in_a_table_or_a_named_reason(tmp_path: Path) -> None:
    deep = "<a>" * 200_000 + "</a>" * 200_000
    book = f.raw_xlsx(f.worksheet(f'<row r="1">{f.inline("A1", "nama")}</row>{deep}'))
    try:
        result = f.read_bytes(tmp_path, book, "dalam.xlsx")
    except errors.Unreadable as error:
        assert error.place.file == "dalam.xlsx"
    else:
        assert len(result.tables) <= 1


def test_F04_a_deep_xml_file_is_refused_before_it_is_held(tmp_path: Path) -> None:
    for text in ("<a>" * 200_000, "<a>" * 200_000 + "</a>" * 200_000):
        with pytest.raises(errors.XmlTooDeep) as caught:
            f.read_bytes(tmp_path, text, "dalam.xml")
        assert caught.value.values["limit"] == 64
