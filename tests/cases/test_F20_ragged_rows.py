"""F20: rows shorter or longer than the header are kept whole and named; none is dropped."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F20_short_and_long_rows_are_kept_with_a_remark_that_names_them(tmp_path: Path) -> None:
    text = "kota,tahun,harga\nPati,2024,10\nKudus,2024\nTegal,2024,12,lebih\nBlora,2024,13\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("kota", "tahun", "harga", "kolom_4")
    assert f.rows(table) == [
        ("Pati", "2024", "10", None),
        ("Kudus", "2024", None, None),
        ("Tegal", "2024", "12", "lebih"),
        ("Blora", "2024", "13", None),
    ]
    assert f.note(table, "reader.rows_short") == {"rows": "3", "count": "1"}
    assert f.note(table, "reader.rows_long") == {"rows": "4", "count": "1"}
    assert table.row_numbers.to_pylist() == [2, 3, 4, 5]


def test_F20_in_a_large_file_one_ragged_row_is_neither_lost_nor_moved(tmp_path: Path) -> None:
    good = [f"33.{i % 99:02},2024-01-01,{i}" for i in range(60_000)]
    good[40_000] = "33.99,2024-01-01,40000,lebih"
    table = f.only(f.read_bytes(tmp_path, "kode,tanggal,harga\n" + "\n".join(good) + "\n"))
    assert len(table) == 60_000
    assert f.note(table, "reader.rows_long")["rows"] == "40002"
    assert table.data.column("kolom_4").null_count == 59_999


def test_F20_a_large_file_uneven_throughout_is_read_as_a_small_one_is(tmp_path: Path) -> None:
    def text(count: int) -> str:
        rows = [f'{i},"Kab, {i % 35}",{i * 3},catatan' if i % 3 else f'{i},"Kab, {i % 35}"' for i in range(count)]
        return "no,nama,harga,ket\n" + "\n".join(rows) + "\n"

    small, large = (f.only(f.read_bytes(tmp_path, text(count))) for count in (300, 120_000))
    assert f.rows(large)[:300] == f.rows(small)
    assert f.rows(large)[-1] == ("119999", "Kab, 19", "359997", "catatan")
    assert f.note(large, "reader.rows_short")["count"] == "40000"
    assert large.row_numbers.to_pylist() == list(range(2, 120_002))
