"""F08: an object that names a key twice would lose one of its values."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F08_a_key_named_twice_is_refused_with_the_line_of_its_object(tmp_path: Path) -> None:
    text = '[\n {"harga": 1, "kota": "A"},\n {"harga": 2, "kota": {"x": 1}, "harga": 3}\n]'
    with pytest.raises(errors.JsonDuplicateKey) as caught:
        f.read_bytes(tmp_path, text, "ganda.json")
    assert (caught.value.values["key"], caught.value.place.row) == ("harga", 3)


def test_F08_the_same_key_in_two_objects_is_fine(tmp_path: Path) -> None:
    assert len(f.only(f.read_bytes(tmp_path, '[{"a": 1}, {"a": 2}]', "baik.json"))) == 2
