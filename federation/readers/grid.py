"""A grid of cells with merged ranges to tables: what a sheet, a web page's table and other grids have in common.

Where the cells come from is left to `sheet.py` and `html.py`.
"""

from collections.abc import Sequence

from core.table import Note, Place, TextTable
from federation.readers.beside import parts as beside_each_other
from federation.readers.build import build, shown, some
from federation.readers.finder import Line, find
from federation.readers.header import Merge
from federation.readers.result import ReadLimits


def tables(
    lines: list[Line], merges: list[Merge], name: str, place: Place, limits: ReadLimits, *, notes: Sequence[Note] = ()
) -> list[TextTable]:
    """The tables of a grid, several beside or below one another included; `notes` go to the first of them.

    Args:
        lines: every row from the first on, blank ones included; tall merged cells are filled in place.
        merges: merged ranges by row number and column index.
        name: of the first table; the others get `#n` behind it.
        place: of the grid; each table's own row is put in.
    """
    filled = _fill_down(lines, merges)
    beside = beside_each_other(lines, merges)
    if len(beside) > 1:
        notes = [*notes, Note("reader.tables_beside", {"count": str(len(beside))})]
    out: list[TextTable] = []
    for i, table in enumerate(table for part, ranges in beside for table in find(part, ranges, even=True)):
        where = Place(place.file, place.member, place.sheet, table.number)
        given = [str(line.number) for line in table.rows if line.number in filled]
        if given:
            table.notes.append(Note("reader.merged_filled", {"rows": shown(given), "count": str(len(given))}))
        out.append(build(table, some(name, i), where, limits, dialect={}, notes=notes if i == 0 else ()))
    return out


def _fill_down(lines: list[Line], merges: Sequence[Merge]) -> set[int]:
    """Give every row under a tall merged cell the value that a person sees beside it; the rows that got one."""
    rows: set[int] = set()
    at = {line.number: i for i, line in enumerate(lines)} if merges else {}
    for top, left, bottom, right in merges:
        if left != right or top not in at or left >= len(lines[at[top]].cells):
            continue
        value = lines[at[top]].cells[left]
        last = min(bottom, lines[-1].number)
        for number in range(top + 1, last + 1) if value.strip() else ():
            cells = lines[at[number]].cells if number in at else []
            if left < len(cells) and not cells[left]:
                cells[left] = value
                lines[at[number]] = Line(number, cells)
                rows.add(number)
    return rows
