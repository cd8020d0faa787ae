"""What the spellings of one column can mean: numbers and dates as Indonesians write them, parsed in whole arrays.

Each distinct spelling is parsed once; it may have several readings, and which one a column uses is decided in
`core/styles.py`. Nothing is guessed here: a spelling that a reading does not allow has no value under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import FactorInvalid

#: Cells that say that there is no value.
MISSING = frozenset({
    "", "-", "--", "---", "–", "—", "n/a", "#n/a", "na", "n.a", "n.a.", "null", "none", "nan", "...", "…",
    "rp -", "rp-", "rp. -", "rp.-",
    "tad", "tidak ada", "tidak ada data", "belum ada data", "kosong", "#ref!", "#value!", "#div/0!", "#name?",
})  # fmt: skip
TRUE = frozenset({"ya", "y", "true", "1", "benar", "ada", "yes"})
FALSE = frozenset({"tidak", "tdk", "false", "0", "salah", "no", "bukan"})

#: Unit spelling -> how many of the contract's unit it is; a cell may carry its unit only if the factor agrees.
UNITS: Mapping[str, Mapping[str, Decimal]] = {
    "kg": {
        "kg": Decimal(1), "kilogram": Decimal(1), "ton": Decimal(1000), "kuintal": Decimal(100),
        "kwintal": Decimal(100), "gram": Decimal("0.001"), "gr": Decimal("0.001"),
    },
    "m": {"m": Decimal(1), "meter": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001")},
    "mm": {"mm": Decimal(1), "milimeter": Decimal(1), "cm": Decimal(10)},
    "orang": {"orang": Decimal(1), "jiwa": Decimal(1)},
    "rupiah": {"rupiah": Decimal(1), "idr": Decimal(1)},
    "m2": {"m2": Decimal(1), "m\u00b2": Decimal(1), "meter persegi": Decimal(1)},
    "jam": {"jam": Decimal(1)},
    "keluarga": {"keluarga": Decimal(1), "kk": Decimal(1)},
    "persen": {"%": Decimal(1), "persen": Decimal(1)},
}  # fmt: skip

_MONTH_WORDS = {
    1: "januari jan january", 2: "februari feb pebruari peb february", 3: "maret mar march mrt",
    4: "april apr", 5: "mei may", 6: "juni jun june", 7: "juli jul july", 8: "agustus agu ags agt aug august agst",
    9: "september sep sept", 10: "oktober okt october oct", 11: "november nov nopember nop",
    12: "desember des december dec",
}  # fmt: skip
#: A month's names, whole and short, to its number.
MONTHS: Mapping[str, int] = {name: number for number, words in _MONTH_WORDS.items() for name in words.split()}

#: How many years back a two-digit year may lie.
_MEMORY = 30

PLAIN, ID, EN, DOT, COMMA, BAD = range(6)  # kinds of number spellings
FIXED, ORDERED, UNREADABLE = range(3)  # kinds of date spellings


def factor_of(text: str | None, column: str) -> Decimal | None:
    """The factor as an exact decimal, None where none is needed; `FactorInvalid` for what cannot be one."""
    if text is None:
        return None
    try:
        factor = Decimal(text)
    except InvalidOperation as error:
        raise FactorInvalid(column=column, value=text) from error
    if not factor.is_finite() or factor <= 0 or abs(factor.adjusted()) > 6 or factor % Decimal("0.000001"):
        raise FactorInvalid(column=column, value=text)
    return None if factor == 1 else factor


Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def _clean(texts: pa.Array) -> pa.Array:
    """Lower case, plain spaces and minus signs, nothing at the ends; null stays null."""
    lowered = pc.utf8_lower(texts.cast(pa.string()))
    spaced = pc.replace_substring_regex(lowered, "[\u00a0\u2007\u2009\u202f]", " ")
    return pc.utf8_trim_whitespace(pc.replace_substring(spaced, "\u2212", "-"))


def _matches(texts: pa.Array, pattern: str) -> Bools:
    found = pc.match_substring_regex(texts, f"^(?:{pattern})$")
    return np.asarray(pc.fill_null(found, False))


# -- numbers --------------------------------------------------------------------------------------------------------

_GROUPED_ID = r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]*,[0-9]+"
_GROUPED_EN = r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,}|[0-9]*\.[0-9]+"
_MARK = r"([0-9)%])\s*\*{1,3}\)?$"
_DIGITS = 40  # longer than any measure; what is longer is no number but an attack or a mistake


@dataclass(frozen=True, slots=True)
class Numbers:
    """The spellings of one column as numbers: the kind of each, and its value under a style.

    `1.234,56` is Indonesian (ID), `1,234.56` English (EN); `122.831` (DOT) and `122,831` (COMMA) may be either.
    """

    kinds: npt.NDArray[np.uint8]
    _digits: pa.Array  # without sign, currency and unit
    _negative: Bools
    _factor: Decimal | None

    def _plain(self, style: str) -> pa.Array:
        """`-1234.56` for each spelling that the style allows, null for the others."""
        theirs, group, mark = (ID, ".", ",") if style == "id" else (EN, ",", ".")
        if (self.kinds == PLAIN).all() and not self._negative.any():
            return self._digits
        allowed = np.isin(self.kinds, (PLAIN, DOT, COMMA, theirs))
        bare = pc.replace_substring(pc.replace_substring(self._digits, group, ""), mark, ".")
        signed = pc.if_else(pa.array(self._negative), pc.binary_join_element_wise("-", bare, ""), bare)
        return pc.if_else(pa.array(allowed), signed, pa.scalar(None, pa.string()))

    def _exact(self, style: str) -> pa.Array:
        cut = pc.replace_substring_regex(self._plain(style), r"(\.[0-9]{12})[0-9]+$", r"\1")
        exact = pc.cast(cut, pa.decimal256(54, 12))
        if self._factor is not None:
            exact = pc.multiply(exact, pa.scalar(self._factor, pa.decimal256(13, 6)))
        return exact

    def floats(self, style: str) -> pa.Array:
        """Values in the contract's unit, null where the style does not allow the spelling."""
        # by way of its digits: Arrow's own cast of a decimal makes 1.41 into 1.4100000000000001
        exact = self._plain(style) if self._factor is None else pc.cast(self._exact(style), pa.string())
        return pc.cast(exact, pa.float64())

    def wholes(self, style: str) -> tuple[pa.Array, Bools]:
        """Values as whole numbers (halves away from zero), and whether they were whole already."""
        grouped = (DOT, EN) if style == "id" else (COMMA, ID)  # whole without its marks, or not allowed at all
        plainly = bool((self.kinds == PLAIN).all()) or bool(np.isin(self.kinds, (PLAIN, BAD, *grouped)).all())
        if self._factor is None and plainly:
            short = pc.less_equal(pc.utf8_length(self._digits), 18)
            plain = self._plain(style)
            if pc.all(short).as_py() is False:
                plain = pc.if_else(short, plain, pa.scalar(None, pa.string()))
            return pc.cast(plain, pa.int64()), np.ones(len(plain), np.bool_)
        exact = self._exact(style)
        rounded = pc.round(exact, 0, round_mode="half_towards_infinity")
        fits = pc.less(pc.abs(pc.cast(rounded, pa.float64())), 9e18)
        whole = pc.if_else(fits, rounded, pa.scalar(None, rounded.type)).cast(pa.int64())
        return whole, np.asarray(pc.fill_null(pc.equal(exact, rounded), False))


