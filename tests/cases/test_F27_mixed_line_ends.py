"""F27: LF, CRLF and CR in one file all end a record, and the mixture is remarked."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_F27_each_kind_of_line_end_alone(tmp_path: Path, end: str) -> None:
    table = f.only(f.read_bytes(tmp_path, end.join(["kota,harga", "Pati,1", "Kudus,2", ""])))
    assert f.rows(table) == [("Pati", "1"), ("Kudus", "2")]
    assert table.row_numbers.to_pylist() == [2, 3]
    assert table.dialect["newline"] == end


def test_F27_all_kinds_in_one_file(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, "kota,harga\r\nPati,1\nKudus,2\rTegal,3\r\n")
    table = f.only(result)
    assert f.rows(table) == [("Pati", "1"), ("Kudus", "2"), ("Tegal", "3")]
    assert f.note(result, "reader.newlines_mixed") == {"crlf": "2", "lf": "1", "cr": "1"}


def test_F27_line_ends_within_quotes_belong_to_the_cell_and_count_as_lines(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, 'kota,alamat\nPati,"Jl. A\r\nNo. 1"\nKudus,Jl. B\n'))
    assert f.rows(table) == [("Pati", "Jl. A\r\nNo. 1"), ("Kudus", "Jl. B")]
    assert table.row_numbers.to_pylist() == [2, 4]


def test_F27_doubled_carriage_returns_of_a_bad_transfer_make_no_blank_rows(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "kota,harga\r\r\nPati,1\r\r\nKudus,2\r\r\n"))
    assert f.rows(table) == [("Pati", "1"), ("Kudus", "2")]
