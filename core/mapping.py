"""The mapping of a source's dataset to a contract: which datasets, which columns, which styles.

It is written in a member's TOML (`federation/registry.py` reads it there) and applied by `quality/cast.py`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.contract import Contract
from core.reference import fold

NumberStyle = Literal["auto", "id", "en"]
DateStyle = Literal["auto", "dmy", "mdy", "ymd"]
#: What kind of thing a melted header names, so that a new one of its kind is known without asking.
Like = Literal["year", "month", "date", "known"]


@dataclass(frozen=True, slots=True)
class Match:
    """Which datasets of a source are meant: every condition that is given must hold.

    Attributes:
        id: the dataset's id or name at its source.
        tag: a tag it carries, case-insensitive.
        title: a regular expression searched in its title, case-insensitive.
        resource: a regular expression searched in the resource's name or file name, case-insensitive.
    """

    id: str | None = None
    tag: str | None = None
    title: str | None = None
    resource: str | None = None

    def dataset(self, *, ids: Sequence[str], title: str, tags: Sequence[str]) -> bool:
        """Whether a dataset with these ids, title and tags is meant."""
        return (
            (self.id is None or self.id in ids)
            and (self.tag is None or self.tag.lower() in {t.lower() for t in tags})
            and (self.title is None or re.search(self.title, title, re.IGNORECASE) is not None)
        )

    def fits_resource(self, name: str) -> bool:
        """Whether a resource of such a dataset is meant."""
        return self.resource is None or re.search(self.resource, name, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Melt:
    """Headers that are values: a wide table's months, years, commodities, regions or sexes become rows.

    **Which headers.** Of the headers that no entry of `DatasetMapping.columns` uses, a melt takes those that stand in
    `columns`, and those that its `pattern` or, without one, its `like` knows: so the next month's column is taken up
    without a question. With neither, `columns` is all there is. `like` knows a header

    - `year`: that says one year and nothing else (`2018`, `Tahun 2018`, `Th. 2018`);
    - `month`: that names a month, with or without its year (`Januari`, `Jan-24`, `2024-01`, `01/2024`); a week of it
      (`Apr 2025 (II)`) is the month's 1st, 8th, 15th, 22nd or 29th day;
    - `date`: that is a day, with or without its year (`2024-01-15`, `15 Januari 2024`, `15/01/2024`, which is read
      day first unless `date_style` is `mdy`);
    - `known`: that the standard's column `names` knows: a code or spelling of its code list, a value or word of its
      closed list. `Total` and `Rata-rata` are neither, and so stay out.

    `pattern` knows a header that it matches as a whole (case and doubled spaces do not matter) and of which each
    named group that is a contract column with a code list or a closed list is known there, and each group `year`,
    `month` or `day` is one (it becomes digits), as in `(?P<year>\\d{4}) (?P<sex>.+)` for `2018 Laki-laki`, two header
    rows that the reader joined.

    **What a header becomes.** Texts for contract columns: `names` gets the header's text, or for a time of `like`
    what its type asks for (a date column the first day of the year or month, a number column the year, the month or
    for `date` the day); each group of `pattern` fills the contract column of its name; `written` overrides both and
    may fill further columns with texts in which `{}` is the header, `{year}`, `{month}`, `{day}` (digits, a month as
    two) and any other group stand for themselves, and `{Other header}` for the cell of the same row under that
    header: `{date = "{Tahun}-{month}-01"}`. A month without a year needs the latter for a date. A text one of whose
    cells is empty is empty. These texts are then read like any cell.

    **What comes of a row.** One row for each different set of such texts, with every melt of the mapping that has a
    cell there (`2024 Stok`, `2024 Kebutuhan` give one row of 2024 with two values); a source row whose melted cells
    of one set are all empty (also `-` and its like) gives none, unless `keep_empty`. All melts of a mapping fill the
    same columns from their headers. Rows keep their source row's number, and each value its header, so that what is
    wrong is told and shown in the cell where it stands.

    Attributes:
        value: contract column that takes the cell.
        columns: headers that were confirmed, as they stand in the file (compared with `core.reference.fold`).
        names: contract column that takes the header.
        like: the kind of header.
        pattern: a regular expression for the whole header, with named groups.
        written: contract column to its text made from header and row.
        keep_empty: an empty melted cell is a row without a value.
    """

    value: str
    columns: tuple[str, ...] = ()
    names: str | None = None
    like: Like | None = None
    pattern: str | None = None
    written: Mapping[str, str] = field(default_factory=dict)
    keep_empty: bool = False

    def named(self, columns: Collection[str]) -> frozenset[str]:
        """Which of a standard's columns take their text from the header."""
        groups = re.compile(self.pattern).groupindex if self.pattern is not None else {}
        own = {*groups, *self.written, *([self.names] if self.names is not None else ())}
        return frozenset(own) & frozenset(columns)


