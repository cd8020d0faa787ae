"""The table finder, shared by delimited text and sheets: where the tables are that a person sees.

Blank rows, titles above, footnotes below, several tables under one another, headers repeated on every page.
Which rows are header rows and how they join is `header.py`; names and text columns are made in `build.py`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from core.table import Note
from federation.readers.around import is_footnote, is_form, is_page, is_pair, is_said, is_signature, is_unit
from federation.readers.cells import Kind, kind
from federation.readers.header import Merge, Profile, header_rows, join_header, profile

#: How a row begins that sums up others; a pattern that Python and RE2 read alike.
TOTAL = r"[^0-9A-Za-z]*(?:jumlah|total|grand total|sub\s*-?total|rata\s*-?\s*rata|average)\b"
_DRAWN = "-=_+:"
_RULER = re.compile(rf"[{_DRAWN}]{{3,}}")
_TOTAL = re.compile(TOTAL, re.IGNORECASE)


@dataclass(slots=True)
class Line:
    """One row of a file: its physical number and its cells, as many as the file has there."""

    number: int
    cells: list[str]
    #: how many cells are not blank, and the index of the first and last one of those
    filled: int = -1
    first: int = -1
    last: int = -1

    def __post_init__(self) -> None:
        if self.cells and all(map(str.strip, self.cells)):  # most rows of most files
            self.filled, self.first, self.last = len(self.cells), 0, len(self.cells) - 1
            return
        full = [i for i, cell in enumerate(self.cells) if cell and not cell.isspace()]
        self.filled = len(full)
        self.first, self.last = (full[0], full[-1]) if full else (-1, -1)

    @property
    def text(self) -> str:
        """What stands in it, as one line."""
        return " ".join(" ".join(cell.split()) for cell in self.cells if cell.strip())


@dataclass(slots=True)
class Found:
    """One table: header names as they stand (empty where there is none), rows, and what surrounds it."""

    number: int
    header: list[str] | None
    rows: list[Line]
    title: list[str] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class _Region:
    title: list[str]
    lines: list[Line]
    footnotes: list[str] = field(default_factory=list)


def find(lines: Sequence[Line], merges: Sequence[Merge] = (), *, even: bool = False) -> list[Found]:
    """The tables in a sequence of rows, in order; none where all of it is blank.

    Args:
        lines: every row, blank ones included.
        merges: merged ranges by physical row number and column index (sheets).
        even: every row has the same number of cells because the format pads it (sheets), so a row's
            own length says nothing.
    """
    found: list[Found] = []
    for region in _regions([line for line in lines if not _is_ruler(line)]):
        for part in _split(region, even=even):
            table = _table(part, merges, even=even)
            previous = found[-1] if found else None
            if previous is not None and _continues(previous, table):
                previous.rows.extend(table.rows)
                previous.footnotes.extend(
                    [*(said for said in part.title if said not in previous.title), *table.footnotes]
                )
                previous.notes.append(Note("reader.header_repeated", {"row": str(table.number)}))
            else:
                found.append(table)
    for table in found:
        note_totals(table)
    return found


def _is_ruler(line: Line) -> bool:
    """Whether it only draws a line (`|---|---|`), as people do under a header."""
    if line.filled < 1 or line.cells[line.first].strip()[0] not in _DRAWN:
        return False
    cells = [cell.strip() for cell in line.cells if cell.strip()]
    return all(_RULER.fullmatch(cell) for cell in cells) and (len(cells) > 1 or len(cells[0]) > 4)


def _regions(lines: Sequence[Line]) -> list[_Region]:
    """Runs of rows that belong to one table, with the loose lines around them."""
    if max((line.filled for line in lines), default=0) <= 1:
        body = [line for line in lines if line.filled]
        return [_Region([], body)] if body else []
    out: list[_Region] = []
    loose: list[Line] = []
    widest = _common_width(lines)
    for block in _blocks(lines):
        said = widest > 1 and (is_footnote(block[0].text) or is_page(block[0].text))
        about = all(line.filled == 1 or is_pair(line) or (widest > 2 and is_form(line)) for line in block)
        if about and (not out or widest > 2 or said):
            if out and is_footnote(block[0].text):
                out[-1].footnotes.extend(line.text for line in block)
            else:
                loose.extend(block)
            continue
        if out and is_signature(block):
            loose.extend(block)
            continue
        head = _title_lines(block)
        title, body = loose + block[:head], block[head:]
        # A block of the same table has no header of its own: what stands above it names a group of its rows.
        if out and _goes_on(out[-1].lines, body):
            out[-1].footnotes.extend(line.text for line in title if is_page(line.text))
            out[-1].lines.extend([*(line for line in title if not is_page(line.text)), *body])
        else:
            out.append(_Region([line.text for line in title], body))
        loose = []
    if loose and out:
        out[-1].footnotes.extend(line.text for line in loose)
    return out


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    out: list[list[Line]] = []
    fresh = True
    for line in lines:
        if not line.filled:
            fresh = True
        elif fresh:
            out.append([line])
            fresh = False
        else:
            out[-1].append(line)
    return out


def _title_lines(block: list[Line]) -> int:
    """How many of a block's first rows are titles rather than header or data."""
    width = _common_width(block)
    count = _scattered(block, width)
    for line, following in pairwise(block[count:]):
        alone = line.filled == 1 and width >= 2
        parent = line.first > 0 and len(line.text) < 40 and following.filled >= 2 and following.last >= line.first
        parent = parent and not is_unit(line)
        pair = width >= 3 and (is_pair(line) or _is_pair(line, following, width))
        heads = following.first > 0 or line.cells[line.first] == following.cells[0]  # its second row follows
        pair = pair or (width >= 3 and is_form(line) and not heads)
        if (alone and not parent) or pair:
            count += 1
        else:
            break
    return count


