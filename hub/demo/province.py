"""What the simulated province consists of, and what was planted in it on purpose; kept beside its files.

Values only. `generate.py` makes them; the demonstration and the tests compare a harvest against them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

MANIFEST = "province.json"
#: Raised whenever the generator writes something else for the same arguments.
FORM = 5


@dataclass(frozen=True, slots=True)
class Planted:
    """One broken row (or, where `row` is None, file) that the harvest must find.

    Attributes:
        kind: unknown_commodity, price_99, price_920017, missing_price, negative_stock, bad_date, empty_region,
            total_row (a JUMLAH below the table), foreign_region, or what a `Fault` of `datasets_*.py` names.
        row: the row in the source as the reader counts it: line, sheet row, or record number of a JSON list.
        expect: `quarantined` (the row), `warned` (the row is published with a warning), `held` (the whole file), or
            `finding` (the row is published, and a look beyond its file finds it).
    """

    member: str
    dataset: str
    contract: str
    file: str
    row: int | None
    kind: str
    header: str
    value: str
    expect: str


@dataclass(frozen=True, slots=True)
class DemoDataset:
    """One dataset of one member: its folder's name, its file, how many data rows, and how it maps to a contract.

    `mapping` is a `[[sources.mappings]]` table without its `match`; None where no contract fits.
    """

    name: str
    title: str
    file: str
    rows: int
    tag: str
    contract: str | None = None
    mapping: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DemoMember:
    """One regency or city, or the province itself.

    `role` is normal, dead (nobody listens), slow or stale (nothing newer than five days).

    Its node answers the data standards of `live` when asked, beside showing its portal.
    """

    code: str
    name: str
    role: str
    datasets: tuple[DemoDataset, ...]
    live: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Province:
    """The simulated province on disk: `root/CODE/DATASET/FILE`."""

    root: Path
    code: str
    name: str
    timezone: str
    today: date
    seed: int
    days: int
    members: tuple[DemoMember, ...]
    planted: tuple[Planted, ...]
    story: Mapping[str, Any]
    form: int = FORM

    def folder(self, member: str) -> Path:
        """The folder that a member's node serves."""
        return self.root / member

    @property
    def dead(self) -> tuple[str, ...]:
        """The members whose portal nobody answers."""
        return tuple(m.code for m in self.members if m.role == "dead")

    @property
    def datasets(self) -> int:
        """How many datasets there are, the dead portal's included."""
        return sum(len(m.datasets) for m in self.members)

    def expected(self) -> dict[str, int]:
        """What a harvest of the living portals must come to, in datasets and rows."""
        held = {(p.member, p.dataset) for p in self.planted if p.expect == "held"}
        names = ("datasets", "mapped", "held", "published", "quarantined", "warned", "findings")
        out = Counter[str]({"members": len(self.members), **dict.fromkeys(names, 0)})
        for member in self.members:
            if member.role == "dead":
                continue
            out["datasets"] += len(member.datasets)
            for dataset in member.datasets:
                if dataset.contract is None:
                    continue
                if (member.code, dataset.name) in held:
                    out["held"] += 1
                    continue
                broken = [p for p in self.planted if (p.member, p.dataset) == (member.code, dataset.name)]
                bad = sum(p.expect == "quarantined" for p in broken)
                out["mapped"] += 1
                out["quarantined"] += bad
                out["warned"] += sum(p.expect == "warned" for p in broken)
                out["findings"] += sum(p.expect == "finding" for p in broken)
                out["published"] += dataset.rows - bad
        return dict(out)

    def save(self) -> None:
        """Write the manifest beside the folders."""
        data = asdict(self) | {"root": str(self.root)}
        raw = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        (self.root / MANIFEST).write_bytes(raw)

    @classmethod
    def load(cls, root: Path) -> "Province":
        """The province that was generated there; FileNotFoundError where none was."""
        data = orjson.loads((root / MANIFEST).read_bytes())
        members = tuple(
            DemoMember(**(m | {"datasets": tuple(DemoDataset(**d) for d in m["datasets"]), "live": tuple(m["live"])}))
            for m in data["members"]
        )
        planted = tuple(Planted(**p) for p in data["planted"])
        today = date.fromisoformat(data["today"])
        return cls(**(data | {"root": root, "today": today, "members": members, "planted": planted}))
