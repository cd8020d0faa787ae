"""What the source wrote where a published row has a value: read again from the landed bytes, by the number of the row.

Nothing is stored for it: the bytes, and the mapping with which they were read, are kept with every snapshot. Units,
styles, codes and headers that became values are so seen beside what they were made into.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog import lineage
from catalog.lineage import Lineage
from catalog.models import Resource
from catalog.writing import reading
from core.contract import Column, Contract
from core.mapping import DatasetMapping, Match, Melt
from core.reference import fold
from core.table import TextTable
from federation.readers import read
from quality.cast import ROW, Cast, cast
from quality.melt import Long, melted
from services.errors import OriginalUnknown
from services.granary import Granary
from services.intake.choose import mapped_table
from services.intake.take_in import read_limits


@dataclass(frozen=True, slots=True)
class Original:
    """One value of a row beside what it was made from.

    Attributes:
        column: the standard's column; `title` is what people call it.
        value: what was published, as it reads today; None where nothing was.
        original: the cell as the source wrote it, None where it wrote none.
        header: the source's header of that cell, None for what the mapping gives all rows.
        factor: what the number was multiplied with; `style`: how it was read (`dmy`, `id`); `code`: it was resolved
            with this code list; `word`: what a person said that the source means by this word.
    """

    column: str
    title: str
    value: Any
    original: str | None
    header: str | None
    factor: str | None = None
    style: str | None = None
    code: str | None = None
    word: str | None = None

    @property
    def converted(self) -> bool:
        """Whether the value is not what the source wrote, letter by letter."""
        return self.value is not None and str(self.value) != self.original


def originals(granary: Granary, seq: int, row: int) -> list[list[Original]]:
    """The values of the rows that a source row became in a snapshot, each beside what the source wrote.

    Args:
        seq: the snapshot (`_snapshot` of a published row); `row`: the source row (`_row`).

    Raises:
        OriginalUnknown: the snapshot came from no file, or its file has no such row.
        AsOfUnknown: no snapshot has this number. LumbungError: the landed bytes are gone or damaged.
    """
    with reading(granary.sessions) as session:
        found = lineage.of(session, seq)
        resource = session.get_one(Resource, found.resource_id)
        name, mime = resource.name, resource.mime
    contract = granary.contracts.get(found.contract or "")
    if found.landed_sha256 is None or contract is None or found.mapping is None:
        raise OriginalUnknown(snapshot=seq, row=row)
    mapping = _mapping(found)
    tables = read(granary.landing.open(found.landed_sha256), name, mime=mime, limits=read_limits(granary)).tables
    table = mapped_table(tables, mapping)
    wide = _rows(table, row) if table is not None else None
    if wide is None or not wide.num_rows:
        raise OriginalUnknown(snapshot=seq, row=row)
    long = melted(wide, contract, mapping, granary.references)
    cells, how = (wide, mapping) if long is None else (long.table, long.mapping)
    telling = _Telling(contract, mapping, _cast(granary, found, contract, cells, how), wide, long)
    return [telling.row(at) for at in range(cells.num_rows)]


def _mapping(found: Lineage) -> DatasetMapping:
    said = dict(found.mapping or {})
    said.pop("styles", None)
    melts = tuple(Melt(**{**melt, "columns": tuple(melt.get("columns", ()))}) for melt in said.pop("melts", ()))
    return DatasetMapping(**{"contract": found.contract or "", **said, "match": Match(), "melts": melts})


def _rows(table: TextTable, row: int) -> pa.Table:
    data = table.data.append_column(ROW, table.row_numbers)
    return data.filter(pc.equal(data[ROW], row)).combine_chunks()


def _cast(granary: Granary, found: Lineage, contract: Contract, table: pa.Table, mapping: DatasetMapping) -> Cast:
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        return cast(
            connection, table, contract, mapping, granary.references,
            zone=granary.settings.timezone, decided=(found.mapping or {}).get("styles", {}),
            regions=granary.registry.member(found.member).regions, now=found.fetched_at,
        )  # fmt: skip
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class _Telling:
    """The rows that one source row became."""

    contract: Contract
    mapping: DatasetMapping
    done: Cast
    wide: pa.Table
    long: Long | None

    def row(self, at: int) -> list[Original]:
        """One row's values beside what the source wrote."""
        return [one for column in self.contract.columns if (one := self._value(column, at)) is not None]

    def _value(self, column: Column, at: int) -> Original | None:
        own = self.done.source.get(column.name)
        cells = self.wide if self.long is None else self.long.table
        value = self.done.table[column.name][at].as_py() if self.done.table is not None else None
        written = cells[own][at].as_py() if own is not None else self.mapping.constants.get(column.name)
        if value is None and written is None:
            return None
        melted_at = self.long.header([column.name], np.array([at], np.int64)) if self.long is not None else None
        header = melted_at[0] if melted_at is not None else own if own in self.wide.column_names else None
        return Original(
            column=column.name, title=column.title["id"], value=value, original=written, header=header,
            factor=self.mapping.factors.get(column.name), style=_style(column, self.mapping, self.done),
            code=column.reference if own is not None else None,
            word=self.mapping.words(column.name).get(fold(written)) if written is not None else None,
        )  # fmt: skip


def _style(column: Column, mapping: DatasetMapping, done: Cast) -> str | None:
    stated = mapping.date_style if column.type.value in ("date", "moment") else mapping.number_style
    if column.type.value not in ("date", "moment", "integer", "number"):
        return None
    return stated if stated != "auto" else done.decided.get(column.name)
