"""Found rows to a `TextTable`: unique names, text columns, row numbers, limits; nothing is dropped unsaid."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.table import Note, Place, TextTable
from federation.readers.bulk import Bulk, each
from federation.readers.errors import FieldTooLarge, TooManyColumns, TooManyRows
from federation.readers.finder import TOTAL, Found, note_totals
from federation.readers.result import ReadLimits
from federation.readers.wide import wide

#: The numbers of rows that are too short, and of those that are too long.
Ragged = tuple[Sequence[int], Sequence[int]]


def some(name: str, i: int) -> str:
    """The name of the i-th table (from 0) of one sheet or file."""
    return name if i == 0 else f"{name}#{i + 1}"


def unique_names(header: Sequence[str], positions: Sequence[int] = ()) -> tuple[list[str], list[Note]]:
    """Names as columns need them: `kolom_3` for an empty one, `nama_2` for the second of its name; remarked (F22).

    Names that differ only in case are one name to a database, so `Bulan` and `bulan` are told apart as well.
    """
    names: list[str] = []
    notes: list[Note] = []
    empty: list[str] = []
    doubled: list[str] = []
    taken: set[str] = {" ".join(name.split()).casefold() for name in header}
    used: set[str] = set()
    for i, raw in enumerate(header):
        base = " ".join(raw.split())
        if not base:
            base = f"kolom_{(positions[i] if positions else i) + 1}"
            empty.append(base)
        name, n = base, 1
        while name.casefold() in used or (n > 1 and name.casefold() in taken):
            n += 1
            name = f"{base}_{n}"
        if n > 1:
            doubled.append(name)
        used.add(name.casefold())
        names.append(name)
    if empty:
        notes.append(Note("reader.header_empty", {"columns": shown(empty)}))
    if doubled:
        notes.append(Note("reader.header_doubled", {"columns": shown(doubled)}))
    return names, notes


def shown(values: Sequence[str]) -> str:
    """The first ten of a list, for a sentence."""
    return ", ".join(values[:10]) + (" …" if len(values) > 10 else "")


def build(
    found: Found,
    name: str,
    place: Place,
    limits: ReadLimits,
    *,
    dialect: dict[str, str],
    notes: Sequence[Note] = (),
) -> TextTable:
    """The text table of one found table; `dialect` is empty for sheets."""
    reach = max((line.last + 1 for line in found.rows), default=0)
    if found.header is None and dialect and found.rows:
        # Without names, a column that is empty throughout may still be one: the file gave it its place.
        reach = max(reach, len(found.rows[0].cells))
    width = max(len(found.header) if found.header is not None else 0, reach)
    _check_size(place, width, len(found.rows), limits)
    columns = [[line.cells[i] if i < len(line.cells) else "" for line in found.rows] for i in range(width)]
    _check_fields(columns, found, place, limits)
    arrays = [pa.chunked_array([_texts(cells)]) for cells in columns]
    numbers = pa.array([line.number for line in found.rows], pa.int64())
    remarks = [*notes, *found.notes]
    return _finish(found, arrays, numbers, name=name, place=place, dialect=dialect, remarks=remarks)


def build_bulk(
    middle: Bulk,
    found: Found,
    name: str,
    place: Place,
    limits: ReadLimits,
    *,
    dialect: dict[str, str],
    notes: Sequence[Note],
) -> TextTable:
    """The text table of rows parsed in bulk, with the found table's rows behind them."""
    header = found.header or []
    width = max(len(header), middle.data.num_columns, max((line.last + 1 for line in found.rows), default=0))
    _check_size(place, width, middle.data.num_rows + len(found.rows), limits)
    for position, column in enumerate(middle.data.columns):
        sizes = each(column, pc.binary_length)
        if (pc.max(sizes).as_py() or 0) > limits.field_max_bytes:
            row = pc.index(pc.greater(pc.fill_null(sizes, 0), limits.field_max_bytes), pa.scalar(value=True)).as_py()
            where = Place(place.file, place.member, None, middle.numbers[row].as_py(), position + 1)
            raise FieldTooLarge(where, size=sizes[row].as_py(), limit=limits.field_max_bytes)
    rest = [[line.cells[i] if i < len(line.cells) else "" for line in found.rows] for i in range(width)]
    _check_fields(rest, found, place, limits)
    empty = pa.nulls(middle.data.num_rows, pa.string())
    parsed = [middle.data.column(i) if i < middle.data.num_columns else pa.chunked_array([empty]) for i in range(width)]
    arrays = [_continued(p, _texts(r)) for p, r in zip(parsed, rest, strict=True)]
    numbers = pa.concat_arrays([middle.numbers, pa.array([line.number for line in found.rows], pa.int64())])
    found.notes = [note for note in found.notes if note.code != "reader.total_rows"]
    note_totals(found, _bulk_totals(middle))
    remarks = [*notes, *found.notes]
    ragged = _bulk_ragged(middle, header)
    return _finish(found, arrays, numbers, name=name, place=place, dialect=dialect, remarks=remarks, ragged=ragged)


def _continued(column: pa.ChunkedArray, rest: pa.StringArray) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(column.type):
        return pa.chunked_array([*column.chunks, rest])
    return pa.chunked_array([*column.chunks, rest.dictionary_encode().cast(column.type)]).unify_dictionaries()


