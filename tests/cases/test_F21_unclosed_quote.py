"""F21: a quote that never closes is read literally where that makes the table, and is an error with its line where not."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F21_a_stray_quote_that_fits_literally_is_read_and_remarked(tmp_path: Path) -> None:
    text = 'barang,ukuran,harga\nPipa,"2,1000\nPaku,5,2000\nKayu,7,3000\n'
    table = f.only(f.read_bytes(tmp_path, text))
    assert f.rows(table) == [("Pipa", '"2', "1000"), ("Paku", "5", "2000"), ("Kayu", "7", "3000")]
    assert f.note(table, "reader.quotes_repaired") == {"rows": "2", "count": "1"}


def test_F21_a_quote_that_swallows_the_rest_is_an_error_with_its_line(tmp_path: Path) -> None:
    rows = "\n".join(f"Paku,{i},{i * 10}" for i in range(50))
    text = f'barang,ukuran,harga\n{rows}\nPipa,"dua, tiga, empat,1000\n{rows}\n'
    with pytest.raises(errors.QuoteUnclosed) as caught:
        f.read_bytes(tmp_path, text)
    assert caught.value.place.row == 52
    assert "52" in caught.value.what("id")


def test_F21_quotes_that_were_not_doubled_are_read_as_meant(tmp_path: Path) -> None:
    text = 'barang,keterangan,harga\n"Pipa 2" besi","tebal, kuat",1000\n"Paku","kecil, murah",2000\n'
    table = f.only(f.read_bytes(tmp_path, text))
    assert f.rows(table)[0] == ('Pipa 2" besi', "tebal, kuat", "1000")
