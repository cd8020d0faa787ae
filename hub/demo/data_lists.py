"""Each simulated member's yearly data list, imported as an office's file would be: what it delivers, and what it owes.

What the lists say is written beside them in the home, so that somebody can open one and import it again.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.access import SYSTEM
from core.contract import Contract
from core.contract_metadata import Period
from hub.demo.province import DemoMember, Province
from services import data_list
from services.data_list import Imported
from services.granary import Granary

FOLDER = "daftar-data"
_HEADER = ("No", "Judul Data", "Produsen Data", "Jadwal Rilis", "Data Prioritas")
#: Listed by everybody and delivered by nobody: the gap that a list makes visible.
OWED = ("Daftar fasilitas kesehatan", "Dinas Kesehatan", Period.YEAR.value, "Tidak")
_PRIORITY = frozenset({"commodity_price", "commodity_stock", "population", "river_stage"})
_UNKNOWN = "Dinas Komunikasi dan Informatika"


def bring_lists(granary: Granary, province: Province) -> dict[str, Imported]:
    """Write and import the list of every member for the demonstration's year; what became of each, by member."""
    folder, year = granary.settings.folder(FOLDER), province.today.year
    done: dict[str, Imported] = {}
    for member in province.members:
        file = folder / f"daftar-data-{member.code}-{year}.csv"
        _write(file, province, member, granary.contracts)
        done[member.code] = data_list.import_list(granary, file, member.code, year, actor=SYSTEM)
    return done


def _write(file: Path, province: Province, member: DemoMember, contracts: Mapping[str, Contract]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        rows = csv.writer(stream, delimiter=";")
        rows.writerow([f"DAFTAR DATA TAHUN {province.today.year} (SIMULASI)", "", "", "", ""])
        rows.writerow([member.name.upper(), "", "", "", ""])
        rows.writerow(["", "", "", "", ""])
        rows.writerow(_HEADER)
        rows.writerows((number, *line) for number, line in enumerate(_lines(member, contracts), start=1))


def _lines(member: DemoMember, contracts: Mapping[str, Contract]) -> Iterator[tuple[str, str, str, str]]:
    for dataset in member.datasets:
        standard = contracts.get(dataset.contract or "")
        metadata = standard.metadata if standard is not None else None
        every = metadata.release.every if metadata is not None and metadata.release is not None else Period.YEAR
        producer = metadata.producer.get("id", _UNKNOWN) if metadata is not None else _UNKNOWN
        yield dataset.title, producer, every.value.capitalize(), "Ya" if dataset.contract in _PRIORITY else "Tidak"
    yield OWED
