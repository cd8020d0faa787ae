"""F06: a number of 5,000 digits is text like any other; nobody converts it."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F06_five_thousand_digits_stay_as_they_stand(tmp_path: Path) -> None:
    digits = "7" * 5000
    table = f.only(f.read_bytes(tmp_path, f'[{{"harga": {digits}}}]', "besar.json"))
    assert f.rows(table) == [(digits,)]


def test_F06_numbers_in_json_keep_their_very_digits(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, '[{"a": 33.10, "b": 1e5, "c": 0.30000000000000004, "d": -0}]', "angka.json"))
    assert f.rows(table) == [("33.10", "1e5", "0.30000000000000004", "-0")]
