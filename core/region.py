"""Regions: every province, regency and city of Indonesia, and the code that a person's spelling means.

Codes are Kemendagri's, dotted text (`33.74`), never numbers. `core/regions.csv` holds the nation; a home may add
its own file with the same columns. Which regions a member may speak about is left to `federation/registry.py`.

An ambiguous spelling (Semarang is a kabupaten and a kota) is never guessed, and neither is a bare number that
Kemendagri and BPS give to different regions (1101): both give candidates and no code.
"""

import csv
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from core.reference import CodeList, Resolution, fold
from core.reference_errors import RegionsFileInvalid, RegionUnknown

NATION = Path(__file__).with_name("regions.csv")
_COLUMNS = ("code", "name", "kind", "province", "lat", "lon", "valid_from", "valid_to", "bps_code", "aliases", "source")


class RegionKind(StrEnum):
    """What a region is; a regency is a kabupaten, a city a kota."""

    PROVINCE = "province"
    REGENCY = "regency"
    CITY = "city"


#: What people write before the name of each kind, folded; the first two also stand behind it (`Semarang, Kota`).
_WORDS: dict[RegionKind, tuple[str, ...]] = {
    RegionKind.PROVINCE: ("provinsi", "prov", "propinsi", "prop"),
    RegionKind.REGENCY: (
        *("kabupaten", "kab", "kabupaten administrasi", "kabupaten adm", "kab administrasi", "kab adm"),
        *("pemerintah kabupaten", "pemkab"),
    ),
    RegionKind.CITY: (
        *("kota", "kodya", "kota administrasi", "kota adm", "kotamadya", "kota madya"),
        *("pemerintah kota", "pemkot"),
    ),
}
#: Words within names that people shorten, folded.
_SHORT = {"kepulauan": "kep", "daerah istimewa": "di", "daerah khusus ibukota": "dki"}
_ISO = re.compile(r"id [a-z]{2}")  # ISO 3166-2 among the aliases


@dataclass(frozen=True, slots=True)
class Region:
    """One region during the time its code was in force.

    Attributes:
        code: Kemendagri's, dotted: `33` or `33.74`.
        name: the official name, with Kabupaten or Kota.
        province: the code of its province; its own for a province.
        lat, lon: the centroid in degrees WGS 84, where known.
        valid_from, valid_to: first and last day of the code; None is open.
        bps_code: four digits (a province: two), where known; it need not be the code without its dot.
        aliases: further names that mean this region.
        source: where the code, the name and the rest were taken from.
    """

    code: str
    name: str
    kind: RegionKind
    province: str
    lat: float | None = None
    lon: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    bps_code: str | None = None
    aliases: tuple[str, ...] = ()
    source: str = ""

    def valid(self, at: date) -> bool:
        """Whether the code is in force on that day; both ends count."""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at <= self.valid_to)

    @property
    def short_name(self) -> str:
        """The name without Kabupaten or Kota (`Semarang`), as it stands in a table under a heading."""
        for word in sorted(_WORDS[self.kind], key=len, reverse=True):
            if self.name.lower().startswith(f"{word} "):
                return self.name[len(word) + 1 :]
        return self.name


