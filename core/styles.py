"""Which reading a column uses: decided by evidence in its own cells, never guessed.

A style is decided by cells that only one reading allows. Where no cell decides and the readings differ, the
answer is None: the delivery is held, a person is asked once, and the answer comes back as `decided`.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.spellings import BAD, COMMA, DOT, EN, ID, ORDERED, STYLES, Bools, DateOrder, Dates

#: A column is of one style if at most this share of its deciding spellings speaks for another (typing errors).
STRAY = 0.02


def number_style(kinds: npt.NDArray[np.uint8], *, whole: bool) -> str | None:
    """`id`, `en`, `any` where no cell depends on it, None where the cells do not decide.

    `whole` says that the column holds whole numbers (rupiah, people): there `122.831` can only be a grouped
    number, unless other cells show that the column does write decimals.
    """
    counts = np.bincount(kinds, minlength=BAD + 1)
    indonesian, english, open_ = int(counts[ID]), int(counts[EN]), int(counts[DOT] + counts[COMMA])
    if whole and not indonesian and not english:
        indonesian, english, open_ = int(counts[DOT]), int(counts[COMMA]), 0
    total = indonesian + english
    if total == 0:
        return None if open_ else "any"
    if min(indonesian, english) > STRAY * total:
        return None
    return "id" if indonesian > english else "en"


def date_style(read: Dates, latest_year: int) -> str | None:
    """`dmy`, `mdy` or `ymd`, `any` where no cell depends on it, None where the cells do not decide (F30)."""
    ordered = read.kinds == ORDERED
    if not ordered.any():
        return "any"
    valid, days = {}, {}
    for style in STYLES:
        day, real = read.days(style)
        in_time = day < np.datetime64(f"{latest_year + 1}-01-01")
        valid[style], days[style] = (real & in_time)[ordered], day[ordered]
    readable = np.logical_or.reduce(list(valid.values()))
    if not readable.any() or _same_everywhere(valid, days, readable):
        return "any"
    for allowance in (0.0, STRAY):
        fitting = [s for s in STYLES if (~valid[s] & readable).sum() <= allowance * readable.sum()]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _same_everywhere(
    valid: Mapping[DateOrder, Bools], days: Mapping[DateOrder, npt.NDArray[np.datetime64]], readable: Bools
) -> bool:
    """Whether every readable cell means the same day whichever way it is read (03/03/2024)."""
    if not all(bool(valid[style][readable].all()) for style in ("dmy", "mdy")):
        return False
    readings = [days[s][readable] for s in STYLES if valid[s].any()]
    return all(bool((r == readings[0]).all()) for r in readings)
