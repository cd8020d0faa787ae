"""Everything wrong in a home's reference folder at once, for the person who keeps its files in a spreadsheet.

Loading (`core/reference_files.py`) stops at the first line that cannot be used; this goes on, and also says what
loading passes over: misspelt headings and file names, units nobody converts, levels and hours in the wrong order.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import LumbungError
from core.reference_errors import ReferenceFileInvalid
from core.reference_files import (
    COMMODITIES,
    GAUGES,
    INDICATORS,
    POPULATIONS,
    TRAVEL_TIMES,
    Commodity,
    Gauge,
    ListedIndicator,
    ReferenceFile,
    TravelTime,
    parsed,
)
from core.reference_rows import Row, refusal
from core.region import Regions
from core.working_days import HOLIDAYS

REGIONS = "regions.csv"
PEMBINA = "pembina.csv"  # who reviews which kind of data, where a home names its own
#: What a price or stock may be for; what an indicator counts in; stages and flows of gauges.
_UNITS = {
    COMMODITIES.name: ("kg", "liter", "butir", "ekor", "ikat", "tabung", "unit"),
    INDICATORS.name: ("indeks", "tahun", "persen", "rupiah", "ribu_rupiah", "per_100_ribu", "per_1000"),
    GAUGES.name: ("m", "m3/s"),
}
_POLARITIES = ("1=worst", "3=worst")
_FILES: tuple[ReferenceFile[Any], ...] = (COMMODITIES, INDICATORS, GAUGES, POPULATIONS, TRAVEL_TIMES)


def sound_regions(folder: Path) -> tuple[Regions, tuple[LumbungError, ...]]:
    """The nation's regions and those of `regions.csv` that can be used, and every error of that file."""
    own = folder / REGIONS
    return Regions.load_sound(*([own] if own.is_file() else []))


def check_reference(folder: Path, regions: Regions) -> tuple[LumbungError, ...]:
    """Every error of the other files `*.csv` in a reference folder, each with its file, line and column.

    An absent file is no error: a list that a contract refers to and that is missing holds deliveries, and says so.
    """
    found: list[LumbungError] = []
    gauges = {g.code for _, g in _sound(GAUGES, folder, regions)}
    for spec in _FILES:
        file = folder / spec.name
        if file.is_file():
            found += _heading(spec, file)
            found += _lines(spec, folder, regions, gauges)
    known = {REGIONS, HOLIDAYS, PEMBINA, *(spec.name for spec in _FILES)}
    for file in sorted(folder.glob("*.csv")):
        if file.name not in known:
            found.append(refusal(file, 1, "-", file.name, "file", names=", ".join(sorted(known))))
    return tuple(found)


def _sound(spec: ReferenceFile[Any], folder: Path, regions: Regions) -> Iterator[tuple[Row, Any]]:
    try:
        yield from ((row, one) for row, one in parsed(spec, folder, regions) if not isinstance(one, LumbungError))
    except ReferenceFileInvalid:  # said where the file itself is checked
        return


def _heading(spec: ReferenceFile[Any], file: Path) -> Iterator[ReferenceFileInvalid]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            heading = next(csv.reader(stream), [])
    except (UnicodeDecodeError, csv.Error):  # the lines say so, with their number
        return
    names = [name.strip() for name in heading]
    known = ", ".join(spec.columns)
    for column, needed in spec.columns.items():
        if needed and column not in names:
            yield refusal(file, 1, column, "", "column", names=known)
        elif names.count(column) > 1:
            yield refusal(file, 1, column, column, "once")
    for name in sorted({*names} - {*spec.columns}):
        yield refusal(file, 1, name or "-", name, "column", names=known)


def _lines(
    spec: ReferenceFile[Any], folder: Path, regions: Regions, gauges: set[str]
) -> Iterator[ReferenceFileInvalid]:
    try:
        for row, one in parsed(spec, folder, regions):
            if not isinstance(one, ReferenceFileInvalid):
                yield from _doubts(row, one, gauges)
            elif one.values["key"] in row.values:  # a column that is missing altogether was said once
                yield one
    except ReferenceFileInvalid as error:
        yield error


def _doubts(row: Row, one: object, gauges: set[str]) -> Iterator[ReferenceFileInvalid]:
    """What a line says that can be read and cannot be meant."""
    match one:
        case Commodity() | ListedIndicator():
            yield from _unit(row)
        case Gauge():
            yield from _unit(row)
            yield from _levels(row, one)
            for key, value, limit in (("lat", one.lat, 90), ("lon", one.lon, 180)):
                if value is not None and abs(value) > limit:
                    yield row.refuse(key, "between", low=-limit, high=limit)
        case TravelTime():
            if not 0 < one.hours_low <= one.hours_high:
                yield row.refuse("hours_high" if one.hours_low > 0 else "hours_low", "hours")
            for key, gauge in (("from_gauge", one.from_gauge), ("to_gauge", one.to_gauge)):
                if gauge is not None and gauge not in gauges:
                    yield row.refuse(key, "gauge")


def _unit(row: Row) -> Iterator[ReferenceFileInvalid]:
    units = _UNITS[row.file.name]
    if row.maybe("unit") not in units:
        yield row.refuse("unit", "one_of", names=", ".join(units))


def _levels(row: Row, gauge: Gauge) -> Iterator[ReferenceFileInvalid]:
    """Levels rise from the least to the worst alarm, whatever numbers their owner gives them."""
    if gauge.severity_polarity and gauge.severity_polarity not in _POLARITIES:
        yield row.refuse("severity_polarity", "one_of", names=", ".join(_POLARITIES))
    before: float | None = None
    for key, level in (
        ("level_low", gauge.level_low),
        ("level_mid", gauge.level_mid),
        ("level_high", gauge.level_high),
    ):
        if level is not None and before is not None and level <= before:
            yield row.refuse(key, "rising")
        before = level if level is not None else before
