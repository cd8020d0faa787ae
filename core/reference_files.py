"""The reference folder of a home or pack: commodities, gauges, population, travel times, each row with its source.

Files are CSV as a person keeps them in a spreadsheet; every value is parsed here once. Which rows of a member's
data refer to a code is decided where the data is cast (`quality`).
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from core.reference import CodeList, code_list
from core.reference_errors import ReferenceFileInvalid
from core.region import Regions


@dataclass(frozen=True, slots=True)
class Commodity:
    """A good whose prices and stocks are kept; `unit` is what a price is for (kg, liter)."""

    code: str
    name: str
    unit: str
    aliases: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """A river gauge with its own alarm levels.

    Attributes:
        region_code: where it stands; None where the sources do not say for sure.
        unit: of the levels: m above the gauge's own datum, or m3/s.
        scale: how its owner names the levels.
        level_low, level_mid, level_high: from the least to the worst; None where no source gives one.
        severity_polarity: which number its owner calls worst, `1=worst` or `3=worst`; empty where unknown.
        original: the levels as the source has them, before they were converted.
    """

    code: str
    name: str
    river: str
    river_system: str
    region_code: str | None
    lat: float | None
    lon: float | None
    unit: str
    scale: str
    level_low: float | None
    level_mid: float | None
    level_high: float | None
    severity_polarity: str
    original: str
    source: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """How many people a region had."""

    region_code: str
    year: int
    people: int
    source: str


@dataclass(frozen=True, slots=True)
class TravelTime:
    """How long a crest takes between two places: a window in hours; gauges are named where the places are some."""

    from_place: str
    to_place: str
    from_gauge: str | None
    to_gauge: str | None
    hours_low: float
    hours_high: float
    source: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a file, whose values refuse to be wrong."""

    file: Path
    line: int
    values: Mapping[str, str]

    def refuse(self, key: str, expected: str) -> ReferenceFileInvalid:
        return ReferenceFileInvalid(
            file=self.file, row=self.line, key=key, value=self.values.get(key, ""), expected=expected
        )

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if not value:
            raise self.refuse(key, "...")
        return value

    def maybe(self, key: str) -> str:
        return self.values.get(key, "")

    def names(self, key: str) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.maybe(key).split("|") if name.strip())

    def number(self, key: str) -> float:
        value = self.optional(key)
        if value is None:
            raise self.refuse(key, "1.25")
        return value

    def optional(self, key: str) -> float | None:
        try:
            return float(self.maybe(key)) if self.maybe(key) else None
        except ValueError:
            raise self.refuse(key, "1.25") from None

    def integer(self, key: str, low: int, high: int) -> int:
        value = self.text(key)
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise self.refuse(key, f"{low} … {high}")
        return int(value)

    def region(self, key: str, regions: Regions) -> str:
        value = self.text(key)
        if not regions.known(value):
            raise self.refuse(key, "33.74")
        return value


def load_commodities(folder: Path) -> tuple[Commodity, ...]:
    """The commodities of `commodity.csv`; none where the file is missing."""
    return tuple(
        Commodity(row.text("code"), row.text("name"), row.text("unit"), row.names("aliases"), row.text("source"))
        for row in _rows(folder / "commodity.csv", unique="code")
    )


def load_gauges(folder: Path, regions: Regions) -> tuple[Gauge, ...]:
    """The gauges of `gauge.csv`; none where the file is missing."""
    return tuple(
        Gauge(
            code=row.text("code"),
            name=row.text("name"),
            river=row.text("river"),
            river_system=row.text("river_system"),
            region_code=row.region("region_code", regions) if row.maybe("region_code") else None,
            lat=row.optional("lat"),
            lon=row.optional("lon"),
            unit=row.text("unit"),
            scale=row.maybe("scale"),
            level_low=row.optional("level_low"),
            level_mid=row.optional("level_mid"),
            level_high=row.optional("level_high"),
            severity_polarity=row.maybe("severity_polarity"),
            original=row.maybe("original"),
            source=row.text("source"),
            aliases=row.names("aliases"),
        )
        for row in _rows(folder / "gauge.csv", unique="code")
    )


def load_population(folder: Path, regions: Regions) -> tuple[Population, ...]:
    """The counts of `population.csv`; none where the file is missing."""
    return tuple(
        Population(
            row.region("code", regions),
            row.integer("year", 1900, 2100),
            row.integer("population", 0, 10**10),
            row.text("source"),
        )
        for row in _rows(folder / "population.csv")
    )


def load_travel_times(folder: Path) -> tuple[TravelTime, ...]:
    """The windows of `travel_time.csv`; none where the file is missing."""
    return tuple(
        TravelTime(
            from_place=row.text("from_place"),
            to_place=row.text("to_place"),
            from_gauge=row.maybe("from_gauge") or None,
            to_gauge=row.maybe("to_gauge") or None,
            hours_low=row.number("hours_low"),
            hours_high=row.number("hours_high"),
            source=row.text("source"),
        )
        for row in _rows(folder / "travel_time.csv")
    )


def load_code_lists(
    folder: Path, regions: Regions, at: date, within: frozenset[str] | None = None
) -> dict[str, CodeList]:
    """The lists that contracts refer to, by name: `region`, `commodity`, `gauge`; a missing file is an empty list.

    Args:
        folder: the home's or pack's `reference` folder.
        at: the day on which a region's code must be in force.
        within: only regions that these codes cover; None is the whole nation.
    """
    gauges = load_gauges(folder, regions)
    stations = code_list("gauge", ((g.code, g.name, (*g.aliases, g.code)) for g in gauges))
    return {
        "region": regions.code_list(at, within),
        "commodity": code_list("commodity", ((c.code, c.name, (*c.aliases, c.code)) for c in load_commodities(folder))),
        "gauge": replace(stations, regions={g.code: g.region_code for g in gauges if g.region_code}),
    }


def _rows(file: Path, unique: str | None = None) -> Iterator[_Row]:
    if not file.is_file():
        return
    seen: set[str] = set()
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        for raw in reader:
            row = _Row(
                file,
                reader.line_num,
                {key: value.strip() for key, value in raw.items() if isinstance(key, str) and isinstance(value, str)},
            )
            if unique is not None:
                if (value := row.text(unique)) in seen:
                    raise row.refuse(unique, f"{value}_2")
                seen.add(value)
            yield row
