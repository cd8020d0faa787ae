"""JSON Lines: one record a line, whatever the file is called; a broken line is named."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f

LINES = '{"kab": "Pati", "harga": 12.50}\n\n{"kab": "Kudus", "harga": 13, "baru": true}\n'


@pytest.mark.parametrize("name", ["harga.jsonl", "harga.json", "harga.csv"])
def test_json_lines_are_a_table_with_the_keys_of_all_lines(tmp_path: Path, name: str) -> None:
    result = f.read_bytes(tmp_path, LINES, name)
    table = f.only(result)
    assert table.columns == ("kab", "harga", "baru")
    assert f.rows(table) == [("Pati", "12.50", None), ("Kudus", "13", "true")]
    assert f.note(result, "reader.json_lines") == {"count": "2"}


def test_a_line_that_is_no_json_is_named_and_nothing_is_half_loaded(tmp_path: Path) -> None:
    with pytest.raises(errors.JsonBroken) as caught:
        f.read_bytes(tmp_path, LINES + '{"kab": "Demak", "har', "harga.jsonl")
    assert caught.value.place.row == 4 and caught.value.values["cut"] is True


def test_two_values_on_one_line_are_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.JsonBroken):
        f.read_bytes(tmp_path, '[{"a": 1}] tambahan', "a.json")