class Regions:
    """All regions, looked up by code, by province, by date and by spelling; immutable once loaded."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._all = tuple(sorted(regions, key=lambda r: (r.code, r.valid_from or date.min)))
        self._by_code = {region.code: region for region in self._all}  # the newest of a code that was used twice
        starts = {r.valid_from for r in self._all if r.valid_from is not None}
        ends = {r.valid_to + timedelta(days=1) for r in self._all if r.valid_to is not None and r.valid_to < date.max}
        self._changes = (date.min, *sorted(starts | ends))
        self._lists = lru_cache(maxsize=64)(self._code_list)

    def __reduce__(self) -> tuple[type["Regions"], tuple[tuple[Region, ...]]]:
        return Regions, (self._all,)  # lists are made again on the other side

    @classmethod
    def load(cls, *extra_csv: Path) -> "Regions":
        """The nation's regions and those of further files with the same columns.

        Raises:
            RegionsFileInvalid: naming file, line and key of the first row that cannot be used.
        """
        found, faults = cls.load_sound(*extra_csv)
        if faults:
            raise faults[0]
        return found

    @classmethod
    def load_sound(cls, *extra_csv: Path) -> tuple["Regions", tuple[RegionsFileInvalid, ...]]:
        """The regions whose rows can be used, and what is wrong in the others, in the order of files and lines."""
        faults: list[RegionsFileInvalid] = []
        read: list[tuple[Region, Path, int]] = []
        for file in (NATION, *extra_csv):
            for one, line in _read(file):
                if isinstance(one, Region):
                    read.append((one, file, line))
                else:
                    faults.append(one)
        provinces = {region.code for region, _, _ in read if region.kind is RegionKind.PROVINCE}
        seen: dict[str, list[Region]] = {}
        for region, file, line in read:
            if any(_collide(region, other) for other in seen.get(region.code, ())):
                faults.append(RegionsFileInvalid(file=file, row=line, key="code", value=region.code))
            elif region.province not in provinces:
                faults.append(RegionsFileInvalid(file=file, row=line, key="province", value=region.province))
            else:
                seen.setdefault(region.code, []).append(region)
        return cls(region for regions in seen.values() for region in regions), tuple(faults)

    def __iter__(self) -> Iterator[Region]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def known(self, code: str) -> bool:
        """Whether a region has or had this code."""
        return code in self._by_code

    def region(self, code: str) -> Region:
        """The region with this code, the newest where it was used twice; `RegionUnknown` where there is none."""
        try:
            return self._by_code[code]
        except KeyError:
            raise RegionUnknown(region=code) from None

    def children(self, province: str, at: date | None = None) -> tuple[Region, ...]:
        """The regencies and cities of a province, in the order of their codes; those in force at a date if given."""
        return tuple(
            region
            for region in self._all
            if region.province == province and region.code != province and (at is None or region.valid(at))
        )

    def at(self, day: date) -> "Regions":
        """The regions whose codes are in force on a day."""
        return Regions(region for region in self._all if region.valid(day))

    def codes_of(
        self, *, kind: RegionKind | None = None, parent: str | None = None, name_prefix: str | None = None
    ) -> tuple[str, ...]:
        """The codes of the regions that are all of this: a kind, below a province, called so.

        Args:
            parent: the code of a province, which is not below itself.
            name_prefix: what the name begins with, with or without its Kabupaten or Kota; case does not matter.
        """
        prefix = (name_prefix or "").casefold()

        def holds(region: Region) -> bool:
            names = (region.name.casefold(), region.short_name.casefold())
            return (
                (kind is None or region.kind is kind)
                and (parent is None or (region.province == parent != region.code))
                and any(name.startswith(prefix) for name in names)
            )

        return tuple(dict.fromkeys(region.code for region in self._all if holds(region)))

    def covers(self, codes: Collection[str], code: str) -> bool:
        """Whether a set of codes contains a known region, itself or through its province."""
        region = self._by_code.get(code)
        return region is not None and (code in codes or region.province in codes)

    def resolve(
        self,
        text: str,
        at: date,
        within: frozenset[str] | None = None,
        kinds: frozenset[RegionKind] | None = None,
    ) -> Resolution:
        """The code that a spelling means on a day, or None with the candidates it could mean.

        Args:
            within: only regions that these codes cover; a spelling that means two of them stays ambiguous.
            kinds: only regions of these kinds, as a column headed Provinsi says of its cells.
        """
        return self.code_list(at, within, kinds).resolve(text)

    def code_list(
        self, at: date, within: frozenset[str] | None = None, kinds: frozenset[RegionKind] | None = None
    ) -> CodeList:
        """The list named `region` for the checking worker: the codes in force on a day, with every usual spelling."""
        return self._lists(self._changes[bisect_right(self._changes, at) - 1], within, kinds)

    def _code_list(self, at: date, within: frozenset[str] | None, kinds: frozenset[RegionKind] | None) -> CodeList:
        codes: dict[str, str] = {}
        spellings: dict[str, set[str]] = {}
        for region in self._all:
            if not region.valid(at) or (kinds is not None and region.kind not in kinds):
                continue
            if within is not None and not self.covers(within, region.code):
                continue
            codes[region.code] = region.name
            for spelling in self._spellings(region):
                spellings.setdefault(spelling, set()).add(region.code)
        return CodeList("region", codes, {s: tuple(sorted(found)) for s, found in spellings.items()})

    def _spellings(self, region: Region) -> set[str]:
        """Every usual spelling of a region, folded and without blanks, as `CodeList.resolve` looks for it."""
        words = _WORDS[region.kind]
        plain = _plain_names(region)
        names = plain | {fold(region.name)} | {f"{word} {name}" for word in words for name in plain}
        names |= {f"{name} {word}" for word in words[:2] for name in plain}
        if region.kind is not RegionKind.PROVINCE:  # `Kab. Semarang, Jawa Tengah`
            tails = {name for name in _plain_names(self._by_code[region.province]) if not _ISO.fullmatch(name)}
            tails |= {f"{word} {name}" for word in _WORDS[RegionKind.PROVINCE][:2] for name in tails}
            heads = plain | {f"{word} {name}" for word in words[:2] for name in plain}
            names |= {f"{head} {tail}" for head in heads for tail in tails}
        return {name.replace(" ", "") for name in names} | _code_forms(region)


def _plain_names(region: Region) -> set[str]:
    """The names of a region without its kind, folded, with the usual short forms."""
    names = {fold(region.short_name), *(fold(alias) for alias in region.aliases)}
    for word, short in _SHORT.items():
        names |= {name.replace(word, short) for name in names if word in name}
    return names


def _code_forms(region: Region) -> set[str]:
    """The code without its dot, BPS's code, and both as a spreadsheet writes them when it takes them for numbers."""
    padding = "00" if region.kind is RegionKind.PROVINCE else ""
    forms = set()
    for digits in filter(None, (region.code.replace(".", ""), region.bps_code)):
        forms |= {digits, digits + "0", digits + padding, digits + padding + "0"}
    return forms


