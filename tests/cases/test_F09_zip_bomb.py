"""F09: an archive that grows out of proportion is refused, whatever its table of contents says."""

import gzip
from pathlib import Path

import pytest

from federation.readers import ReadLimits, errors
from tests.federation.readers import factories as f


def test_F09_four_hundred_megabytes_in_four_hundred_kilobytes_are_refused_unopened(tmp_path: Path) -> None:
    bomb = f.zipped({"data.csv": b"0" * (64 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(errors.ArchiveBomb) as caught:
        f.read_bytes(tmp_path, bomb, "bom.zip")
    assert caught.value.place.member == "data.csv"


def test_F09_a_gzip_bomb_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    with pytest.raises(errors.ArchiveBomb):
        f.read_bytes(tmp_path, gzip.compress(b"0" * (64 << 20)), "bom.csv.gz")


def test_F09_a_lying_table_of_contents_does_not_help(tmp_path: Path) -> None:
    bomb = bytearray(f.zipped({"data.csv": b"0" * (64 << 20)}))
    at = bomb.rfind(b"PK\x01\x02")
    bomb[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    with pytest.raises((errors.ArchiveBomb, errors.ArchiveBroken)):
        f.read_bytes(tmp_path, bytes(bomb), "bom.zip")


def test_F09_a_workbook_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    book = f.raw_xlsx(f.worksheet(" " * (80 << 20)))
    with pytest.raises(errors.ArchiveBomb):
        f.read_bytes(tmp_path, book, "bom.xlsx")


def test_F09_an_honest_zip_of_repetitive_rows_is_read(tmp_path: Path) -> None:
    text = "kode,nilai\n" + "33.74,0\n" * 5000
    assert len(f.only(f.read_bytes(tmp_path, f.zipped({"data.csv": text}), "data.zip"))) == 5000


def test_F09_all_entries_together_stay_under_the_limit(tmp_path: Path) -> None:
    many = f.zipped({f"{i}.csv": f"a,b\n{i},{'x' * 900}\n" for i in range(20)})
    with pytest.raises(errors.ArchiveBomb):
        f.read_bytes(tmp_path, many, "banyak.zip", ReadLimits(unpacked_max_bytes=10_000))
