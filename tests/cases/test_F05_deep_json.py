"""F05: JSON nested 200,000 deep is refused with its place."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F05_nesting_beyond_the_limit_is_refused_where_it_passes_it(tmp_path: Path) -> None:
    with pytest.raises(errors.JsonTooDeep) as caught:
        f.read_bytes(tmp_path, "[" * 200_000 + "]" * 200_000, "dalam.json")
    assert (caught.value.place.row, caught.value.place.column) == (1, 65)


def test_F05_nesting_that_python_could_still_parse_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(errors.JsonTooDeep):
        f.read_bytes(tmp_path, '{"a":' * 70 + "1" + "}" * 70, "dalam.json")


def test_F05_brackets_within_texts_do_not_count(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, '[{"catatan": "' + "[" * 5000 + '"}]', "teks.json"))
    assert len(f.rows(table)[0][0] or "") == 5000
