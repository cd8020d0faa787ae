"""The reference folder of a home or pack: commodities, gauges, indicators, population, travel times, with sources.

Files are CSV as a person keeps them in a spreadsheet; every value is parsed here once. Which rows of a member's
data refer to a code is decided where the data is cast (`quality`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from core.reference import CodeList, code_list
from core.reference_errors import ReferenceFileInvalid
from core.reference_rows import Row, read_rows
from core.region import Regions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _InUnits:
    """Something that is counted in a unit of its own."""

    code: str
    name: str
    unit: str
    aliases: tuple[str, ...]
    source: str


_U = TypeVar("_U", bound=_InUnits)


@dataclass(frozen=True, slots=True)
class Commodity(_InUnits):
    """A good whose prices and stocks are kept; `unit` is what a price is for (kg, liter)."""


@dataclass(frozen=True, slots=True)
class ListedIndicator(_InUnits):
    """A development indicator; `unit` is the one its values have where a file states none."""


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
class ReferenceFile(Generic[T]):
    """A file of the reference folder: its columns, what one line means, and which columns together name a line.

    Attributes:
        columns: column to whether every line must have a value there; only columns so needed must be in the heading.
    """

    name: str
    columns: Mapping[str, bool]
    unique: tuple[str, ...]
    parse: Callable[[Row, Regions], T]


def _in_units(kind: type[_U]) -> Callable[[Row, Regions], _U]:
    return lambda row, _: kind(
        row.text("code"), row.text("name"), row.text("unit"), row.names("aliases"), row.text("source")
    )


def _gauge(row: Row, regions: Regions) -> Gauge:
    return Gauge(
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


def _population(row: Row, regions: Regions) -> Population:
    return Population(
        row.region("code", regions),
        row.integer("year", 1900, 2100),
        row.integer("population", 0, 10**10),
        row.text("source"),
    )


def _travel_time(row: Row, _: Regions) -> TravelTime:
    return TravelTime(
        from_place=row.text("from_place"),
        to_place=row.text("to_place"),
        from_gauge=row.maybe("from_gauge") or None,
        to_gauge=row.maybe("to_gauge") or None,
        hours_low=row.number("hours_low"),
        hours_high=row.number("hours_high"),
        source=row.text("source"),
    )


def _columns(needed: str, others: str = "") -> dict[str, bool]:
    return {**dict.fromkeys(needed.split(), True), **dict.fromkeys(others.split(), False)}


COMMODITIES = ReferenceFile(
    "commodity.csv", _columns("code name unit source", "aliases"), ("code",), _in_units(Commodity)
)
INDICATORS = ReferenceFile(
    "indicator.csv", _columns("code name unit source", "aliases"), ("code",), _in_units(ListedIndicator)
)
GAUGES = ReferenceFile(
    "gauge.csv",
    _columns(
        "code name river river_system unit source",
        "region_code lat lon scale level_low level_mid level_high severity_polarity original aliases",
    ),
    ("code",),
    _gauge,
)
POPULATIONS = ReferenceFile(
    "population.csv", _columns("code year population source"), ("code", "year"), _population
)  # fmt: skip
TRAVEL_TIMES = ReferenceFile(
    "travel_time.csv",
    _columns("from_place to_place hours_low hours_high source", "from_gauge to_gauge"),
    (),
    _travel_time,
)


def load_commodities(folder: Path) -> tuple[Commodity, ...]:
    """The commodities of `commodity.csv`; none where the file is missing."""
    return _load(COMMODITIES, folder, Regions(()))


def load_indicators(folder: Path) -> tuple[ListedIndicator, ...]:
    """The indicators of `indicator.csv`; none where the file is missing."""
    return _load(INDICATORS, folder, Regions(()))


def load_gauges(folder: Path, regions: Regions) -> tuple[Gauge, ...]:
    """The gauges of `gauge.csv`; none where the file is missing."""
    return _load(GAUGES, folder, regions)


def load_population(folder: Path, regions: Regions) -> tuple[Population, ...]:
    """The counts of `population.csv`; none where the file is missing."""
    return _load(POPULATIONS, folder, regions)


def load_travel_times(folder: Path) -> tuple[TravelTime, ...]:
    """The windows of `travel_time.csv`; none where the file is missing."""
    return _load(TRAVEL_TIMES, folder, Regions(()))


def load_code_lists(
    folder: Path, regions: Regions, at: date, within: frozenset[str] | None = None
) -> dict[str, CodeList]:
    """The lists that contracts refer to, by name: `region`, `commodity`, `indicator`, `gauge`; a missing file is empty.

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
        "indicator": code_list("indicator", ((i.code, i.name, (*i.aliases, i.code)) for i in load_indicators(folder))),
        "gauge": replace(stations, regions={g.code: g.region_code for g in gauges if g.region_code}),
    }


def parsed(spec: ReferenceFile[T], folder: Path, regions: Regions) -> Iterator[tuple[Row, T | ReferenceFileInvalid]]:
    """Each line of a file with what it means, or with what is wrong in it; a file that is no CSV raises."""
    seen: set[tuple[str, ...]] = set()
    for row in read_rows(folder / spec.name):
        try:
            one = spec.parse(row, regions)
            if spec.unique and (key := tuple(row.text(column) for column in spec.unique)) in seen:
                raise row.refuse(spec.unique[0], "unique")
        except ReferenceFileInvalid as error:
            yield row, error
            continue
        if spec.unique:
            seen.add(key)
        yield row, one


def sound(spec: ReferenceFile[T], folder: Path, regions: Regions) -> tuple[T, ...]:
    """What a file says on the lines that can be used; nothing where it is missing or no CSV.

    For doors that must answer whatever a spreadsheet holds; `core/reference_check.py` says what is wrong.
    """
    try:
        return tuple(one for _, one in parsed(spec, folder, regions) if not isinstance(one, ReferenceFileInvalid))
    except ReferenceFileInvalid:
        return ()


def _load(spec: ReferenceFile[T], folder: Path, regions: Regions) -> tuple[T, ...]:
    """What a file says; the first line that is wrong is raised."""
    found: list[T] = []
    for _, one in parsed(spec, folder, regions):
        if isinstance(one, ReferenceFileInvalid):
            raise one
        found.append(one)
    return tuple(found)
