"""From a returned row to marked cells: what is wrong, what is expected, and an example of a right value.

Everything is said in Indonesian, as the reasons are stored. Where a cell stands is `layout.py`'s.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.contract import Classification, Column, ColumnType, Contract, Rule, Severity
from core.mapping import DatasetMapping, sources
from core.messages import text
from core.reference import CodeList
from core.table import TextTable
from federation.readers.finder import TOTAL
from quality.check import number
from quality.harmonise import load_words
from quality.harmonise.meant import Meanings, meanings
from quality.melt import standing
from services.returns.gather import SLIP, WrongRow

LOCALE = "id"
_TOTAL = re.compile(TOTAL, re.IGNORECASE)
_FAR = 300  # an example is looked for so many rows away
_LISTED = 12
_LONGEST = 1_500
#: Plain examples where the file itself has none.
_PLAIN = {
    ColumnType.INTEGER: "12500", ColumnType.NUMBER: "12.5", ColumnType.DATE: "2026-01-31",
    ColumnType.MOMENT: "2026-01-31 07:00", ColumnType.BOOLEAN: "ya",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason at one place: a column of the file, or None for the row as a whole."""

    row: int
    header: str | None
    text: str


@dataclass(slots=True)
class Guide:
    """What is known of one table: its columns, the standard's, which rows are sound, and where they stand now.

    Attributes:
        wrong: the source rows that are returned.
        shown: source row to the row of the workbook, both as a spreadsheet counts them.
    """

    table: TextTable
    contract: Contract | None
    mapping: DatasetMapping | None
    lists: Mapping[str, CodeList]
    regions: frozenset[str]
    wrong: frozenset[int]
    shown: Mapping[int, int]
    headers: Mapping[str, str | None] = field(init=False)
    _spread: Mapping[str, Sequence[str]] = field(init=False)
    _places: dict[int, int] = field(init=False)
    _meanings: Mapping[str, Meanings] = field(init=False)
    _cells: dict[str, list[str | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers, self._spread, self._meanings = {}, {}, {}
        if self.contract is not None:
            self._meanings = meanings(self.contract, self.lists, load_words())
            self._spread = standing(self.contract, self.mapping, self.table.columns, self.lists)
            self.headers = sources(self.contract, self.mapping, self.table.columns) | dict.fromkeys(self._spread)
        self._places = {number: i for i, number in enumerate(self.table.row_numbers.to_pylist())}

    def faults(self, rows: Sequence[WrongRow]) -> Iterator[Fault]:
        """What is wrong with some rows, in their order; a sum below the table is said to be one."""
        for row in rows:
            first = next((str(v) for v in row.original.values() if v not in (None, "")), "")
            if _TOTAL.match(first):
                yield Fault(row.row, None, text("returns.cell.total", LOCALE))
            for reason in row.reasons:
                if self._unplaced(row, reason):
                    yield from self._without_place(row, reason)
                else:
                    yield from self._of(row, reason)
            if self.shown.get(row.row, row.row) != row.row:
                yield Fault(row.row, None, text("returns.cell.source_row", LOCALE, row=row.row))

    def _standing(self, name: str, row: WrongRow) -> list[str]:
        """The headers at which a row has what is in a column of the standard: several where it is spread over them."""
        if (header := self.headers.get(name)) is not None:
            return [header]
        return [header for header in self._spread.get(name, ()) if header in row.original]

    def _unplaced(self, row: WrongRow, reason: Mapping[str, Any]) -> bool:
        """Whether what is wrong is a region that no cell holds, since a list says where a row's thing stands."""
        region = self.contract.region_column if self.contract is not None else None
        given = self.mapping is not None and (region in self.mapping.columns or region in self.mapping.constants)
        return not given and reason["rule"] == f"{region}.reference" and not self._standing(region or "", row)

    def _without_place(self, row: WrongRow, reason: Mapping[str, Any]) -> Iterator[Fault]:
        """That a list has to be completed; where the thing itself is unknown, that alone is to be said."""
        if not any(one is not reason and str(one["rule"]).endswith(".reference") for one in row.reasons):
            said = text("returns.cell.wrong", LOCALE, message=reason["message"])
            yield Fault(row.row, None, f"{said}\n{text('returns.cell.unplaced', LOCALE)}")

    def _of(self, row: WrongRow, reason: Mapping[str, Any]) -> Iterator[Fault]:
        """One reason at its cell; at both where two do not go together; at the row where rows share a key."""
        rule, names = str(reason["rule"]), [name for name in str(reason["column"] or "").split(", ") if name]
        column = self._column(names[0]) if len(names) == 1 else None
        if column is not None:
            yield from self._faults(row, reason, column)
            return
        said = text("returns.cell.wrong", LOCALE, message=reason["message"])
        headers = dict.fromkeys(header for name in names for header in self._standing(name, row))
        if rule.startswith("key.") or not headers:
            yield Fault(row.row, None, f"{said}\n{text(_row_advice(rule), LOCALE)}")
            return
        for header in headers:
            yield Fault(row.row, header, f"{said}\n{text('returns.do.together', LOCALE)}")

    def _faults(self, row: WrongRow, reason: Mapping[str, Any], column: Column) -> Iterator[Fault]:
        said = [text("returns.cell.wrong", LOCALE, message=reason["message"])]
        headers = self._standing(column.name, row)
        value = reason["value"]
        said.append(text("returns.cell.expected", LOCALE, expected=self.expected(column)))
        meant = self._meant(column, value)
        whole = headers[0] if len(headers) == 1 and self._holds(column.name) else None
        example = meant or self._example(column, whole, row.row)
        if example:
            said.append(example)
        if column.reference not in (None, "region") and meant is None:
            said.append(text("returns.cell.unlisted", LOCALE, list=column.reference))
        if str(reason["rule"]).endswith(SLIP):
            said.append(text("returns.cell.true", LOCALE))
        if not headers:
            said.append(text("returns.cell.not_in_file", LOCALE, column=column.title["id"]))
        for header in headers or (None,):
            yield Fault(row.row, header, "\n".join(said)[:_LONGEST])

    def _holds(self, name: str) -> bool:
        """Whether a column's cells hold its values, which a text made from headers does not."""
        melts = self.mapping.melts if self.mapping is not None else ()
        return self.headers.get(name) is not None or name in {melt.value for melt in melts}

    def _column(self, name: str) -> Column | None:
        try:
            return self.contract.column(name) if self.contract is not None else None
        except KeyError:
            return None

    def expected(self, column: Column) -> str:
        """What belongs in a column, in a few words."""
        said = [self._kind(column)]
        said += self._bounds(column)
        if column.required:
            said.append(text("returns.expect.required", LOCALE))
        return "; ".join(said) + "."

    def _kind(self, column: Column) -> str:
        if column.labels:
            words = [f"{value} ({label})" if label else value for value, label in column.labels.items()]
            return text("returns.expect.values", LOCALE, values=", ".join(words[:_LISTED]))
        if column.reference == "region" and "region" in self.lists:
            known = self.lists["region"].codes
            own = [f"{code} {known.get(code, '')}".strip() for code in sorted(self.regions)]
            return text("returns.expect.region", LOCALE, regions=", ".join(own[:_LISTED]))
        if column.reference:
            return text("returns.expect.list", LOCALE, list=column.reference)
        return text(f"returns.expect.{column.type.value}", LOCALE)

    def _bounds(self, column: Column) -> list[str]:
        if self.contract is None:
            return []
        said = []
        factor = Decimal(self.mapping.factors.get(column.name, "1")) if self.mapping is not None else Decimal(1)
        for rule in self.contract.rules:
            bounds = rule.type == "expect_column_values_to_be_between" and rule.severity is Severity.ROW
            if bounds and rule.kwargs.get("column") == column.name:
                said.append(_between(rule, factor))
        if column.unit:
            word = "returns.expect.unit" if factor == 1 else "returns.expect.unit_factor"
            said.append(text(word, LOCALE, unit=column.unit, factor=number(float(factor), LOCALE)))
        return said

    def _meant(self, column: Column, value: Any) -> str | None:
        """What of the column's list was likely meant by what was written."""
        one = self._meanings.get(column.name)
        code = one.likely(str(value)) if one is not None and value and column.reference != "region" else None
        if one is None or code is None:
            return None
        return text("returns.cell.meant", LOCALE, name=one.name(code) or code, code=code)

    def _example(self, column: Column, header: str | None, row: int) -> str | None:
        """A sound row's cell, in the file's own way of writing; else a plain one."""
        if header is not None and (place := self._places.get(row)) is not None:
            near = self._near(header, place)
            if near is not None:
                return text("returns.cell.example_from", LOCALE, example=near[0], row=near[1])
        if column.labels:
            return text("returns.cell.example", LOCALE, example=next(iter(column.labels)))
        if column.reference == "region" and self.regions:
            return text("returns.cell.example", LOCALE, example=min(self.regions))
        if column.reference in self.lists and self.lists[column.reference or ""].codes:
            code, name = next(iter(self.lists[column.reference or ""].codes.items()))
            return text("returns.cell.example", LOCALE, example=name or code)
        plain = _PLAIN.get(column.type)
        return text("returns.cell.example", LOCALE, example=plain) if plain else None

    def _near(self, header: str, place: int) -> tuple[str, int] | None:
        """The nearest filled cell of a sound row above, else below, with its row."""
        if header not in self._cells:
            self._cells[header] = self.table.data[header].to_pylist()
        cells, numbers = self._cells[header], self.table.row_numbers
        for places in (range(place - 1, max(-1, place - _FAR), -1), range(place + 1, min(len(cells), place + _FAR))):
            for i in places:
                found, at = cells[i], int(numbers[i].as_py())
                if found and found.strip() and at not in self.wrong and at in self.shown:
                    return found, self.shown[at]
        return None


def _between(rule: Rule, factor: Decimal) -> str:
    low, high = (_own(rule.kwargs.get(key), factor) for key in ("min_value", "max_value"))
    if low is None or high is None:
        return text("returns.expect.max" if low is None else "returns.expect.min", LOCALE, value=high or low)
    return text("returns.expect.between", LOCALE, low=low, high=high)


def _own(value: Any, factor: Decimal) -> str | None:
    """A bound of the standard in the file's own unit."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and factor != 1:
        return number(float(Decimal(str(value)) / factor), LOCALE)
    return number(value, LOCALE)


def _row_advice(rule: str) -> str:
    if rule == "key.repeated":
        return "returns.do.repeated"
    if rule == "key.unique":
        return "returns.do.unique"
    return "returns.do.row"


def secret(column: Column | None) -> bool:
    """Whether a column's values are for its owners only and stand nowhere but in the file itself."""
    return column is not None and (column.personal or column.classification is Classification.CLOSED)