def numbers(texts: pa.Array, unit: str = "", factor: Decimal | None = None) -> Numbers:
    """The spellings of a number column; `Rp`, a trailing `,-` and its unit (if the factor agrees) are dropped."""
    plain = pc.match_substring_regex(texts, f"^[0-9]{{1,{_DIGITS}}}$")
    if pc.all(plain).as_py() is not False:  # most columns of most files
        return Numbers(np.full(len(texts), PLAIN, np.uint8), texts, np.zeros(len(texts), np.bool_), factor)
    clean = _clean(texts)
    # a figure that a footnote calls provisional, and the apostrophe by which a spreadsheet keeps a number as text
    bare = pc.replace_substring_regex(pc.replace_substring_regex(clean, _MARK, r"\1"), "^['\u2018\u2019]", "")
    digits = pc.replace_substring_regex(bare, r"^([-+(]?)\s*(?:rp|idr)\.?\s*", r"\1")
    negative = np.asarray(pc.fill_null(pc.match_substring_regex(digits, r"^(?:-|\(.*\)$)"), False))
    digits = pc.replace_substring_regex(digits, r"^[-+(]\s*|\)$", "")
    digits = pc.replace_substring_regex(digits, r"[.,]\s*-+$", "")
    if suffixes := _suffixes(unit, factor):
        digits = pc.replace_substring_regex(digits, rf"\s*(?:{suffixes})\.?$", "")
    spaced = pa.array(_matches(digits, r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?"))
    digits = pc.if_else(spaced, pc.replace_substring(digits, " ", ""), digits)
    fits = np.asarray(pc.fill_null(pc.less_equal(pc.utf8_length(digits), _DIGITS), False))
    kinds = np.full(len(clean), BAD, np.uint8)
    for kind, pattern in (
        (ID, _GROUPED_ID),
        (EN, _GROUPED_EN),
        (DOT, r"[1-9][0-9]{0,2}\.[0-9]{3}"),
        (COMMA, r"[1-9][0-9]{0,2},[0-9]{3}"),
        (PLAIN, "[0-9]+"),
    ):
        kinds[_matches(digits, pattern) & fits] = kind
    return Numbers(kinds, digits, negative, factor)


def marked(texts: pa.Array) -> Bools:
    """Which spellings of a number column carry a footnote's mark, as provisional figures do (`1.234*`)."""
    if not pc.any(pc.match_substring(texts, "*")).as_py():
        return np.zeros(len(texts), np.bool_)
    return np.asarray(pc.fill_null(pc.match_substring_regex(_clean(texts), _MARK), False))


def _suffixes(unit: str, factor: Decimal | None) -> str:
    known = [spelling for spelling, value in UNITS.get(unit, {}).items() if value == (factor or 1)]
    if unit == "rupiah":
        known += ["/ ?kg", "per ?kg", "/ ?kilogram", "/ ?liter"]
    return "|".join(known)


# -- dates and moments ----------------------------------------------------------------------------------------------

DateOrder = Literal["dmy", "mdy", "ymd"]
STYLES: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
_DAY = np.timedelta64(1, "D")
_WEEKDAY = (
    r"^(?:senin|selasa|rabu|kamis|jum.?at|sabtu|minggu|ahad|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"\s*,?\s+"
)
_CLOCK = (
    r"^(?P<d>.+?)[t ,]+(?:(?:pukul|jam|pkl\.?)\s*)?(?P<h>[0-9]{1,2})[:.](?P<n>[0-9]{2})"
    r"(?:[:.](?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?\s*(?P<z>wib|wita|wit|z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?$"
)
_ISO = r"^(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})$"
_TIGHT = r"^(?P<y>(?:19|20)[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})$"
_NAMED = r"^(?P<d>[0-9]{1,2})[-/ .]*(?P<m>[a-z]{3,})\.?[-/ .,]*(?P<y>[0-9]{4}|[0-9]{2})$"
_MONTH_FIRST = r"^(?P<m>[a-z]{3,})\.?[-/ ]+(?P<d>[0-9]{1,2})(?:st|nd|rd|th)?[, ]+(?P<y>[0-9]{4})$"
_BARE = r"^(?P<a>[0-9]{1,2})[-/. ](?P<b>[0-9]{1,2})[-/. ](?P<c>[0-9]{4}|[0-9]{2})$"
_ZONES = {"wib": 7 * 60, "wita": 8 * 60, "wit": 9 * 60, "z": 0, "utc": 0, "gmt": 0}
_NONE = -1


@dataclass(frozen=True, slots=True)
class Dates:
    """The spellings of one column as dates: the kind of each, the time beside it, and its parts by position.

    FIXED spellings (ISO, `12 Januari 2024`) mean one day; ORDERED ones (`01/02/2024`) depend on the style.
    """

    kinds: npt.NDArray[np.uint8]
    timed: Bools
    _parts: tuple[Ints, Ints, Ints]  # year, month, day for FIXED; as written for ORDERED
    _short: Bools  # the last part has two digits
    _clock: npt.NDArray[np.int64]  # microseconds of the day, -1 where the time is impossible
    _offset: npt.NDArray[np.int64]  # minutes east of UTC, _NO_OFFSET where none is written
    _this_year: int

    def days(self, style: DateOrder) -> tuple[npt.NDArray[np.datetime64], Bools]:
        """The day as written, and whether there is one under this style."""
        first, second, third = self._parts
        y, m, d = {
            "dmy": (third, second, first), "mdy": (third, first, second), "ymd": (first, second, third),
        }[style]  # fmt: skip
        fixed, ordered = self.kinds == FIXED, self.kinds == ORDERED
        allowed = fixed | (ordered & (self._short | (style != "ymd")))
        y, m, d = (np.where(fixed, known, read) for known, read in zip(self._parts, (y, m, d), strict=True))
        days, real = _civil(self._century(y), m, d)
        return days, real & allowed & (self._clock >= 0)

    def _century(self, years: Ints) -> Ints:
        """Two-digit years lie between 30 years ago and next year; elsewhere they are no year."""
        last, first = self._this_year + 1, self._this_year - _MEMORY
        guess = last - (last - years) % 100
        return np.where(years >= 100, years, np.where(guess >= first, guess, _NONE))

    def dates(self, style: DateOrder, connection: duckdb.DuckDBPyConnection, zone: str) -> pa.Array:
        """Local dates; a time with another zone's offset counts by the date in `zone`."""
        days, real = self.days(style)
        if (self._offset != _NO_OFFSET).any():
            local = _convert(connection, self.moments(style, connection, zone), zone)
            days = np.where(self._offset != _NO_OFFSET, local.astype("datetime64[D]"), days)
        return pa.array(days, pa.date32(), mask=~real)

    def moments(self, style: DateOrder, connection: duckdb.DuckDBPyConnection, zone: str) -> pa.Array:
        """Moments in UTC; what names no zone is read in `zone`, what names no time is its midnight."""
        days, real = self.days(style)
        written = days.astype("datetime64[us]") + np.maximum(self._clock, 0).astype("timedelta64[us]")
        naive = self._offset == _NO_OFFSET
        utc = written - np.where(naive, 0, self._offset).astype("timedelta64[m]")
        if (naive & real).any():
            utc = np.where(naive, _convert(connection, pa.array(written, mask=~real), zone), utc)
        return pa.array(utc, pa.timestamp("us", "UTC"), mask=~real)


_NO_OFFSET = -100_000


def _convert(connection: duckdb.DuckDBPyConnection, moments: pa.Array, zone: str) -> npt.NDArray[np.datetime64]:
    """Naive moments of a zone to UTC, or UTC moments to naive ones of the zone."""
    connection.register("_moments", pa.table({"i": pa.array(np.arange(len(moments))), "m": moments}))
    sql = "SELECT timezone($1, m)::TIMESTAMP AS m FROM _moments ORDER BY i"
    if moments.type.tz is None:
        sql = "SELECT timezone('UTC', timezone($1, m)) AS m FROM _moments ORDER BY i"
    table: pa.Table = connection.sql(sql, params=[zone]).to_arrow_table()
    connection.unregister("_moments")
    filled = pc.fill_null(table["m"].combine_chunks().cast(pa.int64()), 0)
    return np.asarray(filled).astype("datetime64[us]")


def _civil(y: Ints, m: Ints, d: Ints) -> tuple[npt.NDArray[np.datetime64], Bools]:
    """Days of the Gregorian calendar, and which of them exist (29 February only in leap years)."""
    known = (y >= 1) & (y <= 9999) & (m >= 1) & (m <= 12)
    start = (np.where(known, (y - 1970) * 12 + m - 1, 0)).astype("datetime64[M]")
    length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")) // _DAY
    real = known & (d >= 1) & (d <= length)
    return start.astype("datetime64[D]") + np.where(real, d - 1, 0), real


def _parse(texts: pa.Array, pattern: str) -> tuple[Bools, dict[str, pa.Array]]:
    """Which spellings match, and the pattern's named groups (empty text where a group is absent)."""
    found = pc.extract_regex(texts, pattern)
    names = [field.name for field in found.type]
    return np.asarray(found.is_valid()), {n: pc.fill_null(pc.struct_field(found, n), "") for n in names}


def _ints(texts: pa.Array) -> Ints:
    empty = pc.equal(texts, "")
    return np.asarray(pc.if_else(empty, str(_NONE), texts).cast(pa.int64()))


def dates(texts: pa.Array, this_year: int) -> Dates:
    """The spellings of a date or moment column; `this_year` bounds two-digit years."""
    clean = pc.replace_substring_regex(_clean(texts), _WEEKDAY, "")
    timed, clock = np.zeros(len(clean), np.bool_), dict[str, pa.Array]()
    if pc.any(pc.match_substring_regex(clean, "[:.]")).as_py():
        timed, clock = _parse(clean, _CLOCK)
    day = pc.utf8_trim_whitespace(pc.if_else(pa.array(timed), clock["d"], clean)) if timed.any() else clean
    kinds = np.full(len(clean), UNREADABLE, np.uint8)
    parts = tuple(np.full(len(clean), _NONE, np.int64) for _ in range(3))
    short = np.zeros(len(clean), np.bool_)
    for kind, pattern, order in (
        (FIXED, _ISO, "ymd"), (ORDERED, _BARE, "abc"), (FIXED, _NAMED, "ymd"), (FIXED, _TIGHT, "ymd"),
        (FIXED, _MONTH_FIRST, "ymd"),
    ):  # fmt: skip
        if (kinds != UNREADABLE).all():
            break  # no spelling has two of these shapes
        found, groups = _parse(day, pattern)
        if not found.any():
            continue
        kinds[found] = kind
        for part, name in zip(parts, order, strict=True):
            values = _months(groups[name]) if pattern in (_NAMED, _MONTH_FIRST) and name == "m" else _ints(groups[name])
            part[found] = values[found]
        if kind == ORDERED:
            short = np.asarray(pc.equal(pc.utf8_length(groups["c"]), 2))
    offsets = _offsets(clock["z"]) if clock else np.full(len(clean), _NO_OFFSET, np.int64)
    return Dates(kinds, timed, (parts[0], parts[1], parts[2]), short, _clocks(timed, clock), offsets, this_year)


def _months(names: pa.Array) -> Ints:
    at = pc.index_in(names, value_set=pa.array(list(MONTHS)))
    numbers_ = pa.array(list(MONTHS.values()), pa.int64())
    return np.asarray(pc.fill_null(numbers_.take(at), _NONE))


def _clocks(timed: Bools, clock: Mapping[str, pa.Array]) -> npt.NDArray[np.int64]:
    if not timed.any():
        return np.zeros(len(timed), np.int64)
    h, n, s = _ints(clock["h"]), _ints(clock["n"]), np.maximum(_ints(clock["s"]), 0)
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(clock["f"], 6, "0"), 0, 6)
    micros = ((h * 60 + n) * 60 + s) * 1_000_000 + _ints(fraction)
    return np.where(timed, np.where((h <= 23) & (n <= 59) & (s <= 59), micros, _NONE), 0)


def _offsets(zones: pa.Array) -> npt.NDArray[np.int64]:
    out = np.full(len(zones), _NO_OFFSET, np.int64)
    for zone in pc.unique(zones).to_pylist():
        if zone:
            minutes = _ZONES.get(zone)
            if minutes is None:
                hours, rest = int(zone[1:3]), int(zone[-2:])
                minutes = (hours * 60 + rest) * (-1 if zone[0] == "-" else 1)
            out[np.asarray(pc.equal(zones, zone))] = minutes
    return out
