"""The mapping of a source's dataset to a contract: which datasets, which columns, which styles.

It is written in a member's TOML (`federation/registry.py` reads it there) and applied by `quality/cast.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

NumberStyle = Literal["auto", "id", "en"]
DateStyle = Literal["auto", "dmy", "mdy", "ymd"]


@dataclass(frozen=True, slots=True)
class Match:
    """Which datasets of a source are meant: every condition that is given must hold.

    Attributes:
        id: the dataset's id or name at its source.
        tag: a tag it carries, case-insensitive.
        title: a regular expression searched in its title, case-insensitive.
        resource: a regular expression searched in the resource's name or file name, case-insensitive.
    """

    id: str | None = None
    tag: str | None = None
    title: str | None = None
    resource: str | None = None

    def dataset(self, *, ids: Sequence[str], title: str, tags: Sequence[str]) -> bool:
        """Whether a dataset with these ids, title and tags is meant."""
        return (
            (self.id is None or self.id in ids)
            and (self.tag is None or self.tag.lower() in {t.lower() for t in tags})
            and (self.title is None or re.search(self.title, title, re.IGNORECASE) is not None)
        )

    def fits_resource(self, name: str) -> bool:
        """Whether a resource of such a dataset is meant."""
        return self.resource is None or re.search(self.resource, name, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class DatasetMapping:
    """How one kind of dataset of a source becomes rows of a contract.

    Attributes:
        contract: the contract's name.
        match: which datasets are meant.
        columns: contract column to source header (compared with `core.reference.fold`).
        constants: contract column to a fixed text, used where no source column gives one.
        factors: contract column to a decimal factor as text, for units (`stok_ton` to kilograms: "1000").
        table: sheet or table name; None takes the first table that has the mapped headers.
        number_style: `id` is 1.234,56, `en` is 1,234.56, `auto` decides per column.
        date_style: the order of day and month, `auto` decides per column and holds what it cannot decide.
        zone: the zone of naive moments; None takes the province's.
    """

    contract: str
    match: Match
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    number_style: NumberStyle = "auto"
    date_style: DateStyle = "auto"
    zone: str | None = None
