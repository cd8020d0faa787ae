"""Carets and tildes between cells, as old exports have them."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f


@pytest.mark.parametrize("delimiter", ["^", "~"])
def test_cells_between_carets_or_tildes_are_told_apart(tmp_path: Path, delimiter: str) -> None:
    rows = [["kode", "nama", "harga"], ["33.18", "Pati, Jateng", "1.200,5"], ["33.19", "Kudus; Jateng", "1.300"]]
    table = f.only(f.read_bytes(tmp_path, "\n".join(delimiter.join(row) for row in rows)))
    assert [list(table.columns), *map(list, f.rows(table))] == rows


def test_a_tilde_or_caret_inside_cells_divides_nothing(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "rentang,suhu\n1~2,20^C\n2~3,21^C\n3~4,22^C\n"))
    assert table.columns == ("rentang", "suhu")
