"""Wide to long: a table whose headers are values becomes rows of the standard's columns, before the cast.

What a header says is `quality/headers.py`'s; what a melt means is written at `core.mapping.Melt`. Each long row keeps
its place in the wide table and each value its header, so that errors and returns speak of cells that are there.
Arrays throughout: no Python loop runs over rows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core import spellings as values
from core.contract import Column, ColumnType, Contract
from core.mapping import DatasetMapping, Like, Melt
from core.reference import CodeList, fold
from quality.headers import day_of, in_list, month_of, squeezed, time_in, year_of

ROW = "_row"
_PLACE = re.compile(r"\{([^{}]*)\}")
_TIMES = {"year": year_of, "month": month_of, "day": day_of}
_MISSING = pa.array(sorted(values.MISSING))
_NO_ZEROS = r"^([0-9]{1,4})\.0+$"  # a year as a spreadsheet gives it
_DEFAULTS: Mapping[tuple[Like, ColumnType], str] = {
    ("year", ColumnType.INTEGER): "{year}",
    ("month", ColumnType.INTEGER): "{month}",
    ("date", ColumnType.INTEGER): "{day}",
}
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Taken:
    """One header that a melt takes: what it says, as texts in which only `{Other header}` is still open."""

    melt: Melt
    header: str
    texts: Mapping[str, str]


def taken(
    contract: Contract, mapping: DatasetMapping, headers: Sequence[str], references: Mapping[str, CodeList]
) -> list[Taken]:
    """Which of a table's headers are values, in their order, each for the first melt that has or knows it."""
    if not mapping.melts:
        return []
    used = {fold(header) for header in mapping.columns.values()}
    own = [{fold(header) for header in melt.columns} for melt in mapping.melts]
    out = []
    for header in headers:
        if fold(header) in used:
            continue
        reads = (_Header(contract, mapping, melt, references, header) for melt in mapping.melts)
        listed = [i for i, folded in enumerate(own) if fold(header) in folded]
        found = [one for i, one in enumerate(reads) if i in listed or (not listed and one.known())]
        if found:
            out.append(Taken(found[0].melt, header, found[0].texts()))
    return out


def standing(
    contract: Contract, mapping: DatasetMapping | None, headers: Sequence[str], references: Mapping[str, CodeList]
) -> dict[str, list[str]]:
    """Contract column to the headers at which its values, or what they are made of, stand; only where it is spread."""
    out: dict[str, dict[str, None]] = {}
    if mapping is None:
        return {}
    by_fold = {fold(header): header for header in reversed(headers)}
    found = [(one.header, {**one.texts, one.melt.value: ""}) for one in taken(contract, mapping, headers, references)]
    for header, texts in found:
        for name in texts:
            out.setdefault(name, {})[header] = None
    made = [mapping.written, *(texts for _, texts in found)]
    for name, template in (pair for texts in made for pair in texts.items()):
        for part in _PLACE.findall(template):
            if (own := by_fold.get(fold(part))) is not None:
                out.setdefault(name, {})[own] = None
    return {name: list(own) for name, own in out.items()}