def _collide(one: Region, other: Region) -> bool:
    first, second = sorted((one, other), key=lambda r: r.valid_from or date.min)
    return first.valid_to is None or (second.valid_from or date.min) <= first.valid_to


def _read(file: Path) -> Iterator[tuple[Region | RegionsFileInvalid, int]]:
    """Each line's region, or what is wrong in it."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream, strict=True)
        try:
            missing = {"code", "name", "kind", "province", "source"} - set(rows.fieldnames or ())
            unknown = set(rows.fieldnames or ()) - set(_COLUMNS)
            for column in sorted(missing | unknown):
                yield RegionsFileInvalid(file=file, row=1, key=column, value=""), 1
            for row in rows if not missing else ():
                try:
                    yield _region(file, rows.line_num, row), rows.line_num
                except RegionsFileInvalid as error:
                    yield error, rows.line_num
        except (csv.Error, UnicodeDecodeError) as error:
            yield RegionsFileInvalid(file=file, row=rows.line_num + 1, key="-", value=str(error)), rows.line_num + 1


def _region(file: Path, line: int, row: dict[str, str | None]) -> Region:
    values = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str) or value is None}
    key = "code"
    try:
        if not all(part.isascii() and part.isdigit() and len(part) == 2 for part in values["code"].split(".", 1)):
            raise ValueError(values["code"])
        for key in ("name", "province", "source"):
            if not values[key]:
                raise ValueError(values[key])
        key = "kind"
        kind = RegionKind(values["kind"])
        key = "province"
        if not values["code"].startswith(values["province"]) or (kind is RegionKind.PROVINCE) != (
            values["code"] == values["province"]
        ):
            raise ValueError(values["province"])
        numbers = {}
        for key in ("lat", "lon"):
            numbers[key] = float(values[key]) if values.get(key) else None
        days = {}
        for key in ("valid_from", "valid_to"):
            days[key] = date.fromisoformat(values[key]) if values.get(key) else None
    except ValueError as error:
        raise RegionsFileInvalid(file=file, row=line, key=key, value=values.get(key, "")) from error
    return Region(
        code=values["code"],
        name=values["name"],
        kind=kind,
        province=values["province"],
        lat=numbers["lat"],
        lon=numbers["lon"],
        valid_from=days["valid_from"],
        valid_to=days["valid_to"],
        bps_code=values.get("bps_code") or None,
        aliases=tuple(alias.strip() for alias in values.get("aliases", "").split("|") if alias.strip()),
        source=values["source"],
    )
