"""Population and family-card numbers (NIK, KK): sixteen digits, of which ten say where and when.

Six digits of region, DDMMYY (a woman's day of birth plus 40; for a family card the day of issue), four of a serial
number that begins at 0001 (Permendagri 72/2022 and Law 24/2013). Codes of RT have sixteen digits too: ten of the
village, three of the RW, three of the RT; their middle reads as the tenth or twentieth of a month about the year 2000.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from core.region import Regions

#: How people space the sixteen digits.
_GROUPED = (
    r"\d{16}|\d{4}(?P<a>[ .\-])\d{4}(?P=a)\d{4}(?P=a)\d{4}|\d{6}(?P<b>[ .\-])\d{6}(?P=b)\d{4}"
    r"|\d{2}(?P<c>[ .\-])\d{2}(?P=c)\d{2}(?P=c)\d{6}(?P=c)\d{4}"
)
WHOLE = re.compile(rf"\s*['`]?\s*(?P<n>{_GROUPED})\s*")
#: Within a sentence: not a part of an address, a decimal or a longer code.
WITHIN = re.compile(rf"(?<![\w.,\-/=])'?(?P<n>{_GROUPED})(?![\w\-/]|[.,]\d)")
_NAMED = re.compile(r"\b(?:nik|ktp|kk|kependudukan|kartu keluarga)\W{0,3}$", re.IGNORECASE)
_WOMEN = 40


@dataclass(frozen=True, slots=True)
class Places:
    """The region parts that a number can begin with: regencies (four digits) and provinces (two)."""

    regencies: frozenset[str]
    provinces: frozenset[str]


@lru_cache(maxsize=256)
def places(more: frozenset[str] = frozenset()) -> Places:
    """The nation's regencies and provinces, and a member's own codes (dotted) beside them."""
    codes = {code.replace(".", "") for code in (*_nation(), *more)}
    return Places(frozenset(c[:4] for c in codes if len(c) >= 4), frozenset(c[:2] for c in codes if c[:2].isdigit()))


@lru_cache(maxsize=1)
def _nation() -> tuple[str, ...]:
    return tuple(region.code for region in Regions.load())


def digits(text: str) -> str:
    """The digits of a number however it is spaced."""
    return re.sub(r"\D", "", text)


def fits(number: str, known: Places, *, named: bool = False) -> bool:
    """Whether sixteen digits are built like a NIK or KK.

    Args:
        named: the header says so; then a province will do, for regencies were split, and the serial number may have
            been rounded to zeros by a spreadsheet.
    """
    if named:
        if number[:2] not in known.provinces:
            return False
    elif number[:4] not in known.regencies or number[4:6] == "00" or number[12:] == "0000":
        return False
    return _dated(number[6:12])


@lru_cache(maxsize=65536)
def _dated(ddmmyy: str) -> bool:
    day, month, year = int(ddmmyy[:2]), int(ddmmyy[2:4]), int(ddmmyy[4:])
    if day > _WOMEN:
        day -= _WOMEN
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000 + year, month)[1]


def like_rt(number: str) -> bool:
    """Whether a number is built like the code of an RT as much as like a NIK: village 1001, RW 001, RT 001."""
    return (number[7] == "0" or number[6:8] == "21") and number[10] == "0" and number[13] == "0"


def family_card(numbers: Sequence[str], now: datetime) -> bool:
    """Whether numbers under no telling header are of family cards: no woman's day, no year before they were issued."""
    return len(numbers) >= 8 and all(int(n[6:8]) <= 31 and 4 <= int(n[10:12]) <= now.year % 100 for n in numbers)


def column(cells: Sequence[str], known: Places, *, named: bool, filled: int) -> list[int]:
    """Which of a column's cells are such numbers, whole; empty where the column as such is another thing.

    Args:
        cells: the cells that may be; `filled` is how many cells of the column are filled.
        named: the header says that the numbers are.
    """
    whole = [(i, digits(m["n"])) for i, cell in enumerate(cells) if (m := WHOLE.fullmatch(cell))]
    good = [(i, number) for i, number in whole if fits(number, known, named=named)]
    if named:
        return [i for i, _ in good]
    telling = sum(not like_rt(number) for _, number in good)
    # Numbers of another kind fit by chance: one in three hundred, RT codes nearly all.
    if 2 * telling < len(whole) or (telling < 3 and telling < 0.05 * filled):
        return []
    return [i for i, _ in good]


def sentences(cells: Iterable[str], known: Places) -> list[tuple[int, str]]:
    """The numbers within sentences: (which cell, number); none where most numbers of that length are another thing."""
    seen, good = 0, []
    for i, cell in enumerate(cells):
        for m in WITHIN.finditer(cell):
            said, number = _NAMED.search(cell[: m.start()]) is not None, digits(m["n"])
            seen += 1
            if fits(number, known, named=said):
                good.append((i, number))
    return good if 2 * len(good) >= seen else []
