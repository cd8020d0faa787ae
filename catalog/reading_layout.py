"""How the rows of a readings contract lie in the one table of readings, and come out of it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from core.contract import ColumnType, Contract, Storage


def kept(contract: Contract | None) -> bool:
    """Whether a contract's rows are readings."""
    return contract is not None and contract.storage is Storage.READINGS


@dataclass(frozen=True)
class Layout:
    """How the rows of a readings contract lie in the table; `core/contracts.py` sees to it that they can."""

    contract: Contract
    zone: ZoneInfo

    @cached_property
    def time(self) -> str:
        """The column with the date or moment."""
        assert self.contract.time_column is not None
        return self.contract.time_column

    @cached_property
    def dated(self) -> bool:
        """Whether readings have a date instead of a moment."""
        return self.contract.column(self.time).type is ColumnType.DATE

    @cached_property
    def value(self) -> str:
        """The column with what was read."""
        return next(c.name for c in self.contract.columns if c.type is ColumnType.NUMBER and not c.key)

    @cached_property
    def gauge(self) -> tuple[str, ...]:
        """The columns that name the gauge."""
        return tuple(k for k in self.contract.key if k != self.time)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The columns that have no place of their own."""
        own = {self.time, self.value, self.contract.region_column, *(self.gauge if len(self.gauge) == 1 else ())}
        return tuple(c.name for c in self.contract.columns if c.name not in own)

    def midnight(self, day: date) -> datetime:
        """The moment a local day begins, in UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def cells(self, row: Mapping[str, Any]) -> "Cells":
        """A row of the contract as a reading."""
        when = row[self.time]
        parts = [str(row[name]) for name in self.gauge]
        if len(parts) > 1:
            parts = [part.replace("%", "%25").replace("/", "%2F") for part in parts]
        region = self.contract.region_column
        return Cells(
            gauge="/".join(parts),
            at=self.midnight(when) if self.dated else when.astimezone(UTC),
            day=when if self.dated else when.astimezone(self.zone).date(),
            value=float(row[self.value]),
            region=row[region] if region is not None else None,
            texts={name: row[name] for name in self.texts if row[name] is not None},
            row=row.get("_row"),
        )

    def columns(self, readings: Sequence[Any]) -> dict[str, list[Any]]:
        """Readings (anything with their attributes) as the contract's columns, then `_row`."""
        out: dict[str, list[Any]] = {}
        for column in self.contract.columns:
            name = column.name
            if name == self.time:
                out[name] = [r.day if self.dated else r.at for r in readings]
            elif name == self.value:
                out[name] = [r.value for r in readings]
            elif name == self.contract.region_column:
                out[name] = [r.region for r in readings]
            elif self.gauge == (name,):
                out[name] = [r.gauge for r in readings]
            else:
                out[name] = [r.texts.get(name) for r in readings]
        return {**out, "_row": [r.row for r in readings]}


@dataclass(frozen=True, slots=True)
class Cells:
    """One reading on its way into the table."""

    gauge: str
    at: datetime
    day: date
    value: float
    region: str | None
    texts: dict[str, Any]
    row: int | None

    @property
    def content(self) -> tuple[object, ...]:
        """What makes another value of it."""
        return self.value, self.region, self.texts