def _scattered(block: Sequence[Line], width: int) -> int:
    """How many first rows have little in them, here and there, down to a title alone above a row of names."""
    for i, (line, following) in enumerate(pairwise(block[:9])):
        if width < 4 or line.filled > 2:
            break
        alone = i > 0 and line.filled == 1 and line.first == 0
        if alone and following.filled >= 0.8 * width and kind_row(following) == {Kind.TEXT}:
            return i + 1
    return 0


def _is_pair(line: Line, following: Line, width: int) -> bool:
    """Whether a row of two cells stands above a much wider table."""
    below = following.filled >= 0.8 * width and following.first == 0
    return below and width >= 5 and line.filled == 2 and line.first == 0 and line.last == 1


def _common_width(block: Sequence[Line]) -> int:
    """How far most rows of a block reach."""
    reach = Counter(line.last + 1 for line in block[:500] if line.filled > 1)
    return max(reach, key=lambda w: (reach[w], w)) if reach else 1


def _goes_on(before: list[Line], after: list[Line]) -> bool:
    """Whether a block behind a blank row carries on the same table: it fits, and does not begin with a header."""
    seen = profile(before)
    if after[0].last + 1 > max(line.last for line in before[-50:]) + 1:
        return False
    if len(before) == 1:  # a header alone, then a blank row, then its data
        return kind_row(before[0]) == {Kind.TEXT} and after[0].filled >= 0.5 * before[0].filled
    lead = next((line for line in after[:3] if line.filled > 1), after[0])  # behind a row that names a group
    sums = _TOTAL.match(lead.cells[lead.first]) is not None  # its word stands where the others have their number
    typed, odd = seen.mismatch(["" if sums and i == lead.first else cell for i, cell in enumerate(lead.cells)])
    if sums and not odd and Kind.NUMBER in kind_row(lead):
        return True
    if not seen.typed:
        return after[0].last == before[-1].last and after[0].cells != before[0].cells
    return typed > 0 and odd < 0.5 * typed


def kind_row(line: Line) -> set[Kind]:
    """The kinds of a row's cells, blanks left out."""
    return {kind(cell) for cell in line.cells} - {Kind.EMPTY}


