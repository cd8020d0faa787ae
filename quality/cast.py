"""Text to types: a delivery's text columns become the contract's columns, and every cell that cannot says why.

Works on the distinct spellings of each column, so that a million rows of a thousand dates cost a thousand dates.
Reading numbers and dates is `core/spellings.py`, choosing a style `core/styles.py`; rules come later, in
`quality/check.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import spellings as values
from core import styles
from core.arrow import ARROW
from core.cells import LARGE, SHOWN, STORED, Cells
from core.clock import zone as zone_of
from core.contract import Column, ColumnType, Contract
from core.mapping import DatasetMapping, missing, sources
from core.messages import text
from core.reference import CodeList
from quality.outcome import Hold, Warned

#: Columns that the cast adds beside the contract's: source row, position, and per column why a cell has no value.
ROW, AT, WHY = "_row", "_at", "_why:"
#: Money is whole rupiah: a price average with sen is rounded, and that is said.
_ROUNDED_UNIT = "rupiah"


@dataclass(slots=True)
class Cast:
    """The typed table and what became of its cells.

    Attributes:
        table: the contract's columns, `_row`, `_at` (position in the source) and `_why:COLUMN` (a sentence, null
            where the cell was read) for each column in `failed`; None where a hold stopped the typing.
        source: contract column to the source header it came from, None where a constant or nothing fills it.
        failed: contract column to the id of the rule that an unreadable cell breaks.
        unreadable: contract column to the share of its filled cells that could not be read.
        foreign: region codes outside the member's own that the delivery speaks about.
    """

    table: pa.Table | None
    source: Mapping[str, str | None]
    failed: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, float] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)


def covers(regions: frozenset[str], code: str) -> bool:
    """Whether a member with these region codes answers for a code; a province answers for its regencies."""
    return any(code == region or code.startswith(region + ".") for region in regions)


def cast(
    connection: duckdb.DuckDBPyConnection,
    source: pa.Table,
    contract: Contract,
    mapping: DatasetMapping | None,
    references: Mapping[str, CodeList],
    *,
    zone: str,
    decided: Mapping[str, str],
    regions: frozenset[str],
    now: datetime,
    shown: Sequence[str] | None = None,
) -> Cast:
    """The typed table of a source (text columns and `_row`); holds where columns, styles or code lists are missing.

    Args:
        zone: where naive moments are read, unless the mapping says another (WIB, WITA, WIT or an IANA name).
        decided: contract column to the style remembered from earlier deliveries or answered by a person.
        regions: the member's own region codes.
        shown: the headers that a steward knows, where the table was made from a wide one.
    """
    headers = [name for name in source.column_names if name != ROW]
    done = Cast(None, sources(contract, mapping, headers))
    stands = _standing(contract, mapping, references, done)
    _hold_incomplete(contract, mapping, references, shown or headers, stands=stands, done=done)
    if done.holds:
        return done
    cells = [Cells.of(source, column, done.source[column.name], mapping) for column in contract.columns]
    caster = _Caster(connection, done, mapping, decided, zone, now)
    for one in cells:
        if (codes := references.get(one.column.reference or "")) is not None:
            one.resolve(codes)
            if one.column.name == contract.region_column:
                _foreign(one, codes, regions, done)
            continue
        match one.column.type:
            case ColumnType.INTEGER | ColumnType.NUMBER:
                caster.number(one)
            case ColumnType.DATE | ColumnType.MOMENT:
                caster.date(one)
            case ColumnType.BOOLEAN:
                one.booleans()
            case ColumnType.TEXT:
                one.labelled()
    if stands is not None:
        _take_regions(cells, stands, contract, references, regions=regions, done=done)
    if not done.holds:
        done.table = _table(source, cells, done)
    return done


def _hold_incomplete(
    contract: Contract,
    mapping: DatasetMapping | None,
    references: Mapping[str, CodeList],
    headers: Sequence[str],
    *,
    stands: str | None,
    done: Cast,
) -> None:
    """Hold the delivery where a column that it should fill, or a code list, is absent."""
    absent = missing(contract, mapping, done.source)
    if stands is not None:
        absent.pop(contract.region_column or "", None)
    if absent:
        listed = ", ".join(f"{name} ({header})" for name, header in absent.items())
        found = ", ".join(headers)
        done.holds.append(Hold("MAPPED_COLUMNS_MISSING", {"columns": listed, "found": found, "renewed": ""}))
    for column in contract.columns:
        if column.reference and column.reference not in references and _filled(column, done, mapping):
            done.holds.append(Hold("REFERENCE_LIST_MISSING", {"column": column.title["id"], "list": column.reference}))


def _standing(
    contract: Contract, mapping: DatasetMapping | None, references: Mapping[str, CodeList], done: Cast
) -> str | None:
    """The column whose code list knows where its things stand, if neither source nor mapping gives the region."""
    region = contract.region_column
    if region is None or done.source[region] is not None:
        return None
    if mapping is not None and (region in mapping.columns or region in mapping.constants):
        return None
    for column in contract.columns:
        codes = references.get(column.reference or "")
        if codes is not None and codes.regions and done.source[column.name] is not None:
            return column.name
    return None


def _take_regions(
    cells: Sequence[Cells],
    stands: str,
    contract: Contract,
    references: Mapping[str, CodeList],
    *,
    regions: frozenset[str],
    done: Cast,
) -> None:
    """Fill the region column with where each row's gauge stands; one whose place is not listed says so."""
    from_, into = (next(c for c in cells if c.column.name == name) for name in (stands, contract.region_column))
    assert from_.typed is not None
    assert into.column.reference is not None
    places = references[from_.column.reference or ""].regions
    names, found = from_.texts.to_pylist(), [places.get(code) for code in from_.typed.to_pylist()]
    into.texts = into.typed = pa.array(found, pa.string())
    unlisted = {"column": into.column.title["id"], "list": from_.column.reference or ""}
    into.why = pa.array(
        [
            text("quality.cast.unplaced", STORED, value=name[:SHOWN], **unlisted) if name and not place else None
            for name, place in zip(names, found, strict=True)
        ],
        pa.string(),
    )
    into.indices = from_.indices
    _foreign(into, references[into.column.reference], regions, done)


