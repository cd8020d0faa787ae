"""F07: NaN and Infinity are not JSON."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_F07_a_value_that_is_no_number_is_refused_at_its_line(tmp_path: Path, value: str) -> None:
    with pytest.raises(errors.JsonNotFinite) as caught:
        f.read_bytes(tmp_path, f'[\n{{"catatan": "NaN boleh di teks", "harga": {value}}}]', "harga.json")
    assert caught.value.values["value"] == value
    assert caught.value.place.row == 2
