"""What every dataset of a simulated member is made with: its seed, its dates, its sheets, and the mapping each needs.

Which datasets there are is `datasets.py` and `datasets_*.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from hub.demo.province import DemoDataset, Planted
from hub.demo.story import Story
from hub.demo.style import UNIT_FACTORS, Style
from hub.demo.writing import Sheet

MARK = "SIMULASI"


@dataclass(frozen=True, slots=True)
class Place:
    """A member as its generator needs it: codes, people, gauges, its part in the story."""

    code: str
    name: str
    people: int
    role: str
    commodities: Sequence[str]
    gauges: tuple[tuple[str, float | None], ...]  # gauge code, hours after the wave's first crest (None: no wave)
    story: Story
    spellings: Mapping[tuple[str, str], Sequence[str]]  # (list, code) to spellings that mean it and nothing else
    foreign: str | None  # a code of another region that its stock file shows
    at: tuple[float, float] | None = None  # its centre in degrees, where known


@dataclass(slots=True)
class Made:
    """One dataset, written: its description, its file, its broken rows; and what is asked live of it."""

    dataset: DemoDataset
    content: bytes
    organisation: str
    group: str
    notes: str
    planted: list[Planted] = field(default_factory=list)
    live: bytes | None = None  # what the member's node answers live of the same standard, as clean CSV


class Workshop:
    """One member's dates and ways, each dataset from its own seed, so that one change leaves the others as they are."""

    def __init__(self, place: Place, seed: int, today: date, days: int) -> None:
        self.place, self.seed, self.days = place, seed, days
        self.end = today - timedelta(days=6 if place.role == "stale" else 1)
        self.first = self.end - timedelta(days=days - 1)
        self.dates = [self.first + timedelta(days=i) for i in range(days)]

    def rng(self, name: str) -> Random:
        """The chance of one dataset."""
        return Random(f"{self.seed}:{self.place.code}:{name}")  # noqa: S311  a story, no secret

    def region(self, rng: Random, shown: bool = False) -> str | None:
        """How its files name the member's own region; None where they do not."""
        if not shown and rng.random() < 0.25:
            return None
        return rng.choice(self.place.spellings["region", self.place.code])

    def sheet(
        self, style: Style, names: Sequence[str], kinds: Sequence[str], rows: list[list[Any]], title: str
    ) -> Sheet:
        """The sheet; a region column without a value is left out of it."""
        kept = [i for i, name in enumerate(names) if name != "region_code" or rows[0][i] is not None]
        columns = [(names[i], style.headers[names[i]], kinds[i]) for i in kept]
        if len(kept) < len(names):
            rows = [[row[i] for i in kept] for row in rows]
        sheet = Sheet(columns, rows)
        self.dress(style, sheet, title)
        return sheet

    def dress(self, style: Style, sheet: Sheet, title: str) -> None:
        """Titles, a merged header and footnotes, where the format has them."""
        if style.file == "json":
            return
        period = f"Periode {style.day(self.first)} s.d. {style.day(self.end)}"
        sheet.titles = [f"{title.upper()} ({MARK})", self.place.name.upper(), period][: style.titles]
        if style.footnote:
            sheet.footnotes = [f"Catatan: data rekaan – {MARK}, bukan data resmi.", f"Sumber: {self.place.name}"]
        if style.file == "xlsx" and style.merged and len(sheet.columns) >= 4:
            half = len(sheet.columns) // 2
            sheet.groups = ["Keterangan"] * half + ["Hasil Pendataan"] * (len(sheet.columns) - half)

    def file(self, name: str, style: Style) -> str:
        """The name of a dataset's file."""
        return f"{MARK}_{name.replace('-', '_')}_{self.place.code.replace('.', '')}.{style.file}"

    def mapping(
        self, sheet: Sheet, style: Style, contract: str, *, constants: Mapping[str, str], targets: Mapping[str, str]
    ) -> dict[str, Any]:
        """The `[[sources.mappings]]` table that the sheet needs.

        Args:
            targets: of columns in a unit of the member's own, the contract's column, which takes the unit's factor.
        """
        columns = {targets.get(c, c): sheet.header(c) for c, _, _ in sheet.columns}
        if "region_code" not in columns:
            constants = {**constants, "region_code": self.place.code}
        mapping: dict[str, Any] = {"contract": contract, "columns": columns}
        if constants:
            mapping["constants"] = dict(constants)
        factor = UNIT_FACTORS.get(style.unit, "1")
        if factor != "1":
            mapping["factors"] = {c: factor for c in columns if c in targets.values()}
        native = style.file == "xlsx" and not style.rupiah  # numbers of the sheet itself, not text
        mapping["number_style"] = "en" if native else style.number_style
        mapping["date_style"] = "ymd" if style.real_dates else style.date_style
        return mapping