@dataclass(slots=True)
class _Header:
    """One header as one melt reads it."""

    contract: Contract
    mapping: DatasetMapping
    melt: Melt
    references: Mapping[str, CodeList]
    header: str
    parts: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = {}
        melt, said = self.melt, squeezed(self.header)
        if melt.pattern is not None:
            if (found := re.fullmatch(melt.pattern, said, re.IGNORECASE)) is not None:
                groups = {name: " ".join(text.split()) for name, text in found.groupdict().items() if text}
                self.parts = {n: _TIMES[n](t) or "" if n in _TIMES else t for n, t in groups.items()}
        elif melt.like not in (None, "known"):
            first = self.mapping.date_style == "mdy"
            self.parts = time_in(self.header, melt.like, month_first=first) or {}

    def known(self) -> bool:
        """Whether the melt knows such a header without having been told of this one."""
        if self.melt.pattern is not None or self.melt.like != "known":
            return bool(self.parts) and all(self._sound(name, text) for name, text in self.parts.items())
        return self.melt.names is not None and self._sound(self.melt.names, squeezed(self.header))

    def _sound(self, name: str, text: str) -> bool:
        column = _column(self.contract, name)
        if name in _TIMES or column is None or not (column.reference or column.labels):
            return bool(text)
        return in_list(text, column, self.references.get(column.reference or ""), self.mapping.words(name))

    def texts(self) -> dict[str, str]:
        """Contract column to its text, with the header's parts filled in."""
        melt = self.melt
        said = {n: t for n, t in self.parts.items() if _column(self.contract, n) is not None}
        if melt.names is not None and melt.names not in melt.written:
            said[melt.names] = self._default(_column(self.contract, melt.names))
        said |= {name: _PLACE.sub(self._part, text) for name, text in melt.written.items()}
        return {name: text for name, text in said.items() if _column(self.contract, name) is not None}

    def _default(self, column: Column | None) -> str:
        like = self.melt.like
        dated = column is not None and column.type in (ColumnType.DATE, ColumnType.MOMENT)
        if dated and like in ("year", "month", "date") and "year" in self.parts:
            return f"{self.parts['year']}-{self.parts.get('month', '01')}-{self.parts.get('day', '01')}"
        if like is not None and column is not None and (template := _DEFAULTS.get((like, column.type))):
            return _PLACE.sub(self._part, template)
        return squeezed(self.header)

    def _part(self, found: re.Match[str]) -> str:
        if not found[1]:
            return squeezed(self.header)
        return self.parts.get(found[1], found[0])


def _column(contract: Contract, name: str) -> Column | None:
    return next((c for c in contract.columns if c.name == name), None)


@dataclass(frozen=True, slots=True)
class Long:
    """A wide table as the rows of its values.

    Attributes:
        table: text columns, and `_row`, the source's row number, which several rows may share.
        mapping: which of these columns fills which of the standard's.
        place: of each row its position in the wide table.
        kind: of each row which set of headers it comes from.
        headers: contract column to the header of its cell in each such set, None where a set has none; also of the
            columns that take their text from the header.
        free: the wide table's headers that are none of these.
    """

    table: pa.Table
    mapping: DatasetMapping
    place: Ints
    kind: Ints
    headers: Mapping[str, Sequence[str | None]]
    free: Sequence[str]

    def header(self, columns: Sequence[str], at: Ints) -> list[str | None] | None:
        """The header at which some rows' cells of some contract columns stand; None where these are not melted."""
        for name in columns:
            if (found := self.headers.get(name)) is not None:
                return [found[kind] for kind in self.kind[at].tolist()]
        return None

    def parts(self, wide: Sequence[str], at: Ints) -> Iterator[tuple[list[str], Ints]]:
        """The headers, in the wide table's order, whose cells some rows come from, and which of the rows those are."""
        kinds = self.kind[at]
        for kind in np.unique(kinds).tolist():
            own = {*self.free, *(found[kind] for found in self.headers.values())}
            yield [header for header in wide if header in own], np.flatnonzero(kinds == kind)


def melted(
    wide: pa.Table, contract: Contract, mapping: DatasetMapping | None, references: Mapping[str, CodeList]
) -> Long | None:
    """The rows that a mapping makes of a wide table (text columns and `_row`); None where it melts and writes nothing.

    A value none of whose headers is there, or a text whose other header is not, becomes no column: the mapping then
    names what was looked for, and the cast holds the delivery.
    """
    if mapping is None or not (mapping.melts or mapping.written):
        return None
    headers = [name for name in wide.column_names if name != ROW]
    found = taken(contract, mapping, headers, references)
    return _Melting(wide, contract, mapping, headers, found).long()


