"""Tables that lie on their side: periods as column titles. They are recognised and reported, never turned.

Which columns are periods is the header's to say; what they mean for a standard is a mapping's (`core/mapping.py`).
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from core.table import Note
from federation.readers.cells import MONTH, is_year

#: So many different periods make a table wide; two columns of years are a comparison.
_ENOUGH = 3
_YEAR = r"(?:19|20)\d{2}"
_PART = r"(?:\s*\((?:[ivx]{1,4}|\d{1,2})\))?"  # the week of a month: Apr 2025 (II)
_NUMBER = r"(?:[ivx]{1,4}|\d{1,2})"
_PERIODS = {
    "month": rf"(?:(?:bulan\s+)?(?:{MONTH})\.?(?:[\s./,-]*'?(?:{_YEAR}|\d{{2}}))?{_PART}"
    rf"|{_YEAR}[\s./,-]*(?:{MONTH})\.?{_PART}|{_YEAR}[-/.]?m?(?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.]{_YEAR})",
    "quarter": rf"(?:(?:triwulan|tw\.?|kuartal|semester|smt\.?|quarter)\s*[-_]?\s*{_NUMBER}|q[1-4])"
    rf"(?:[\s./,-]*{_YEAR})?|{_YEAR}[\s./,-]*(?:q[1-4]|(?:triwulan|tw\.?|semester)\s*{_NUMBER})",
    "week": rf"(?:minggu|pekan|week|mgg?\.?)(?:\s+ke)?[\s-]*{_NUMBER}(?:[\s./,-]+(?:{MONTH}))?(?:[\s./,-]*{_YEAR})?",
    "year": rf"(?:tahun|thn?\.?|year|ta\.?)?\s*{_YEAR}(?:[/-](?:{_YEAR}|\d{{2}}))?\s*\*{{0,3}}",
}
_SHAPES = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _PERIODS.items()}
_DATE = re.compile(
    rf"\d{{1,4}}\s*[-/.]\s*\d{{1,2}}\s*[-/.]\s*\d{{2,4}}|\d{{1,2}}[\s-]+(?:{MONTH})[\s-]+\d{{2,4}}", re.I
)


def period(title: str) -> str | None:
    """What period a column title names by itself: `date`, `week`, `month`, `quarter` or `year`; None where none."""
    text = " ".join(title.split())
    if not text or len(text) > 40:
        return None
    name = next((name for name, shape in _SHAPES.items() if shape.fullmatch(text)), None)
    if name is None and _DATE.fullmatch(text):
        return "date"
    return name or ("year" if is_year(text) else None)


def wide(titles: Sequence[str]) -> Note | None:
    """The remark that a table has periods as columns, naming them; None where it is an ordinary table.

    A title may be a period alone (`Januari 2024`) or a group with a period above or below it (`Harga 2023`): what is
    left of it is then the measure, and each measure needs as many periods.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for title in titles:
        measure, name = _parted(" ".join(title.split()))
        if name is not None:
            found[measure, name].append(title)
    groups = {key: texts for key, texts in found.items() if len(set(texts)) >= _ENOUGH}
    if not groups:
        return None
    columns = [title for title in titles if any(title in texts for texts in groups.values())]
    shown = ", ".join(columns[:10]) + (" …" if len(columns) > 10 else "")
    kinds = sorted({name for _, name in groups})
    measures = sorted({measure for measure, _ in groups} - {""})
    values = {"columns": shown, "count": str(len(columns)), "first": columns[0], "last": columns[-1]}
    return Note("reader.wide", {**values, "kinds": ", ".join(kinds), "measures": ", ".join(measures) or "-"})


def _parted(title: str) -> tuple[str, str | None]:
    """A title as measure and kind of period: the longest beginning or end of its words that is a period."""
    whole = period(title)
    if whole is not None:
        return "", whole
    words = title.split()
    for size in range(min(4, len(words) - 1), 0, -1):
        for part, rest in ((words[-size:], words[:-size]), (words[:size], words[size:])):
            name = period(" ".join(part).strip("()[]"))
            if name is not None:
                return " ".join(rest).casefold(), name
    return title, None
