"""F31: 1.234,56 and 1,234.56 both reach the contract as they were written."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F31_both_styles_stay_as_written(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, 'kota;id;en\nPati;1.234,56;"1,234.56"\nKudus;Rp 122.831;"122,831"\n'))
    assert f.rows(table) == [("Pati", "1.234,56", "1,234.56"), ("Kudus", "Rp 122.831", "122,831")]


def test_F31_numbers_of_a_sheet_are_written_as_a_person_sees_them(tmp_path: Path) -> None:
    book = f.xlsx([["a", "b", "c", "d"], [12000.0, 0.1 + 0.2, 1e16, -0.5], [1, 2.5, 123456789012345678, 0]])
    table = f.only(f.read_bytes(tmp_path, book, "angka.xlsx"))
    assert f.rows(table) == [("12000", "0.3", "10000000000000000", "-0.5"), ("1", "2.5", "123456789012346000", "0")]
