"""A member's data list as an office writes it, to lines: titles above, merged offices, words for periods.

Nothing here asks the catalogue. What cannot be understood is a fault with its place; a list with faults is not taken.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.data_list import Listed, listed_id
from core.contract import Contract
from core.contract_metadata import Period, Release
from core.messages import text
from core.reference import fold
from core.table import Place, TextTable
from federation.readers import read
from services.errors import DataListUnreadable

#: What a column is about, by its folded header; the first that fits takes it, and a field takes one column.
_HEADERS: Mapping[str, re.Pattern[str]] = {
    "contract": re.compile(r"\bstandar\b|\bkode standar\b|\bdata standard\b"),
    "priority": re.compile(r"prioritas|priority"),
    "due": re.compile(r"tenggat|batas hari|paling lambat|hari setelah|\bdue\b"),
    "producer": re.compile(
        r"\bprodusen\b|\bopd\b|perangkat daerah|\bdinas\b|\bskpd\b|\binstansi\b|unit kerja|producer"
    ),
    "schedule": re.compile(r"jadwal|period|frekuensi|pemutakhiran|\bwaktu rilis\b|schedule|frequency"),
    "title": re.compile(
        r"\b(judul|nama|uraian)\b.*\b(data|dataset|indikator)\b|^(judul|nama|dataset|data|daftar data|title|uraian)$"
    ),
}
_PERIODS: Sequence[tuple[re.Pattern[str], Period]] = (
    (re.compile(r"\bharian\b|\bhari\b(?! setelah)|\bdaily\b"), Period.DAY),
    (re.compile(r"minggu|\bpekan|\bweekly\b"), Period.WEEK),
    (re.compile(r"triwulan|\btw\b|kuartal|\b(3|tiga) bulan|quarter"), Period.QUARTER),
    (re.compile(r"semester|\b(6|enam) bulan|half year"), Period.HALF_YEAR),
    (re.compile(r"bulan|\bmonthly\b"), Period.MONTH),
    (re.compile(r"tahun|\byear|\bannual"), Period.YEAR),
)
#: `5 tahunan`, `dua mingguan`: a rhythm that the schedule has no word for.
_OTHER_RHYTHM = re.compile(r"\b([2-9]|\d\d|dua|tiga|empat|lima|sepuluh)\s+(tahun|minggu|hari)an\b|\b([245]|dua) bulan")
_DAYS = re.compile(r"(\d{1,3})\s*hari|\b(?:tanggal|tgl)\s*(\d{1,2})\b")
_YES = frozenset({"ya", "y", "yes", "iya", "v", "x", "1", "true", "benar"})
_NO = frozenset({"", "tidak", "tdk", "t", "no", "n", "0", "bukan", "non", "false"})
_TICKS = frozenset("√✓✔☑")
_OFFICE = re.compile(r"(dinas|badan|sekretariat|inspektorat|rsud|kecamatan|satuan|bagian|kantor|bappe\w*|bpbd)\b")
_TOTAL = re.compile(r"(jumlah|total)( (data|dataset|seluruh\w*|keseluruhan))*( \d+)*")
#: Days after a period's end where neither the list nor the standard says: our choice (docs/tutorial-standard.md).
GRACE = {
    Period.DAY: 1, Period.WEEK: 3, Period.MONTH: 10, Period.QUARTER: 15, Period.HALF_YEAR: 30, Period.YEAR: 60,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell that keeps a list from being taken; `code` names its sentence `data_list.fault.CODE`."""

    place: Place
    code: str
    header: str
    value: str
    other: str = ""

    @property
    def what(self) -> str:
        """Where and what, as a sentence."""
        values = {"place": self.place, "column": self.header, "value": self.value, "other": self.other}
        return text(f"data_list.fault.{self.code}", **values)


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of a list and what is wrong in it."""

    lines: tuple[Listed, ...]
    faults: tuple[Fault, ...]


def read_list(file: Path, member: str, year: int, contracts: Mapping[str, Contract]) -> Reading:
    """Every line of a member's list; all tables that have a column of titles and one of offices or schedules.

    Raises:
        DataListUnreadable: no table is a data list; names what was found.
        Unreadable: the file cannot be read at all.
    """
    tables = read(file, file.name).tables
    found = [(table, columns) for table in tables if "title" in (columns := _columns(table)) and len(columns) > 1]
    if not found:
        shown = "; ".join(f"{t.name}: {', '.join(t.columns[:8])}" for t in tables[:5])
        raise DataListUnreadable(file=file.name, found=shown or "-")
    reader = _Reader(member, year, _names(contracts), contracts)
    for table, columns in found:
        reader.table(table, columns)
    return Reading(tuple(reader.lines.values()), tuple(reader.faults))


def _columns(table: TextTable) -> dict[str, int]:
    """The place of each field's column."""
    out: dict[str, int] = {}
    for at, header in enumerate(table.columns):
        folded = fold(header)
        name = next((field for field, pattern in _HEADERS.items() if pattern.search(folded)), None)
        if name is not None:
            out.setdefault(name, at)
    return out


