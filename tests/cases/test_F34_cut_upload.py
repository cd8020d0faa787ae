"""F34: a file that stops before its end is read as far as it goes and says that it was cut."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f

WHOLE = "kode,nama,harga\n" + "".join(f'33.{i:02},"Kabupaten, nomor {i}",{i * 1000}\n' for i in range(1, 60))


def test_F34_a_last_row_without_all_its_cells_is_remarked(tmp_path: Path) -> None:
    cut = WHOLE[: WHOLE.rindex(",")]
    table = f.only(f.read_bytes(tmp_path, cut))
    assert len(table) == 59
    assert f.note(table, "reader.cut_short") == {"row": "60"}


def test_F34_a_last_row_cut_within_quotes_is_remarked(tmp_path: Path) -> None:
    cut = WHOLE[: WHOLE.rindex(" nomor")]
    table = f.only(f.read_bytes(tmp_path, cut))
    assert f.rows(table)[57] == ("33.58", "Kabupaten, nomor 58", "58000")
    assert f.note(table, "reader.cut_short") == {"row": "60"}


def test_F34_a_cut_in_the_middle_of_a_character_is_remarked(tmp_path: Path) -> None:
    raw = ("kota,catatan\n" + "Pati,é\n" * 50).encode()
    result = f.read_bytes(tmp_path, raw[:-2])
    assert "reader.cut_character" in f.codes(result)


def test_F34_a_large_file_cut_at_99_percent_is_remarked_all_the_same(tmp_path: Path) -> None:
    text = "kode,nama,harga\n" + "".join(f"33.{i % 99:02},Kabupaten {i},{i}\n" for i in range(80_000))
    table = f.only(f.read_bytes(tmp_path, text[: len(text) * 99 // 100]))
    assert len(table) > 79_000
    if text[: len(text) * 99 // 100].rpartition("\n")[2].count(",") < 2:
        assert "reader.cut_short" in f.codes(table)


def test_F34_a_large_file_cut_in_the_middle_of_a_character_is_remarked_too(tmp_path: Path) -> None:
    raw = ("kota,catatan,harga\n" + "".join(f"Pati,kafé {i},{i}\n" for i in range(90_000)) + "Pati,é").encode()
    result = f.read_bytes(tmp_path, raw[:-1])
    assert "reader.cut_character" in f.codes(result)
    assert "reader.cut_short" in f.codes(f.only(result))


def test_F34_cut_json_names_the_place_where_it_stops(tmp_path: Path) -> None:
    with pytest.raises(errors.JsonBroken) as caught:
        f.read_bytes(tmp_path, '[{"a": 1},\n{"a": 2}, {"a"', "putus.json")
    assert caught.value.values["cut"] is True
    assert caught.value.place.row == 2
