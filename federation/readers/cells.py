"""What a piece of text looks like: number, date, time, address, code or words.

It only helps to choose a dialect and to tell headers from rows; it never types a column (`quality/cast` does).
"""

import re
from enum import IntEnum
from functools import lru_cache


class Kind(IntEnum):
    """What a cell looks like."""

    EMPTY = 0
    NUMBER = 1
    DATE = 2
    TIME = 3
    URL = 4
    CODE = 5
    TEXT = 6


#: How people write that there is nothing.
NOTHING = frozenset({
    "", "-", "--", "---", "–", "—", "...", "…", "n/a", "na", "n.a.", "null", "none", "nan", "(-)", "*", "nihil", "tad",
    "tidak ada", "tidak ada data", "belum ada", "belum ada data", "belum lapor", "tidak tersedia", "kosong",
})  # fmt: skip

#: The months as people write them, Indonesian and English, whole or short; a pattern in lower case.
MONTH = (
    "jan(?:uari|uary)?|[fp]eb(?:ruari|ruary|r)?|mar(?:et|ch)?|apr(?:il)?|mei|may|jun[ie]?|jul[iy]?|ag(?:ustus|t|s|u)"
    "|aug(?:ust)?|sep(?:t|tember)?|o[kc]t(?:ober)?|nop(?:ember)?|nov(?:ember)?|de[sc](?:ember)?"
)
_NUMBER = re.compile(
    r"\(?\s*[-+−]?\s*(?:rp\.?|idr|us\$|usd|[$€£])?\s*[-+−]?"
    r"(?:\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+|\d+)?(?:[.,]\d+|[.,]-)?(?:e[-+]?\d+)?\s*(?:%|persen)?\s*\)?"
    r"(?:\s*\*{1,3}\)?)?",  # a figure that a footnote calls provisional
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}|\d{1,2}\.\d{1,2}\.\d{4}"
    rf"|(?:[a-z]+,?\s+)?\d{{1,2}}[\s-]+(?:{MONTH})[a-z]*\.?[\s-]+\d{{2,4}}|(?:{MONTH})\.?[\s-]+\d{{2,4}})"
    r"(?:[T ]\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:\.\d+)?)?\s*(?:z|wib|wita|wit|am|pm|[-+]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,3}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:wib|wita|wit|am|pm)?", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+", re.IGNORECASE)
_CODE = re.compile(r"(?=\S*\d)(?:[A-Z]{1,5}[-_/.]?\d[\w./-]*|\d+(?:[./-]\d+)+|\d{2,}[A-Z]{1,3})")
#: A mark of a footnote may follow (`2024*)`, `2024 1)`), but no further digits: 20.000 and 1963824 are no years.
_YEAR = re.compile(r"(?:19|20)\d{2}(?:\.0)?(?:\s*\*{1,3}\)?|\s*\d?\)|\s+\d)?")
_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=65_536)
def kind(cell: str) -> Kind:
    """What the text of a cell looks like."""
    text = cell.strip()
    if len(text) > 64:
        return Kind.URL if _URL.fullmatch(text) else Kind.TEXT
    if text.lower() in NOTHING:
        return Kind.EMPTY
    if not _DIGIT.search(text):
        return Kind.URL if _URL.fullmatch(text) else Kind.TEXT
    if _NUMBER.fullmatch(text):
        return Kind.NUMBER
    if _DATE.fullmatch(text):
        return Kind.DATE
    if _TIME.fullmatch(text):
        return Kind.TIME
    if _URL.fullmatch(text):
        return Kind.URL
    return Kind.CODE if _CODE.fullmatch(text) else Kind.TEXT


def is_year(cell: str) -> bool:
    """Whether it reads as a calendar year, as headers of yearly tables do."""
    return _YEAR.fullmatch(cell.strip()) is not None
