"""F28: cells that begin like formulas are data here: stored as they stand."""

from pathlib import Path

from tests.federation.readers import factories as f

CELLS = ["=1+1", "+62 24 1234", "-", "@nama", '=HYPERLINK("http://x")', "\tdepan"]


def test_F28_cells_of_a_csv_stay_verbatim(tmp_path: Path) -> None:
    lines = "".join(f'"{cell.replace(chr(34), chr(34) * 2)}";{i}\n' for i, cell in enumerate(CELLS))
    table = f.only(f.read_bytes(tmp_path, f"isi;nomor\n{lines}"))
    assert [row[0] for row in f.rows(table)] == CELLS


def test_F28_cells_of_a_sheet_and_of_json_stay_verbatim(tmp_path: Path) -> None:
    book = f.raw_xlsx(f.worksheet(f'<row r="1">{f.inline("A1", "isi")}</row><row r="2">{f.inline("A2", "=1+1")}</row>'))
    assert f.rows(f.only(f.read_bytes(tmp_path, book, "isi.xlsx"))) == [("=1+1",)]
    assert f.rows(f.only(f.read_bytes(tmp_path, '[{"isi": "@SUM(A1)"}]', "isi.json"))) == [("@SUM(A1)",)]