def _filled(column: Column, done: Cast, mapping: DatasetMapping | None) -> bool:
    return done.source[column.name] is not None or (mapping is not None and column.name in mapping.constants)


@dataclass(slots=True)
class _Caster:
    """Types one column after the other under the style that its cells, a person or an earlier delivery decided."""

    connection: duckdb.DuckDBPyConnection
    done: Cast
    mapping: DatasetMapping | None
    decided: Mapping[str, str]
    zone: str
    now: datetime

    def choose(self, cells: Cells, evidence: str | None, stated: str) -> str | None:
        """The column's style: what the mapping states, else what the cells show, else what was decided before.

        A remembered style that the cells contradict is asked about again, never applied.
        """
        name = cells.column.name
        if stated != "auto":
            return stated
        remembered = self.decided.get(name)
        if evidence in (None, "any"):
            if remembered is not None:
                self.done.decided[name] = remembered
                return remembered
            if evidence == "any":
                return "any"
        elif remembered in (None, evidence):
            assert evidence is not None
            self.done.decided[name] = evidence
            return evidence
        examples = ", ".join(f"“{t}”" for t in cells.texts.drop_null().slice(0, 3).to_pylist())
        kind = "number" if cells.column.type in (ColumnType.INTEGER, ColumnType.NUMBER) else "date"
        self.done.holds.append(
            Hold(
                "COLUMN_STYLE_UNDECIDED",
                {
                    "column": cells.column.name,
                    "title": cells.column.title["id"],
                    "examples": examples,
                    "choices": "id, en" if kind == "number" else "dmy, mdy, ymd",
                    "remembered": remembered or "-",
                },
            )
        )
        return None

    def number(self, one: Cells) -> None:
        """Types an integer or number column."""
        whole, factor = one.column.type is ColumnType.INTEGER, self._factor(one.column)
        one.numbered()
        read = values.numbers(one.texts, one.column.unit, factor)
        filled = read.kinds[np.asarray(one.texts.is_valid())]
        evidence = styles.number_style(filled, whole=whole and factor is None)
        style = self.choose(one, evidence, self.mapping.number_style if self.mapping else "auto")
        if style is None:
            return
        style = "id" if style == "any" else style
        if whole:
            self._whole(one, read, style, factor)
        else:
            one.typed = read.floats(style)
        assert one.typed is not None
        self._warn("VALUES_MARKED", one, values.marked(one.texts) & np.asarray(one.typed.is_valid()))
        one.explain("quality.cast.integer" if whole else "quality.cast.number")

    def _whole(self, one: Cells, read: values.Numbers, style: str, factor: Decimal | None) -> None:
        number, exact = read.wholes(style)
        if one.column.unit == _ROUNDED_UNIT:
            # three digits behind the mark may be a thousand written by somebody else: never rounded away
            certain = ~np.isin(read.kinds, (values.DOT, values.COMMA)) | (factor is not None)
            rounded = ~exact & certain & np.asarray(number.is_valid())
            self._warn("ROUNDED", one, rounded)
            exact = exact | rounded
        one.typed = pc.if_else(pa.array(exact), number, pa.scalar(None, pa.int64()))

    def date(self, one: Cells) -> None:
        """Types a date or moment column."""
        zone = str(zone_of((self.mapping.zone if self.mapping else None) or self.zone))
        read = values.dates(one.texts, self.now.year)
        evidence = styles.date_style(read, self.now.year + 1)
        style = self.choose(one, evidence, self.mapping.date_style if self.mapping else "auto")
        if style is None:
            return
        order = next((s for s in values.STYLES if s == style), values.STYLES[0])
        if one.column.type is ColumnType.DATE:
            one.typed = read.dates(order, self.connection, zone)
            one.explain("quality.cast.date")
            return
        one.typed = read.moments(order, self.connection, zone)
        one.explain("quality.cast.moment")
        self._warn("MOMENT_WITHOUT_TIME", one, ~read.timed & np.asarray(one.typed.is_valid()))

    def _warn(self, code: str, one: Cells, spellings: values.Bools) -> None:
        """Remark how many rows have one of these spellings, if any has."""
        if count := one.count(spellings):
            self.done.warnings.append(Warned(code, {"column": one.column.title["id"], "rows": count}))

    def _factor(self, column: Column) -> Decimal | None:
        return values.factor_of(self.mapping.factors.get(column.name) if self.mapping else None, column.name)