def _same_cells(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two rows say the same, apart from spaces and case."""
    left = [" ".join(cell.split()).casefold() for cell in one]
    right = [" ".join(cell.split()).casefold() for cell in other]
    while left and not left[-1]:
        left.pop()
    while right and not right[-1]:
        right.pop()
    return left == right


def _split(region: _Region, *, even: bool) -> list[_Region]:
    """A region cut where its header comes again or its width changes for good."""
    lines = region.lines
    if len(lines) < 4:
        return [region]
    seen = profile(lines)
    first = next((line for line in lines if line.filled >= 2), lines[0])
    head = [" ".join(cell.split()).casefold() for cell in first.cells]
    cuts: list[int] = []
    start = 0
    for i in range(2, len(lines)):
        line = lines[i]
        if line.filled < 2 or i - start < 2:
            continue
        cell = line.cells[0].strip().casefold()
        again = cell == head[0] and line.filled == first.filled and _same_cells(line.cells, first.cells)
        again = again and not all(_same_cells(x.cells, first.cells) for x in lines[start:i])
        wider = not even and len(line.cells) != len(lines[i - 1].cells) and _new_width(lines, i, seen)
        if again or wider:
            cuts.append(i)
            start = i
            first = line
            head = [" ".join(cell.split()).casefold() for cell in first.cells]
    if not cuts:
        return [region]
    edges = [0, *cuts, len(lines)]
    parts = [_Region([], lines[a:b]) for a, b in pairwise(edges)]
    parts[0].title, parts[-1].footnotes = region.title, region.footnotes
    return parts


def _new_width(lines: Sequence[Line], at: int, seen: Profile) -> bool:
    """Whether from here on rows have another length than before, and this one heads them."""
    width, before = len(lines[at].cells), len(lines[at - 1].cells)
    if width < 2 or at < 2 or len(lines[at - 2].cells) != before:
        return False
    following = lines[at + 1 : at + 4]
    if not following or any(len(line.cells) != width for line in following):
        return False
    typed, odd = seen.mismatch(lines[at].cells)
    return kind_row(lines[at]) <= {Kind.TEXT} and (not typed or odd == typed)


def _continues(before: Found, after: Found) -> bool:
    """Whether a table with the same header carries on the one before it: pages of one report, not a second copy."""
    if before.header is None or after.header is None or not _same_cells(before.header, after.header):
        return False
    if not all(is_page(said) or said in before.title for said in after.title):
        return False  # a title of its own names what this part is about
    seen = {tuple(cell.strip() for cell in line.cells) for line in before.rows[:200]}
    sample = [tuple(cell.strip() for cell in line.cells) for line in after.rows[:20]]
    repeats = sum(1 for row in sample if row in seen)
    return repeats <= 0.2 * len(sample)


def _table(region: _Region, merges: Sequence[Merge], *, even: bool) -> Found:
    """Header, rows and footnotes of one region."""
    lines = list(region.lines)
    footnotes = _pop_footnotes(lines)
    if not lines:
        return Found(region.lines[0].number, None, region.lines, region.title, region.footnotes)
    count, numbering = header_rows(lines, merges)
    notes: list[Note] = []
    header: list[str] | None = None
    if count:
        width = max(line.last for line in lines[:count]) + 1 if even else max(len(x.cells) for x in lines[:count])
        header = join_header([line.cells for line in lines[:count]], [x.number for x in lines[:count]], merges, width)
        if count > 1:
            notes.append(Note("reader.header_joined", {"rows": str(count)}))
    if numbering:
        notes.append(Note("reader.numbering_row", {"row": str(lines[count].number)}))
    rows = lines[count + numbering :]
    return Found(lines[0].number, header, rows, region.title, footnotes + region.footnotes, notes)


def _pop_footnotes(lines: list[Line]) -> list[str]:
    """The lines below the last row, taken off the end."""
    width = _common_width(lines)
    out: list[str] = []
    _pop_signature(lines, out, width)
    while len(lines) > 1 and width >= 2:
        line = lines[-1]
        said = is_footnote(line.text)
        alone = line.filled == 1 and line.first == 0 and kind(line.text) is Kind.TEXT
        cut = said and line.filled == 2 and width >= 3 and kind_row(line) == {Kind.TEXT}
        torn = line.first == 0 and (is_said(line.cells[0]) or (width >= 3 and line.last == 1 and is_pair(line)))
        if not cut and not torn and not (alone and (width >= 3 or said)):
            break
        out.insert(0, line.text)
        lines.pop()
    return out


def _pop_signature(lines: list[Line], out: list[str], width: int) -> None:
    """Take off the rows where a report is signed; they stand in columns that hold something else."""
    start = len(lines)
    while start > 1 and width >= 3 and lines[start - 1].filled < min(3, width) and _words_only(lines[start - 1]):
        start -= 1
    while start < len(lines) and not (lines[start].first > 0 and is_signature(lines[start : start + 1])):
        start += 1
    if 0 < start < len(lines):
        out.extend(line.text for line in lines[start:])
        del lines[start:]


def _words_only(line: Line) -> bool:
    return kind_row(line) <= {Kind.TEXT, Kind.DATE}


def note_totals(table: Found, more: Sequence[int] = ()) -> None:
    """Remark the rows that sum up others; they stay rows, the contract decides about them.

    Args:
        table: the table, whose own rows are looked through.
        more: the numbers of such rows that lie before its own.
    """
    totals = [
        *more,
        *(line.number for line in table.rows if 0 <= line.first <= 2 and _TOTAL.match(line.cells[line.first])),
    ]
    if totals:
        shown = ", ".join(map(str, totals[:10])) + (" …" if len(totals) > 10 else "")
        table.notes.append(Note("reader.total_rows", {"rows": shown, "count": str(len(totals))}))
