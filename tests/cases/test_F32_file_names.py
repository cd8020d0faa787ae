"""F32: a file name is for showing only: cleaned, short, never used as a path."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\harga.csv", "harga.csv"),
        ("CON", "CON"),
        ("harga\u202evsc.exe", "hargavsc.exe"),
        ("a\r\nb\0c.csv", "abc.csv"),
        ("x" * 300 + ".csv", "x" * 120),
        ("", "berkas"),
    ],
)
def test_F32_names_are_made_safe_to_show(tmp_path: Path, name: str, shown: str) -> None:
    table = f.only(f.read_bytes(tmp_path, "a,b\n1,2\n", name))
    assert table.place.file == shown
