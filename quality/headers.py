"""What a column title can say instead of naming a column: a year, a month, a date, a code or a word of a closed list.

Only what is certain is known: a title that may mean two things, or that says more, is left to its column.
"""

import re
from collections.abc import Mapping
from datetime import date

from core.cells import known_words
from core.contract import Column
from core.mapping import Like
from core.reference import CodeList, fold
from core.spellings import MONTHS

_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_YEAR, _SHORT = r"(?:19|20)[0-9]{2}", r"[0-9]{2}"
_GAP = r"[\s./,_'\u2019-]*"
_WEEK = r"(?:\s*\(?\s*(?P<week>i{1,3}|iv|v|(?:minggu|pekan|mgg?\.?)\s*(?:ke)?[\s-]*(?:i{1,3}|iv|v|[1-5]))\s*\)?)?"
_PATTERNS: Mapping[Like, tuple[str, ...]] = {
    "year": (rf"(?:(?:tahun|thn?|year|ta)\.?)?\s*(?P<year>{_YEAR})(?:\.0)?\s*\*{{0,3}}",),
    "month": (
        rf"(?:bulan\s+)?{_MONTH}(?:{_GAP}(?P<year>{_YEAR}|(?<![0-9]){_SHORT}))?(?:(?<=[0-9]){_WEEK})?\s*\*{{0,3}}",
        rf"(?P<year>{_YEAR}){_GAP}{_MONTH}{_WEEK}",
        rf"(?P<year>{_YEAR})[-/.]?m?(?P<month>0[1-9]|1[0-2])",
        rf"(?P<month>0?[1-9]|1[0-2])[-/.](?P<year>{_YEAR})",
    ),
    "date": (
        rf"(?P<year>{_YEAR})[-/.](?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}})(?:[t ]00:00(?::00)?)?",
        r"(?P<first>[0-9]{1,2})\s*[-/. ]\s*(?P<second>[0-9]{1,2})\s*[-/. ]\s*(?P<year>[0-9]{4})",
        rf"(?:[a-z']{{4,7}}\s*,\s*)?(?P<day>[0-9]{{1,2}}){_GAP}{_MONTH}(?:{_GAP}(?P<year>{_YEAR}|{_SHORT}))?",
    ),
    "known": (),
}
_COMPILED = {like: tuple(re.compile(p, re.IGNORECASE) for p in patterns) for like, patterns in _PATTERNS.items()}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_MONTH_DAYS = 31


def squeezed(title: str) -> str:
    """A title on one line, spaces single."""
    return " ".join(title.split())


def month_of(text: str) -> str | None:
    """A month's two digits from its name or number, None where it is neither."""
    word = text.strip().lower().rstrip(".")
    number = MONTHS.get(word) or (int(word) if word.isascii() and word.isdigit() and len(word) <= 2 else 0)
    return f"{number:02d}" if 1 <= number <= 12 else None


def year_of(text: str) -> str | None:
    """A year's four digits; of two digits the nearest century's."""
    word = text.strip()
    if re.fullmatch(_YEAR, word):
        return word
    return f"{'20' if int(word) < 70 else '19'}{word}" if re.fullmatch(_SHORT, word) else None


def day_of(text: str) -> str | None:
    """A day's two digits, None for what no month has."""
    word = text.strip()
    return f"{int(word):02d}" if re.fullmatch("[0-9]{1,2}", word) and 1 <= int(word) <= _MONTH_DAYS else None


def time_in(title: str, like: Like, *, month_first: bool = False) -> dict[str, str] | None:
    """The `year`, `month`, `day` that a title names, as digits, if it names such a time and nothing else.

    Args:
        month_first: `01/15/2024` is January's 15th; else such a title is read day first.
    """
    text = squeezed(title)
    for shape in _COMPILED[like]:
        if (found := shape.fullmatch(text)) is not None and (parts := _parts(found.groupdict(), month_first)):
            return parts
    return None


def _parts(groups: dict[str, str | None], month_first: bool) -> dict[str, str] | None:
    said = {name: value for name, value in groups.items() if value}
    if "first" in said:
        said["day"], said["month"] = (
            said.pop(n) for n in (("second", "first") if month_first else ("first", "second"))
        )
    parts: dict[str, str] = {}
    for name, read in (("year", year_of), ("month", month_of), ("day", day_of)):
        if name in said:
            value = read(said[name])
            if value is None:
                return None
            parts[name] = value
    if week := said.get("week"):
        number = re.split(r"[\s.-]|ke", week.lower())[-1]
        parts["day"] = f"{1 + 7 * ((_ROMAN.get(number) or int(number)) - 1):02d}"
    return parts if _real(parts) else None


def _real(parts: Mapping[str, str]) -> bool:
    """Whether there is such a day; without a year the leap year's."""
    if "day" not in parts or "month" not in parts:
        return True
    try:
        date(int(parts.get("year", "2000")), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return False
    return True


def in_list(text: str, column: Column, codes: CodeList | None, words: Mapping[str, str]) -> bool:
    """Whether a title is a code, spelling, value or word that a column with a closed list knows.

    Args:
        words: that the mapping has for the column, folded.
    """
    if fold(text) in words:
        return True
    if column.reference is not None:
        return codes is not None and codes.resolve(text).code is not None
    if column.labels:
        return fold(text) in known_words(column)
    return False
