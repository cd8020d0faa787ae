"""What the checks share: conditions as SQL, where a value stands, and when two numbers are the same."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from core.contract import Contract
from core.contract_checks import Where
from core.rows import Value
from core.rows_duckdb import quoted
from quality.beyond.finding import NAMED, Kind, Row, Rows, Unmade
from quality.report.model import Fact

#: A row of the relation as one value, and back again with `row_of`.
ROW = "{'member': _member, 'source': _source, 'dataset': _dataset, 'resource': _resource, 'row': _row}"
#: Smaller shares come of reckoning with fractions.
EPSILON = 1e-9


@dataclass(slots=True)
class Bound:
    """The values of one statement, in the order of their places."""

    params: list[object] = field(default_factory=list)

    def __call__(self, value: object) -> str:
        """The place of a value in the statement."""
        self.params.append(value)
        return f"${len(self.params)}"

    def is_(self, column: str, value: object) -> str:
        """That a column holds a value, an empty cell included."""
        return f"{quoted(column)} IS NULL" if value is None else f"{quoted(column)} = {self(value)}"

    def where(self, condition: Where) -> str:
        """A declared condition, true where it asks nothing."""
        return " AND ".join(["true", *(self.is_(column, value) for column, value in condition.items())])


def names(columns: Iterable[str], of: str = "") -> str:
    """Columns as they stand in a SELECT."""
    return ", ".join(f"{of}{quoted(c)}" for c in columns)


def row_of(raw: Any) -> Row:
    """A row from what `ROW` gave."""
    return Row(raw["member"], raw["source"], raw["dataset"], raw["resource"], raw["row"])


def rows_of(raw: Sequence[Any]) -> tuple[Row, ...]:
    """The first rows of a list of them."""
    return tuple(row_of(one) for one in raw[:NAMED])


def apart(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two values differ by more than a share of the larger one; texts differ or do not."""
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return bool(one != other)
    return abs(one - other) > max(tolerance, EPSILON) * max(abs(one), abs(other))


def number(value: Any) -> Value | None:
    """A number as people count: whole where it is whole, else with six digits after the point."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if value.is_integer() and abs(value) < 2**53 else round(value, 6)
    return None if value is None else value if isinstance(value, str | int | bool | date | datetime) else str(value)


def fact(value: Any) -> Fact:
    """A value as a sentence can hold it."""
    plain = number(value)
    return plain.isoformat() if isinstance(plain, date | datetime) else plain


def facts(columns: Sequence[str], values: Sequence[Any]) -> dict[str, Fact]:
    """A key as a finding carries it."""
    return {column: fact(value) for column, value in zip(columns, values, strict=True)}


def told(key: Mapping[str, Fact]) -> str:
    """A key in a sentence: `2026 · L`; empty cells are left out, as `year` needs no thousands apart."""
    return " · ".join(str(value) for value in key.values() if value not in (None, ""))


def title_of(contract: Contract, column: str) -> str:
    """What people call a column, in Indonesian as sentences of the gate have it."""
    return contract.column(column).title["id"]


def percent(share: float) -> str:
    """A tolerance in a sentence: `0`, `0.5`."""
    return f"{share * 100:g}"


def unreadable(kind: Kind, rule: str, columns: Iterable[str], rows: Rows) -> Unmade | None:
    """That a rule speaks of columns that the look may not read; None where it may read all of them."""
    closed = sorted(set(columns) - rows.columns)
    return Unmade(kind, rule, "finding.unmade.closed", {"columns": ", ".join(closed)}) if closed else None


def first_day(key: Mapping[str, Fact]) -> date | None:
    """The first day of the time that a key names with `year` and `month` or with a date; None where it names none."""
    if isinstance(day := key.get("date"), str):
        return date.fromisoformat(day[:10])
    year, month = key.get("year"), key.get("month", 1)
    if isinstance(year, int) and isinstance(month, int) and 1 <= year <= 9999 and 1 <= month <= 12:
        return date(year, month, 1)
    return None