@dataclass(slots=True)
class _Set:
    """The headers that together give one row of each source row: contract column of the value to the header."""

    texts: Mapping[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    keep: bool = False


def _sets(found: Sequence[Taken]) -> list[_Set]:
    """The headers by what they say; a second header that says the same of the same value begins a set of its own."""
    out: list[_Set] = []
    same: dict[tuple[tuple[str, str], ...], list[_Set]] = {}
    for one in found:
        alike = same.setdefault(tuple(sorted(one.texts.items())), [])
        into = next((s for s in alike if one.melt.value not in s.headers), None)
        if into is None:
            into = _Set(one.texts)
            alike.append(into)
            out.append(into)
        into.headers[one.melt.value] = one.header
        into.keep |= one.melt.keep_empty
    return out


class _Melting:
    """One table on its way from wide to long."""

    def __init__(
        self,
        wide: pa.Table,
        contract: Contract,
        mapping: DatasetMapping,
        headers: Sequence[str],
        found: Sequence[Taken],
    ) -> None:
        self.wide, self.contract, self.mapping = wide, contract, mapping
        gone = {one.header for one in found}
        self.free = [header for header in headers if header not in gone]
        self.by_fold: dict[str, str] = {}
        for header in self.free:
            self.by_fold.setdefault(fold(header), header)
        self.sets = _sets(found)
        self.place: Ints = np.arange(wide.num_rows, dtype=np.int64)
        self.kind: Ints = np.zeros(wide.num_rows, np.int64)
        self.made: dict[str, pa.Array] = {}  # contract column to its cells
        self.absent: dict[str, str] = {}  # contract column to what was looked for

    def long(self) -> Long:
        if self.sets:
            self._values()
            for name in dict.fromkeys(name for one in self.sets for name in one.texts):
                self._named(name)
        for melt in self.mapping.melts:
            if melt.value not in self.made:
                self.absent[melt.value] = ", ".join(melt.columns[:3]) or melt.pattern or melt.like or "-"
        for name, text in self.mapping.written.items():
            if name not in self.made:
                self._written(name, text)
        return Long(self._table(), self._mapping(), self.place, self.kind, self._headers(), self.free)

    # -- values ---------------------------------------------------------------------------------------------------

    def _values(self) -> None:
        """Which cells say something, and so which rows there are; then each value's cells by row."""
        rows, sets = self.wide.num_rows, self.sets
        says = np.zeros((rows, len(sets)), np.bool_)
        says[:, [i for i, one in enumerate(sets) if one.keep]] = True
        cells: dict[str, tuple[npt.NDArray[np.int32], pa.Array]] = {}
        for name in dict.fromkeys(name for one in sets for name in one.headers):
            at = [i for i, one in enumerate(sets) if name in one.headers]
            codes, words = _coded([self.wide[sets[i].headers[name]] for i in at])
            spread = np.full((rows, len(sets)), -1, np.int32)
            spread[:, at] = codes
            meant = np.append(_meant(words), False)  # the last is what -1 finds
            says |= meant[spread]
            cells[name] = spread, words
        flat = np.flatnonzero(says)
        self.place, self.kind = flat // len(sets), flat % len(sets)
        for name, (spread, words) in cells.items():
            chosen = spread.ravel()[flat]
            self.made[name] = pa.DictionaryArray.from_arrays(pa.array(chosen, mask=chosen < 0), words)

    # -- texts made from headers and cells ------------------------------------------------------------------------

    def _named(self, name: str) -> None:
        """A column that takes its text from the header, and maybe from other cells of the row."""
        templates = [one.texts.get(name) for one in self.sets]
        if not any(_PLACE.search(template) for template in templates if template is not None):
            texts = list(dict.fromkeys(template for template in templates if template is not None))
            codes = np.array([texts.index(t) if t is not None else -1 for t in templates], np.int32)[self.kind]
            self.made[name] = pa.DictionaryArray.from_arrays(
                pa.array(codes, mask=codes < 0), pa.array(texts, pa.string())
            )
            return
        parts: list[pa.Array] = []
        order: list[Ints] = []
        for kind, template in enumerate(templates):
            mine = np.flatnonzero(self.kind == kind)
            cells = self._filled(name, template, self.place[mine])
            if cells is None:
                return
            parts.append(cells)
            order.append(mine)
        back = np.empty(len(self.kind), np.int64)
        back[np.concatenate(order)] = np.arange(len(self.kind))
        self.made[name] = pa.concat_arrays(parts).take(pa.array(back))

    def _written(self, name: str, template: str) -> None:
        cells = self._filled(name, template, self.place)
        if cells is not None:
            self.made[name] = cells

    def _filled(self, name: str, template: str | None, places: Ints) -> pa.Array | None:
        """A template's text by row, null where a cell that it needs is empty; None where a header of it is absent."""
        if template is None:
            return pa.nulls(len(places), pa.string())
        pieces: list[pa.Array | pa.Scalar] = []
        for words, header in _pieces(template):
            pieces.append(pa.scalar(words))
            if header is None:
                continue
            own = self.by_fold.get(fold(header))
            if own is None:
                self.absent[name] = header
                return None
            pieces.append(_said(self.wide[own].combine_chunks().take(pa.array(places))))
        text = pc.binary_join_element_wise(*pieces, "")
        return text if isinstance(text, pa.Array) else pa.repeat(text, len(places))

    # -- what comes of it -----------------------------------------------------------------------------------------

    def _columns(self) -> dict[str, str]:
        """Contract column to the header under which the long table has what was made."""
        out: dict[str, str] = {}
        for name in self.made:
            label = self.contract.column(name).title["id"]
            while fold(label) in self.by_fold or label in out.values():
                label += " (lebar)"
            out[name] = label
        return out

    def _mapping(self) -> DatasetMapping:
        constants = {k: v for k, v in self.mapping.constants.items() if k not in self.made and k not in self.absent}
        columns = {**self.mapping.columns, **self._columns(), **self.absent}
        return replace(self.mapping, columns=columns, constants=constants, written={}, melts=())

    def _headers(self) -> dict[str, list[str | None]]:
        named = dict.fromkeys(name for one in self.sets for name in one.texts)
        valued = dict.fromkeys(name for one in self.sets for name in one.headers)
        first = [next(iter(one.headers.values())) for one in self.sets]
        out: dict[str, list[str | None]] = {name: [*first] for name in named}
        return out | {name: [one.headers.get(name) for one in self.sets] for name in valued}

    def _table(self) -> pa.Table:
        whole = len(self.place) == self.wide.num_rows and not self.sets
        at = pa.array(self.place)
        data: dict[str, pa.Array] = {}
        for header in self.free:
            cells = self.wide[header].combine_chunks()
            data[header] = cells if whole else _encoded(cells).take(at)
        columns = self._columns()
        data |= {columns[name]: cells for name, cells in self.made.items()}
        data[ROW] = self.wide[ROW].combine_chunks().take(at)
        return pa.table(data)


def _encoded(cells: pa.Array) -> pa.Array:
    return cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()


def _coded(columns: Sequence[pa.ChunkedArray]) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """The cells of some columns of equal length as numbers into one list of words, -1 for null: a column each."""
    cells = pa.chunked_array([column.cast(pa.string()).combine_chunks() for column in columns], pa.string())
    coded = cells.dictionary_encode().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    codes = np.asarray(pc.fill_null(coded.indices, -1)).astype(np.int32)
    return codes.reshape(len(columns), -1).T, coded.dictionary


def _meant(words: pa.Array) -> npt.NDArray[np.bool_]:
    """Which words say something: not `-` and its like."""
    bare = pc.utf8_lower(pc.utf8_trim_whitespace(words))
    return ~np.asarray(pc.is_in(bare, value_set=_MISSING))


def _said(cells: pa.Array) -> pa.Array:
    """Cells as they go into a text: bare, null for what says nothing, a year without its decimals."""
    bare = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    absent = pc.is_in(pc.utf8_lower(bare), value_set=_MISSING)
    return pc.if_else(absent, pa.scalar(None, pa.string()), pc.replace_substring_regex(bare, _NO_ZEROS, r"\1"))


def _pieces(template: str) -> Iterator[tuple[str, str | None]]:
    """A template as words and the header whose cell follows them."""
    end = 0
    for found in _PLACE.finditer(template):
        yield template[end : found.start()], found[1]
        end = found.end()
    yield template[end:], None
