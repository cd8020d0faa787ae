"""F32: what a source calls a file is shown to people and never becomes a path."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.names import display_name, name_in_url, with_extension


@pytest.mark.parametrize(
    ("offered", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\harga.csv", "harga.csv"),
        ("CON", "_CON"),
        ("nul.csv", "_nul.csv"),
        ("harga\u202evsc.exe", "hargavsc.exe"),
        ("harga\x00\r\nbaru.csv", "hargabaru.csv"),
        ("   ", "berkas"),
        ("a" * 300 + ".csv", "a" * 111 + ".csv"),
        ("Harga Pangan 2026.xlsx", "Harga Pangan 2026.xlsx"),
    ],
)
def test_F32_a_hostile_name_is_shown_harmless(offered: str, shown: str) -> None:
    assert display_name(offered) == shown


@given(st.text(max_size=400))
def test_F32_any_name_is_one_short_line_without_path_controls_or_direction_marks(offered: str) -> None:
    shown = display_name(offered)
    assert 0 < len(shown) <= 120
    assert not set(shown) & set("/\\\0\r\n") and shown not in (".", "..")
    assert all(unicodedata.category(c)[0] != "C" for c in shown)


def test_a_name_gets_the_extension_that_address_or_format_promise() -> None:
    assert with_extension("Harga Pangan", "https://x/download/harga.csv?v=1", "XLSX") == "Harga Pangan.csv"
    assert with_extension("Harga Pangan", "https://x/api/42", "XLSX") == "Harga Pangan.xlsx"
    assert with_extension("Stok No.5", "https://x/stok.csv", "") == "Stok No.5.csv"
    assert with_extension("harga.ods", "https://x/harga.csv", "CSV") == "harga.ods"
    assert name_in_url("https://x/a/stok%20beras.csv?token=1") == "stok beras.csv"
