"""Datasets of a data standard from a few rows: their style, sheet, mapping and file, and what was planted in them.

The rows of each are made in `datasets_*.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any

from hub.demo.making import MARK, Made, Workshop
from hub.demo.province import DemoDataset, Planted
from hub.demo.style import HEADERS, Style, choose
from hub.demo.writing import shown, written

#: How many of the members have a dataset of the further standards.
SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Described:
    """One kind of dataset.

    Attributes:
        name: its folder's name and its tag.
        formats: as `hub.demo.style.choose` takes them.
        columns: column to its kind (as a sheet's) and the header words that members use, in order.
        units: units that members write in.
        targets: columns in such a unit, to the contract's column.
        constants: what the mapping says of all rows.
    """

    contract: str
    name: str
    title: str
    organisation: str
    group: str
    formats: str
    columns: Mapping[str, tuple[str, tuple[str, ...]]]
    units: tuple[str, ...] = ("",)
    targets: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def style(self, rng: Random) -> Style:
        """How a member writes it."""
        words = {name: words for name, (_, words) in self.columns.items()}
        return choose(
            rng,
            formats=self.formats,
            units=self.units,
            words={"region_code": HEADERS["region_code"], **words},
            measured=tuple(self.targets),
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell to break: in which row, what stands there then, and what must become of the row."""

    row: int
    kind: str
    column: str
    value: Any
    expect: str = "quarantined"


def has(shop: Workshop, about: Described) -> bool:
    """Whether a member has a dataset of this kind at all."""
    return shop.rng(f"{about.name}-ada").random() < SHARE


def described(
    shop: Workshop,
    about: Described,
    style: Style,
    rows: Sequence[Mapping[str, Any]],
    faults: Sequence[Fault] = (),
) -> Made:
    """The dataset with its faults planted; columns that no row has are left out.

    A row without `region_code` is of the member's own region.
    """
    cells = [dict(row) for row in rows]
    for fault in faults:
        cells[fault.row][fault.column] = fault.value
    used = [c for c in about.columns if any(c in row for row in cells)]
    region = shop.region(shop.rng(f"{about.name}-wilayah"))
    names = ["region_code", *used]
    kinds = ["text", *(about.columns[c][0] for c in used)]
    sheet = shop.sheet(
        style,
        names,
        kinds,
        [[row.get("region_code", region), *(row.get(c) for c in used)] for row in cells],
        about.title,
    )
    file = shop.file(about.name, style)
    first = 1 if style.file == "json" else sheet.first_row
    planted = [
        Planted(
            shop.place.code, about.name, about.contract, file, first + f.row, f.kind, sheet.header(f.column),
            _cell(f.value, about.columns[f.column][0], style), f.expect,
        )
        for f in faults
    ]  # fmt: skip
    mapping = shop.mapping(sheet, style, about.contract, constants=about.constants, targets=about.targets)
    title = f"{about.title} {shop.place.name} ({MARK})"
    dataset = DemoDataset(about.name, title, file, len(rows), about.name, about.contract, mapping)
    notes = f"{MARK}: {about.title}, data rekaan untuk peragaan."
    return Made(dataset, written(sheet, style), about.organisation, about.group, notes, planted)


def _cell(value: Any, kind: str, style: Style) -> str:
    """A planted cell as a reader finds it."""
    if isinstance(value, date) and not isinstance(value, datetime) and style.real_dates:
        return value.isoformat()
    return shown(value, kind, style)
