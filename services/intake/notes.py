"""What the reader remarked about a file, carried beside what the gate found; a file that was cut is held (F34)."""

from collections.abc import Sequence
from dataclasses import replace

from core.table import Note
from core.verdict import Verdict
from quality.outcome import CheckOutcome, Hold, Warned

#: The reader's remarks that say that a file ends before its end.
CUT = frozenset({"reader.cut_short", "reader.cut_character"})


def noted(outcome: CheckOutcome, notes: Sequence[Note]) -> CheckOutcome:
    """The outcome with the reader's remarks among its warnings, where a steward meets them; held if the file was cut.

    Remarks do not change a verdict otherwise: they are about how a file is written, the verdict about what it says.
    """
    warnings = (*outcome.warnings, *(Warned(note.code, dict(note.values)) for note in notes))
    outcome = replace(outcome, warnings=warnings)
    cut = next((note for note in notes if note.code in CUT), None)
    if cut is None:
        return outcome
    hold = Hold("FILE_CUT", {"row": cut.values.get("row", "-")})
    return replace(outcome, verdict=Verdict.HELD, accepted=None, holds=(*outcome.holds, hold))