def _names(contracts: Mapping[str, Contract]) -> dict[str, str]:
    """What people may call a standard, folded, to its name; a title of two standards means neither."""
    found: dict[str, set[str]] = {}
    for contract in contracts.values():
        for name in (contract.name, *contract.title.values()):
            found.setdefault(fold(name), set()).add(contract.name)
    return {name: meant.pop() for name, meant in found.items() if len(meant) == 1}


class _Reader:
    def __init__(self, member: str, year: int, names: Mapping[str, str], contracts: Mapping[str, Contract]) -> None:
        self.member, self.year, self.names, self.contracts = member, year, names, contracts
        self.lines: dict[str, Listed] = {}
        self.places: dict[str, Place] = {}
        self.faults: list[Fault] = []

    def table(self, table: TextTable, columns: Mapping[str, int]) -> None:
        office: str | None = None
        for cells, row in self._rows(table):
            values = {name: " ".join((cells[at] or "").split()) for name, at in columns.items()}
            if not any(values.values()) or _TOTAL.fullmatch(fold(values["title"])):
                continue
            heading = self._heading(values, cells)
            if heading is not None:
                office = heading
                continue
            self._line(table, columns, values, row, office)

    @staticmethod
    def _rows(table: TextTable) -> Iterator[tuple[list[str | None], int]]:
        by_row = [column.to_pylist() for column in table.data.columns]
        for at, number in enumerate(table.row_numbers.to_pylist()):
            yield [column[at] for column in by_row], int(number)

    @staticmethod
    def _heading(values: Mapping[str, str], cells: Sequence[str | None]) -> str | None:
        """The office that a row of its own names, for the rows below it."""
        words = [cell for cell in cells if cell and fold(cell) and not fold(cell).isdigit() and len(fold(cell)) > 2]
        rest = any(value for name, value in values.items() if name not in ("title", "producer"))
        alone = len(set(words)) == 1 and not rest
        return words[0].strip() if alone and _OFFICE.match(fold(words[0])) else None

    def _line(
        self, table: TextTable, columns: Mapping[str, int], values: Mapping[str, str], row: int, office: str | None
    ) -> None:
        faults = len(self.faults)

        def refuse(code: str, field: str, other: object = "") -> None:
            at = columns[field]
            place = Place(table.place.file, table.place.member, table.place.sheet, row, at + 1)
            self.faults.append(Fault(place, code, table.columns[at], values[field], str(other)))

        title = values["title"]
        if not fold(title):
            refuse("no_title", "title")
            return
        priority = _priority(values.get("priority", ""))
        if priority is None:
            refuse("priority", "priority")
        contract = self.names.get(fold(values.get("contract", ""))) or self.names.get(fold(title))
        every, ok = _period(values.get("schedule", ""))
        if not ok:
            refuse("schedule", "schedule")
        days = _days(values)
        if days is None and fold(values.get("due", "")):
            refuse("due", "due")
        place = Place(table.place.file, table.place.member, table.place.sheet, row)
        key = listed_id(self.member, self.year, title)
        if key in self.lines or key in self.places:
            refuse("repeated", "title", self.places[key])
        self.places.setdefault(key, place)
        if len(self.faults) == faults:
            release = Release(every, self._grace(every, days, contract)) if every is not None else None
            self.lines[key] = Listed(
                key, self.member, self.year, title, contract, values.get("producer") or office, release,
                bool(priority), place=str(place),
            )  # fmt: skip

    def _grace(self, every: Period, days: int | None, contract: str | None) -> int:
        """The days that the list gives, else the standard's own for this rhythm, else the house's."""
        if days is not None:
            return days
        release = self.contracts[contract].metadata.release if contract is not None else None
        return release.due_days if release is not None and release.every is every else GRACE[every]


def _priority(cell: str) -> bool | None:
    """Yes, no, or None where the cell says neither; `Prioritas: Ya`, a tick and an empty cell are usual."""
    if cell.strip() in _TICKS:
        return True
    folded = fold(cell)
    said = folded.replace("data prioritas", "").replace("prioritas", "").replace("priority", "").strip()
    if said in _YES or (folded and not said):
        return True
    return False if said in _NO and not (cell.strip(" -–—") and not folded) else None


def _period(cell: str) -> tuple[Period | None, bool]:
    """The period that a schedule names, and whether it was understood; an empty one names none."""
    folded = fold(cell)
    if not folded:
        return None, True
    if _OTHER_RHYTHM.search(folded):
        return None, False
    plain = _DAYS.sub(" ", folded)
    found = next((period for pattern, period in _PERIODS if pattern.search(plain)), None)
    return found, found is not None


def _days(values: Mapping[str, str]) -> int | None:
    """The days after a period's end that a list gives, in a column of its own or beside the schedule."""
    if (said := fold(values.get("due", ""))).isdigit():
        return int(said)
    for name in ("due", "schedule"):
        if (found := _DAYS.search(fold(values.get(name, "")))) is not None:
            return int(found[1] or found[2])
    return None