@dataclass(frozen=True, slots=True)
class DatasetMapping:
    """How one kind of dataset of a source becomes rows of a contract.

    Attributes:
        contract: the contract's name.
        match: which datasets are meant.
        columns: contract column to source header (compared with `core.reference.fold`).
        constants: contract column to a fixed text, used where no source column gives one.
        factors: contract column to a decimal factor as text, for units (`stok_ton` to kilograms: "1000").
        table: sheet or table name; None takes the first table that has the mapped headers.
        number_style: `id` is 1.234,56, `en` is 1,234.56, `auto` decides per column.
        date_style: the order of day and month, `auto` decides per column and holds what it cannot decide.
        zone: the zone of naive moments; None takes the province's.
        written: contract column to a text in which `{Header}` stands for the row's cell under that header, where a
            standard's column is spread over several: `{date = "1 {Bulan} {Tahun}"}`.
        melts: headers of a wide table that are values.
        headers: all headers of the table when a person confirmed the mapping; a delivery whose other headers look
            like what is mapped, or say another unit, is asked about. Empty where nobody confirmed it by name.
        units: contract column to the unit that the file stated when it was confirmed, as it was written (`ton`).
        values: contract column with a code list, a closed list or yes and no, to the words that this source writes
            there and the code or value that a person said each means (`{sex = {male = "L"}}`); compared with
            `core.reference.fold`, and believed before the list's own words.
    """

    contract: str
    match: Match
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    number_style: NumberStyle = "auto"
    date_style: DateStyle = "auto"
    zone: str | None = None
    written: Mapping[str, str] = field(default_factory=dict)
    melts: tuple[Melt, ...] = ()
    headers: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def words(self, column: str) -> dict[str, str]:
        """The confirmed words of a contract column, folded, and what each means."""
        return {fold(word): value for word, value in self.values.get(column, {}).items() if fold(word)}


def sources(contract: Contract, mapping: DatasetMapping | None, headers: Sequence[str]) -> dict[str, str | None]:
    """Contract column to source header: as mapped, else by the column's own name or title; None where absent."""
    by_fold: dict[str, str] = {}
    for header in headers:
        by_fold.setdefault(fold(header), header)
    found: dict[str, str | None] = {}
    for column in contract.columns:
        if mapping is not None and column.name in mapping.columns:
            found[column.name] = by_fold.get(fold(mapping.columns[column.name]))
        elif mapping is not None and column.name in mapping.constants:
            found[column.name] = None
        else:
            names = (column.name, *column.title.values())
            found[column.name] = next((by_fold[fold(n)] for n in names if fold(n) in by_fold), None)
    return found


def missing(contract: Contract, mapping: DatasetMapping | None, found: Mapping[str, str | None]) -> dict[str, str]:
    """Contract columns that the delivery should fill and does not, with the header that was looked for."""
    mapped = mapping.columns if mapping else {}
    constants = mapping.constants if mapping else {}
    return {
        c.name: mapped.get(c.name, c.title["id"])
        for c in contract.columns
        if found[c.name] is None and c.name not in constants and (c.name in mapped or c.required)
    }
