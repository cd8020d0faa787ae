"""What the reader remarked about a file, carried beside what the gate found; a file that was cut is held (F34).

A person may say that its whole rows are to be taken in all the same (`catalog/holds.py`); the row in which it was cut
never is, because half a number is a number.
"""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow.compute as pc

from core.contract import Contract, Mode
from core.table import Note, TextTable
from core.verdict import Release, Verdict
from federation.readers.returned import RETURNED, is_part
from quality.outcome import CheckOutcome, Hold, Warned, after_release

#: The reader's remarks that say that a file ends before its end.
CUT = frozenset({"reader.cut_short", "reader.cut_character"})
#: The hold of such a file.
FILE_CUT = "FILE_CUT"
#: A workbook that was sent back came again with a part of its rows: enough where a delivery adds and changes, ...
PART = "reader.returned_part"
#: ... and not where a file is the whole table.
PART_OF_WHOLE = "reader.returned_part_of_whole"
_PART_HELD = "RETURNED_IN_PART"


def noted(outcome: CheckOutcome, notes: Sequence[Note], released: Release | None = None) -> CheckOutcome:
    """The outcome with the reader's remarks among its warnings, where a steward meets them; held if the file was cut.

    Remarks do not change a verdict otherwise: they are about how a file is written, the verdict about what it says.
    """
    warnings = (*outcome.warnings, *(Warned(note.code, dict(note.values)) for note in notes))
    outcome = replace(outcome, warnings=warnings)
    found = [_hold(note) for note in notes if note.code in CUT or note.code == PART_OF_WHOLE]
    if not found:
        return outcome
    kept, said = after_release(found[:1], released)
    if not kept:
        verdict = Verdict.WARNED if outcome.verdict is Verdict.PUBLISHED else outcome.verdict
        return replace(outcome, verdict=verdict, warnings=(*warnings, *said))
    return replace(outcome, verdict=Verdict.HELD, accepted=None, holds=(*outcome.holds, *kept))


def _hold(note: Note) -> Hold:
    if note.code == PART_OF_WHOLE:
        return Hold(_PART_HELD, {name: note.values[name] for name in ("rows", "sent")})
    return Hold(FILE_CUT, {"row": note.values.get("row", "-")})


def as_returned(notes: Sequence[Note], rows: int, contract: Contract | None) -> tuple[Note, ...]:
    """The remarks with what a repaired workbook's own says of a table of so many rows: whole, or a part of it."""
    out = []
    for note in notes:
        if note.code == RETURNED and contract is not None and is_part(note, rows):
            values = {"rows": str(rows), "sent": note.values["rows"]}
            out.append(Note(PART if contract.mode is Mode.UPSERT else PART_OF_WHOLE, values))
        else:
            out.append(note)
    return tuple(out)


def without_cut_row(table: TextTable, notes: Sequence[Note], released: Release | None) -> TextTable:
    """The table without the row in which its file was cut, where a person has released it; else as it is."""
    cuts = [note for note in notes if note.code in CUT]
    if released is None or FILE_CUT not in released.holds or not cuts:
        return table
    at = next((int(note.values["row"]) for note in cuts if "row" in note.values), None)
    rows = max(0, len(table) - 1) if at is None else int(pc.sum(pc.less(table.row_numbers, at)).as_py() or 0)
    return replace(table, data=table.data.slice(0, rows), row_numbers=table.row_numbers.slice(0, rows))


def is_partial(outcome: CheckOutcome) -> bool:
    """Whether what was accepted is known to be a part of what was sent."""
    return any(w.code == PART or (w.code == "HOLD_RELEASED" and w.values["hold"] == FILE_CUT) for w in outcome.warnings)
