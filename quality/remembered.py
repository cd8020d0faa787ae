"""A delivery against what was confirmed of its source: units that are said otherwise, and how it is to be read now.

A changed header is held by `quality/gate.py` and `quality/cast.py`; here stands what a person is then told: which
column is likely to be which, as `quality/harmonise` sees the new file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import pyarrow.compute as pc

from core.contract import Column, ColumnType, Contract
from core.mapping import DatasetMapping, sources
from core.messages import text
from core.reference import CodeList, fold
from core.table import TextTable
from quality.harmonise import Suggestion, load_words, suggest, units
from quality.harmonise.around import Around
from quality.melt import taken
from quality.outcome import CheckOutcome, Hold

#: The hold of a delivery whose file says another unit than its mapping reckons with.
UNIT = "UNIT_CONTRADICTED"
#: The holds that say how the file is likely to be read now.
ASKING = frozenset({"COLUMNS_CHANGED", "MAPPED_COLUMNS_MISSING", UNIT})
_STORED = "id"
#: What is less likely is not offered.
_LIKELY = 0.5
_ROWS = 2_000  # so many rows tell what a column is
_UNITS_MOST = 12


@dataclass(frozen=True, slots=True)
class Remembering:
    """What a file is held against: its standard and mapping, what a new look needs, and its name."""

    contract: Contract
    mapping: DatasetMapping
    references: Mapping[str, CodeList]
    regions: frozenset[str]
    now: datetime
    dataset: str = "DATASET"


def contradicted(table: TextTable, memory: Remembering) -> list[Hold]:
    """A hold for each column of figures whose file states a unit that the mapping's factor does not fit.

    What the header says counts first, then a column of units, then the words around the table. A unit that was
    confirmed with the mapping (`DatasetMapping.units`) stands, whatever it looks like.
    """
    mapping = memory.mapping
    out = []
    for column, header in _figures(table, memory):
        expected = Decimal(mapping.factors.get(column.name, "1"))
        for said in _stated(table, header):
            factor = units.factor(said, column)
            confirmed = mapping.units.get(column.name)
            if factor is None or factor == expected or (confirmed is not None and fold(confirmed) == fold(said)):
                continue
            values = {
                "column": column.name, "title": column.title["id"], "header": header, "unit": said,
                "standard_unit": column.unit, "stated": _plain(factor), "mapped": _plain(expected), "renewed": "",
            }  # fmt: skip
            out.append(Hold(UNIT, values))
            break
    return list({str(hold.values["column"]): hold for hold in reversed(out)}.values())[::-1]


def _figures(table: TextTable, memory: Remembering) -> Iterator[tuple[Column, str]]:
    """The standard's columns that have a unit, with each header that fills them."""
    contract, mapping = memory.contract, memory.mapping
    measured = {c.name: c for c in contract.columns if c.unit and c.type in (ColumnType.INTEGER, ColumnType.NUMBER)}
    melted = taken(contract, mapping, table.columns, memory.references)
    gone = {one.header for one in melted}
    found = sources(contract, mapping, [header for header in table.columns if header not in gone])
    for name, header in found.items():
        if header is not None and name in measured:
            yield measured[name], header
    for one in melted:
        if one.melt.value in measured:
            yield measured[one.melt.value], one.header


def _stated(table: TextTable, header: str) -> list[str]:
    """The units that a file states for a column; several where a column of units has several."""
    words = load_words()
    if (own := words.header(header).unit) is not None:
        return [own]
    for name in table.columns:
        if "satuan" in words.header(name).tokens and name != header:
            said = [t for t in pc.unique(table.data[name]).to_pylist() if t and units.known(t)]
            if said:
                return said[:_UNITS_MOST]
    around = Around(tuple(t for t in (table.title or "", table.name) if t)).unit(())
    return [around] if around is not None else []


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def with_renewal(outcome: CheckOutcome, table: TextTable, memory: Remembering) -> CheckOutcome:
    """The outcome, whose holds about columns say how the file is likely to be read now.

    Args:
        table: the delivery, or its first rows.
    """
    if not any(hold.code in ASKING for hold in outcome.holds):
        return outcome
    found = suggest(
        [sample(table)],
        {memory.contract.name: memory.contract},
        memory.references,
        regions=memory.regions,
        now=memory.now,
    )
    said = _renewed(found[0], memory) if found and found[0].standard is not None else ""
    holds = tuple(
        replace(hold, values={**hold.values, "renewed": said}) if hold.code in ASKING else hold
        for hold in outcome.holds
    )
    return replace(outcome, holds=holds)


def sample(table: TextTable, rows: int = _ROWS) -> TextTable:
    """The first rows of a table, in memory of their own."""
    if len(table) <= rows:
        return table
    some = list(range(rows))
    return replace(table, data=table.data.take(some), row_numbers=table.row_numbers.take(some))


def _renewed(found: Suggestion, memory: Remembering) -> str:
    """In which columns the new reading differs from the one that was confirmed; empty where in none."""
    mapping = memory.mapping
    melted = {melt.value for melt in mapping.melts}
    stood = {fold(header) for header in mapping.headers} - {fold(header) for header in mapping.columns.values()}
    parts = []
    for one in found.columns:
        if one.to is None or one.role != "column" or one.to in melted or one.confidence < _LIKELY:
            continue
        if fold(one.header) in stood:  # it was there before, and was not meant
            continue
        before = mapping.columns.get(one.to)
        if before is None or fold(before) == fold(one.header):
            factor = mapping.factors.get(one.to)
            if before is None or one.unit is None or one.factor == factor:
                continue
        parts.append(
            text(
                "quality.renewed.column", _STORED, before=before, now=one.header,
                confidence=f"{one.confidence:.2f}".replace(".", ","), factor=one.factor or "1",
            )
        )  # fmt: skip
    if not parts:
        return ""
    return " " + text("quality.renewed", _STORED, columns="; ".join(parts), dataset=memory.dataset)
