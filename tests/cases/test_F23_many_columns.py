"""F23: a table of 20,000 columns is refused with its size."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F23_twenty_thousand_columns_are_refused(tmp_path: Path) -> None:
    line = ",".join(f"k{i}" for i in range(20_000))
    with pytest.raises(errors.TooManyColumns) as caught:
        f.read_bytes(tmp_path, f"{line}\n{line}\n")
    assert caught.value.values["columns"] == 20_000
    assert caught.value.place.row == 1


def test_F23_json_records_with_ever_new_names_are_refused_too(tmp_path: Path) -> None:
    records = ",".join(f'{{"k{i}": 1}}' for i in range(3_000))
    with pytest.raises(errors.TooManyColumns):
        f.read_bytes(tmp_path, f"[{records}]", "lebar.json")
