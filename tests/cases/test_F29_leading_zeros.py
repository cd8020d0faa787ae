"""F29: codes keep their zeros: no reader makes a number of them."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F29_codes_stay_text_in_every_format(tmp_path: Path) -> None:
    expected = [("007", "33.10", "0062"), ("012", "33.01", "0812")]
    text = "no,kode,telepon\n007,33.10,0062\n012,33.01,0812\n"
    records = '[{"no":"007","kode":"33.10","telepon":"0062"},{"no":"012","kode":"33.01","telepon":"0812"}]'
    book = f.xlsx([["no", "kode", "telepon"], ["007", "33.10", "0062"], ["012", "33.01", "0812"]])
    assert f.rows(f.only(f.read_bytes(tmp_path, text))) == expected
    assert f.rows(f.only(f.read_bytes(tmp_path, records, "kode.json"))) == expected
    assert f.rows(f.only(f.read_bytes(tmp_path, book, "kode.xlsx"))) == expected
