"""Units as people write them above a column, and how many of a standard's unit one of them is."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from core.contract import Column
from core.spellings import UNITS

#: Beside those that a cell may carry (`core.spellings.UNITS`): spellings that stand above a column.
_MORE: Mapping[str, Mapping[str, str]] = {
    "kg": {"kgs": "1", "kilo": "1", "kw": "100", "ku": "100", "kwt": "100", "t": "1000", "g": "0.001", "ons": "0.1",
           "tons": "1000", "tonne": "1000", "tonnes": "1000", "kgm": "1", "kilograms": "1", "kilogramme": "1",
           "ribu ton": "1000000", "ribu kg": "1000", "kwintal": "100", "quintal": "100",
           "mt": "1000", "metric ton": "1000", "metric tons": "1000"},
    "m": {"km": "1000", "kilometer": "1000", "sentimeter": "0.01", "centimeter": "0.01", "milimeter": "0.001",
          "mdpl": "1", "m dpl": "1", "mtr": "1", "dm": "0.1"},
    "mm": {"milimeter": "1", "mm hari": "1", "milimeter hari": "1", "mm 24 jam": "1", "mm jam": "1", "m": "1000"},
    "m2": {"m persegi": "1", "meter2": "1", "ha": "10000", "hektar": "10000", "hektare": "10000",
           "km2": "1000000", "are": "100",
           "sqm": "1", "sq m": "1", "m sq": "1", "square meter": "1", "square metre": "1", "km persegi": "1000000"},
    "rupiah": {"rp": "1", "rupiah": "1", "dalam rupiah": "1", "rp ribu": "1000", "ribu rp": "1000",
               "ribu rupiah": "1000", "ribuan rupiah": "1000", "rp 000": "1000", "000 rp": "1000",
               "rp 1 000": "1000", "1 000 rp": "1000", "rp ribu kg": "1000",
               "ribu rp kg": "1000", "ribu rupiah kg": "1000", "rp ribuan": "1000", "dlm ribuan": "1000",
               "ribuan": "1000", "ribu": "1000",
               "juta rp": "1000000", "rp juta": "1000000", "juta rupiah": "1000000", "juta": "1000000",
               "jutaan rupiah": "1000000", "rp jt": "1000000",
               "rp kg": "1", "rupiah kg": "1", "rp kilogram": "1", "rp liter": "1", "rp ltr": "1", "rp l": "1",
               "rupiah liter": "1", "rp satuan": "1", "rp ton": "0.001", "rp kw": "0.01", "rp kuintal": "0.01",
               "rp ons": "10"},
    "orang": {"org": "1", "ribu orang": "1000", "ribu jiwa": "1000", "ribuan": "1000", "ribu": "1000",
              "juta jiwa": "1000000"},
    "keluarga": {"rumah tangga": "1"},
    "rumah": {"unit": "1", "rumah": "1"},
    "jam": {"j": "1", "hour": "1", "hours": "1", "hrs": "1", "hr": "1", "hari": "24"},
    "derajat": {"derajat": "1", "deg": "1"},
}  # fmt: skip
#: Units of things that no standard keeps; a header may name them all the same.
_OTHER = frozenset({
    "indeks", "index", "poin", "skor", "tahun", "menit", "detik", "buah", "liter", "ltr", "l", "persen", "pct",
    "usd", "us", "dolar", "dollar",
    "kwh", "mw", "ekor", "batang", "butir", "kali", "m3", "m3 s", "m3 det", "m3 detik", "m\u00b3", "orang km2",
    "jiwa km2", "ribu rupiah orang tahun",
})  # fmt: skip
_NOISE = re.compile(r"[^0-9a-z%\u00b2\u00b3]+")
_PER_DAY = re.compile(r" (?:hari|hr|day|harian)$")


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """A unit reduced to its words, without `per`, `/`, `dalam` and `satuan`."""
    words = _NOISE.sub(" ", text.lower().replace("m^2", "m2")).split()
    return " ".join(word for word in words if word not in {"per", "dalam", "dlm", "satuan", "unit:"})


@lru_cache(maxsize=16_384)
def known(text: str) -> bool:
    """Whether a text is a unit and nothing else."""
    plain = _plain(text)
    if not plain or len(plain) > 30:
        return False
    stems = (plain, _PER_DAY.sub("", plain))
    return any(stem in table for table in (*UNITS.values(), *_MORE.values()) for stem in stems) or (
        plain in _OTHER or plain == "%"
    )


def factor(text: str, column: Column) -> Decimal | None:
    """How many of the column's unit one such unit is; None where one is no measure of the other."""
    plain = _plain(text)
    table = {**UNITS.get(column.unit, {}), **{k: Decimal(v) for k, v in _MORE.get(column.unit, {}).items()}}
    if plain in table:
        return table[plain]
    daily = any(word in " ".join((column.name, *column.title.values())).lower() for word in ("hari", "day"))
    return table.get(_PER_DAY.sub("", plain)) if daily else None


def money(text: str) -> bool:
    """Whether a text is a unit of money."""
    plain = _plain(text)
    return plain in UNITS["rupiah"] or plain in _MORE["rupiah"]


def people(text: str) -> bool:
    """Whether a text is a unit of counted people."""
    plain = _plain(text)
    return plain in UNITS["orang"] or plain in _MORE["orang"]


def smaller(column: Column) -> tuple[Decimal, ...]:
    """The factors of units smaller than the column's own, the largest first."""
    table = {**UNITS.get(column.unit, {}), **{k: Decimal(v) for k, v in _MORE.get(column.unit, {}).items()}}
    return tuple(sorted({f for f in table.values() if f < 1 and f != Decimal("0.1")}, reverse=True))


def written(value: Decimal) -> str | None:
    """A factor as a mapping has it; None where one is one."""
    return None if value == 1 else format(value.normalize(), "f")
