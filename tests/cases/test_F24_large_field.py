"""F24: a cell of 5 MB is refused with its row and column."""

from pathlib import Path

import pytest

from federation.readers import ReadLimits, errors
from tests.federation.readers import factories as f


@pytest.mark.parametrize("quoted", [True, False])
def test_F24_a_field_beyond_the_limit_is_refused_at_its_place(tmp_path: Path, quoted: bool) -> None:
    large = "x" * (5 << 20)
    cell = f'"{large}"' if quoted else large
    with pytest.raises(errors.FieldTooLarge) as caught:
        f.read_bytes(tmp_path, f"kota,catatan\nPati,a\nKudus,{cell}\nTegal,b\n")
    assert (caught.value.place.row, caught.value.place.column) == (3, 2)


def test_F24_json_and_sheets_are_held_to_it_too(tmp_path: Path) -> None:
    limits = ReadLimits(field_max_bytes=1000)
    with pytest.raises(errors.FieldTooLarge):
        f.read_bytes(tmp_path, f'[{{"a": "{"x" * 2000}"}}]', "besar.json", limits)
    with pytest.raises(errors.FieldTooLarge):
        f.read_bytes(tmp_path, f.xlsx([["kota", "catatan"], ["Pati", "x" * 2000]]), "besar.xlsx", limits)
