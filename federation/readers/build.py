"""Found rows to a `TextTable`: unique names, text columns, row numbers, limits; nothing is dropped unsaid."""

from collections.abc import Sequence

import pyarrow as pa

from core.table import Note, Place, TextTable
from federation.readers.errors import FieldTooLarge, TooManyColumns, TooManyRows
from federation.readers.finder import Found
from federation.readers.result import ReadLimits


def unique_names(header: Sequence[str], positions: Sequence[int] = ()) -> tuple[list[str], list[Note]]:
    """Names as columns need them: `kolom_3` for an empty one, `nama_2` for the second of its name; remarked (F22)."""
    names: list[str] = []
    notes: list[Note] = []
    empty: list[str] = []
    doubled: list[str] = []
    taken: set[str] = {" ".join(name.split()) for name in header}
    used: set[str] = set()
    for i, raw in enumerate(header):
        base = " ".join(raw.split())
        if not base:
            base = f"kolom_{(positions[i] if positions else i) + 1}"
            empty.append(base)
        name, n = base, 1
        while name in used or (n > 1 and name in taken):
            n += 1
            name = f"{base}_{n}"
        if n > 1:
            doubled.append(name)
        used.add(name)
        names.append(name)
    if empty:
        notes.append(Note("reader.header_empty", {"columns": _shown(empty)}))
    if doubled:
        notes.append(Note("reader.header_doubled", {"columns": _shown(doubled)}))
    return names, notes


def _shown(values: Sequence[str]) -> str:
    return ", ".join(values[:10]) + (" …" if len(values) > 10 else "")


def build(
    found: Found, name: str, place: Place, limits: ReadLimits, dialect: dict[str, str], notes: Sequence[Note] = ()
) -> TextTable:
    """The text table of one found table."""
    header = found.header
    rows = found.rows
    remarks = [*notes, *found.notes]
    reach = max((line.last + 1 for line in rows), default=0)
    width = max(len(header) if header is not None else 0, reach)
    if width > limits.max_columns:
        raise TooManyColumns(place, columns=width, limit=limits.max_columns)
    if len(rows) > limits.max_rows:
        raise TooManyRows(place, rows=len(rows), limit=limits.max_rows)
    if header is None:
        header = [""] * width
        remarks.append(Note("reader.no_header"))
    else:
        remarks.extend(_ragged(found, len(header)))
        header = [*header, *[""] * (width - len(header))]
    columns = [[line.cells[i] if i < len(line.cells) else "" for line in rows] for i in range(width)]
    keep = [i for i in range(width) if header[i].strip() or any(cell and not cell.isspace() for cell in columns[i])]
    lost = [str(i + 1) for i in range(width) if i not in set(keep) and keep and i < keep[-1]]
    if lost:
        remarks.append(Note("reader.empty_columns", {"columns": _shown(lost)}))
    names, renamed = unique_names([header[i] for i in keep], keep)
    if found.header is None:
        renamed = []
    _check_fields(columns, found, place, limits)
    arrays = [pa.array([cell if cell else None for cell in columns[i]], pa.string()) for i in keep]
    data = pa.table(arrays, names=names) if names else pa.table({})
    return TextTable(
        name=name,
        place=place,
        data=data,
        row_numbers=pa.array([line.number for line in rows], pa.int64()),
        title="\n".join(found.title) or None,
        footnotes=tuple(found.footnotes),
        notes=tuple([*remarks, *renamed]),
        dialect=dialect,
    )


def _ragged(found: Found, width: int) -> list[Note]:
    """Remarks about rows shorter or longer than the header (F20)."""
    while width and not (found.header or [""])[width - 1].strip():
        width -= 1
    notes: list[Note] = []
    short = [str(line.number) for line in found.rows if len(line.cells) < width]
    long = [str(line.number) for line in found.rows if line.last >= width]
    if short:
        notes.append(Note("reader.rows_short", {"rows": _shown(short), "count": str(len(short))}))
    if long:
        notes.append(Note("reader.rows_long", {"rows": _shown(long), "count": str(len(long))}))
    return notes


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
