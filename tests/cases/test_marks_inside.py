"""Byte order marks within a file, where several were put behind one another: no cell keeps one."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_a_mark_before_a_later_line_is_removed_and_counted(tmp_path: Path) -> None:
    result = f.read_bytes(tmp_path, "\ufeffkab,harga\nPati,1\n\ufeffKudus,2\n")
    assert f.rows(f.only(result)) == [("Pati", "1"), ("Kudus", "2")]
    assert f.note(result, "reader.mark_removed") == {"count": "1"}


def test_in_a_large_file_too(tmp_path: Path) -> None:
    part = "".join(f"Kab {i % 35},{i},catatan panjang\n" for i in range(40_000))
    table = f.only(f.read_bytes(tmp_path, "\ufeffkab,harga,ket\n" + part + "\ufeff" + part))
    assert f.rows(table)[40_000] == ("Kab 0", "0", "catatan panjang") and len(table) == 80_000
