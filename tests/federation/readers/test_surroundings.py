"""Whatever stands above, between and below the rows of a table, each row comes out once and in order."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.federation.readers import factories as f

HEAD = ["No", "Nama", "Luas", "Tanggal"]
BLANK = [""] * 4
ABOVE = [
    [["LAPORAN DATA"], BLANK], [["LAPORAN DATA"]], [["Kabupaten", ": Pati"], ["Tahun", ": 2024"]],
    [["Kabupaten", "Pati"], BLANK], [["", "", "", "(Ha)"]], [["Lampiran", "", "", "Perbup 5/2024"], ["DAFTAR ASET"]],
]  # fmt: skip
BETWEEN = [
    [BLANK], [["KECAMATAN A"]], [["", "KECAMATAN A"]], [BLANK, ["", "KECAMATAN A"]], [BLANK, ["KECAMATAN A"], BLANK],
    [BLANK, ["Halaman 1"], BLANK, HEAD], [BLANK, HEAD], [HEAD],
]  # fmt: skip
BELOW = [
    [["Jumlah", "", "999"]], [BLANK, ["Jumlah", "", "999"]], [["Sumber: Dinas"]], [BLANK, ["Sumber: Dinas; diolah"]],
    [["", "", "", "Pati, 3 Maret 2024"], ["", "", "", "Kepala Dinas"]],
    [BLANK, ["", "Mengetahui", "", "Pati, 3 Maret 2024"], ["", "A", "", "B"]], [["*) angka sementara"]],
]  # fmt: skip
LUAS = st.sampled_from(["1,5", "12.500", "-", "", "n/a", "7*", "belum lapor"])


def _cells(row: Sequence[str]) -> list[str]:
    return [*row, *[""] * (4 - len(row))]


@settings(max_examples=120, deadline=None)
@given(
    st.lists(LUAS, min_size=3, max_size=14), st.lists(st.sampled_from(ABOVE), max_size=1),
    st.dictionaries(st.sampled_from([3, 7, 11]), st.sampled_from(BETWEEN), max_size=2),
    st.lists(st.sampled_from(BELOW), max_size=2), st.sampled_from([";", ",", "\t", "xlsx"]),
)  # fmt: skip
def test_every_row_comes_out_once_and_in_order(
    values: list[str],
    above: list[list[list[str]]],
    between: dict[int, list[list[str]]],
    below: list[list[list[str]]],
    form: str,
) -> None:
    grid = [row for part in above for row in part] + [HEAD]
    for i, value in enumerate(values):
        if i < len(values) - 1:
            grid += between.get(i, [])
        grid.append([str(i + 1), f"Aset {i + 1}", value, f"{i + 1} Mei 2024"])
    grid += [row for part in below for row in part]
    rows = [_cells(row) for row in grid]
    if form == "xlsx":
        content = f.xlsx([[cell or None for cell in row] for row in rows])
    else:
        lines = (form.join(f'"{cell}"' if form in cell else cell for cell in row) for row in rows)
        content = ("\n".join(lines) + "\n").encode()
    with tempfile.TemporaryDirectory() as folder:
        result = f.read_bytes(Path(folder), content, "a.xlsx" if form == "xlsx" else "a.csv")
    said = [cell for table in result.tables for row in f.rows(table) for cell in row if (cell or "").startswith("Aset")]
    assert said == [f"Aset {i + 1}" for i in range(len(values))]
    assert [table.columns for table in result.tables] == [tuple(HEAD)]