def _foreign(one: Cells, codes: CodeList, regions: frozenset[str], done: Cast) -> None:
    present = set(pc.unique(one.used()).drop_null().to_pylist())
    done.foreign = {code: codes.codes.get(code, code) for code in sorted(present) if not covers(regions, code)}


def _rule(column: Column) -> str:
    return f"{column.name}.{'reference' if column.reference else column.type.value}"


def _table(source: pa.Table, cells: Sequence[Cells], done: Cast) -> pa.Table:
    data: dict[str, pa.Array] = {}
    whys: dict[str, pa.Array] = {}
    for one in cells:
        if one.why is not None:
            filled, failed = one.filled(), one.count(np.asarray(one.why.is_valid()))
            if failed and filled:
                whys[WHY + one.column.name] = one.spread(one.why)
                done.failed[one.column.name] = _rule(one.column)
                done.unreadable[one.column.name] = failed / filled
        assert one.typed is not None
        data[one.column.name] = one.spread(one.typed.cast(ARROW[one.column.type]))
        one.forget()
    data[ROW] = source[ROW].combine_chunks()
    data[AT] = pa.array(np.arange(source.num_rows, dtype=np.int64))
    if source.num_rows > LARGE:
        pa.default_memory_pool().release_unused()
    return pa.table(data | whys)
