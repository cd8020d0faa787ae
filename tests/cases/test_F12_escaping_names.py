"""F12: entry names that lead out of the archive are refused; no entry name is ever used as a path."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


@pytest.mark.parametrize("name", ["../luar.csv", "a/../../luar.csv", "/etc/passwd", "..\\luar.csv", "C:\\luar.csv"])
def test_F12_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "kotak"
    inside.mkdir()
    with pytest.raises(errors.ArchiveName):
        f.read_bytes(inside, f.zipped({name: "a,b\n1,2\n"}), "nakal.zip")
    assert [path.name for path in tmp_path.rglob("*.csv")] == []


def test_F12_odd_but_harmless_names_are_only_shown(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, f.zipped({"data/CON .csv": "a,b\n1,2\n"}), "data.zip"))
    assert table.place.member == "data/CON .csv"