def _bulk_ragged(middle: Bulk, header: Sequence[str]) -> Ragged:
    """The rows parsed in bulk that are shorter than the header, and those that hold something beyond it."""
    if middle.widths is None:
        return [], []
    beyond = np.zeros(middle.data.num_rows, dtype=np.bool_)
    for column in middle.data.columns[len(header) :]:
        beyond |= pc.fill_null(pc.invert(each(column, pc.utf8_is_space)), False).to_numpy()
    short, long = np.flatnonzero(middle.widths < _named(header)), np.flatnonzero(beyond)
    numbers = middle.numbers.to_numpy()
    return numbers[short].tolist(), numbers[long].tolist()


def _bulk_totals(middle: Bulk) -> list[int]:
    """The numbers of the rows whose first word says that they sum up others."""
    out: set[int] = set()
    blank: pa.ChunkedArray | None = None
    for column in middle.data.columns[:3]:
        empty = pc.fill_null(each(column, pc.utf8_is_space), True)
        hit = pc.fill_null(each(column, _sums_up), False)
        hit = hit if blank is None else pc.and_(hit, blank)
        out.update(middle.numbers.filter(hit.combine_chunks()).to_pylist())
        blank = empty if blank is None else pc.and_(blank, empty)
    return sorted(out)


def _sums_up(cells: pa.Array) -> pa.Array:
    """Whether a cell's first word says so; what begins with a digit cannot, and most cells of a first column do."""
    digit = pc.match_substring_regex(cells, "^[0-9]")
    if pc.all(digit).as_py():
        return pc.invert(digit)
    return pc.match_substring_regex(cells, f"^{TOTAL}", ignore_case=True)


def _texts(cells: Sequence[str]) -> pa.StringArray:
    return pa.array([cell if cell else None for cell in cells], pa.string())


def _check_size(place: Place, columns: int, rows: int, limits: ReadLimits) -> None:
    if columns > limits.max_columns:
        raise TooManyColumns(place, columns=columns, limit=limits.max_columns)
    if rows > limits.max_rows:
        raise TooManyRows(place, rows=rows, limit=limits.max_rows)


def _check_fields(columns: Sequence[Sequence[str]], found: Found, place: Place, limits: ReadLimits) -> None:
    """Refuse a cell beyond the limit, naming its row and column (F24)."""
    limit = limits.field_max_bytes
    for column, cells in enumerate(columns):
        if max(map(len, cells), default=0) * 4 <= limit:
            continue
        for line, cell in zip(found.rows, cells, strict=True):
            size = len(cell.encode("utf-8", "replace"))
            if size > limit:
                where = Place(place.file, place.member, place.sheet, line.number, column + 1)
                raise FieldTooLarge(where, size=size, limit=limit)


def _has_text(column: pa.ChunkedArray) -> bool:
    """Whether any cell holds more than spaces."""
    if column.null_count == len(column):
        return False
    return bool(pc.any(pc.invert(each(column, pc.utf8_is_space))).as_py())


def _finish(
    found: Found,
    columns: Sequence[pa.ChunkedArray],
    numbers: pa.Int64Array,
    *,
    name: str,
    place: Place,
    dialect: dict[str, str],
    remarks: list[Note],
    ragged: Ragged = ((), ()),
) -> TextTable:
    """Name the columns, leave out those that hold neither name nor content, and say so."""
    header = found.header
    width = len(columns)
    renamed: list[Note] = []
    if header is None:
        remarks.append(Note("reader.no_header"))
        names = [f"kolom_{i + 1}" for i in range(width)]
        kept = range(width) if dialect else [i for i in range(width) if _has_text(columns[i])]
        titles = [names[i] for i in kept]
    else:
        remarks.extend(_ragged(found, header, ragged))
        whole = [*header, *[""] * (width - len(header))]
        kept = [i for i in range(width) if whole[i].strip() or _has_text(columns[i])]
        lost = [str(i + 1) for i in range(width) if i not in set(kept) and kept and i < kept[-1]]
        if lost:
            remarks.append(Note("reader.empty_columns", {"columns": shown(lost)}))
        titles, renamed = unique_names([whole[i] for i in kept], list(kept))
        lying = wide([whole[i] for i in kept])
        if lying is not None:
            remarks.append(lying)
    arrays = [columns[i] for i in kept]
    return TextTable(
        name=name,
        place=place,
        data=pa.table(arrays, names=titles) if titles else pa.table({}),
        row_numbers=numbers,
        title="\n".join(found.title) or None,
        footnotes=tuple(found.footnotes),
        notes=(*remarks, *renamed),
        dialect=dialect,
    )


def _ragged(found: Found, header: Sequence[str], before: Ragged) -> list[Note]:
    """Remarks about rows shorter or longer than the header (F20); `before` are the numbers of such rows above."""
    notes: list[Note] = []
    width = _named(header)
    short = [*before[0], *(line.number for line in found.rows if len(line.cells) < width)]
    long = [*before[1], *(line.number for line in found.rows if line.last >= len(header))]
    for code, numbers in (("reader.rows_short", short), ("reader.rows_long", long)):
        if numbers:
            rows = ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")
            notes.append(Note(code, {"rows": rows, "count": str(len(numbers))}))
    return notes


def _named(header: Sequence[str]) -> int:
    """How far the names of a header reach."""
    return next((i for i in range(len(header), 0, -1) if header[i - 1].strip()), 0)
