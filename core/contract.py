"""The contract (standar data) as the system uses it: columns, keys, rules, limits, classification.

Contracts are written as ODCS 3.x YAML under `quality/contracts` (shipped) and `HOME/contracts` (a province's
own). Great Expectations objects are built from it in `quality/suite.py`, GraphQL types in `gateway`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.contract_metadata import Metadata, Variable


class ColumnType(StrEnum):
    """What a column holds once it is typed; the Parquet and GraphQL types follow from it."""

    TEXT = "text"  # string
    INTEGER = "integer"  # int64: counts and whole rupiah
    NUMBER = "number"  # float64: measures
    DATE = "date"  # date32
    MOMENT = "moment"  # timestamp[us, UTC]
    BOOLEAN = "boolean"


class Classification(StrEnum):
    """Who may see it: everybody, members, the owning organisation, or not yet decided (members)."""

    OPEN = "terbuka"
    LIMITED = "terbatas"
    CLOSED = "tertutup"
    UNCLASSIFIED = "belum diklasifikasi"


class Mode(StrEnum):
    """What a new file means: the whole table anew, or rows added and changed."""

    REPLACE = "replace"
    UPSERT = "upsert"


class Storage(StrEnum):
    """Where rows are until they are committed: nowhere, or, as readings, in one table until their day is closed."""

    SNAPSHOTS = "snapshots"
    READINGS = "readings"


class Severity(StrEnum):
    """What a broken rule does: the row is quarantined, the whole file is held, or a warning stands beside it."""

    ROW = "row"
    HOLD = "hold"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Column:
    """One column with SDI's five parts (Perpres 39/2019 art. 4) in Indonesian and English.

    `standard` holds konsep, definisi, klasifikasi, ukuran, satuan as {part: {"id": ..., "en": ...}}.
    `unit` is the unit every stored value has (kg, rupiah, m, mm, orang), empty where none applies.
    `reference` names the code list its values must come from (`region`, `commodity`, `gauge`).
    `labels` are the words for each value of a closed list of texts or whole numbers (`L`: Laki-laki, `1`: Januari);
    either is understood.
    """

    name: str
    type: ColumnType
    title: Mapping[str, str]
    standard: Mapping[str, Mapping[str, str]]
    unit: str = ""
    required: bool = False
    key: bool = False
    reference: str | None = None
    classification: Classification = Classification.OPEN
    personal: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    variable: Variable = field(default_factory=Variable)
    synonyms: tuple[str, ...] = ()  # other words for it, as people write them above their data


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: a Great Expectations type with its arguments, what breaking it does, and its SDI/DQ dimension.

    `kwargs` are the expectation's own (`column`, `min_value`, `regex`, `mostly` ...), as in the YAML.
    `message` is the message-catalogue id of the plain sentence a steward reads for a failing row.
    """

    id: str
    type: str
    kwargs: Mapping[str, Any]
    severity: Severity = Severity.ROW
    dimension: str = "validity"
    message: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """Limits on how many rows a delivery may have; None is no limit (event data has none)."""

    min_rows: int | None = None
    max_rows: int | None = None
    max_drop: float | None = None  # share of the last snapshot's rows that may be missing (S06: 0.3)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Which counts are too small to be shown to anybody (docs/adr/0015).

    Attributes:
        count: the column of the counts; `flag`: the yes-or-no column that says of a row that its count is not shown.
        by: the axes along which counts add up, each as columns from the coarsest to the finest; where such a column
            is empty or says `total`, the row is the sum.
        threshold: counts from 1 to below it are not shown.
    """

    count: str
    flag: str
    by: tuple[tuple[str, ...], ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Contract:
    """One data standard at one version; immutable, hashable by (name, version)."""

    name: str
    version: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    mode: Mode
    owner: str  # the owner subgraph: catalog, quality, logistics, flood
    classification: Classification = Classification.UNCLASSIFIED
    volume: Volume = field(default_factory=Volume)
    freshness_hours: float | None = None
    region_column: str | None = None
    time_column: str | None = None
    event: bool = False  # event data: an empty delivery that says *nihil* is a complete report
    standard: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # SDI's five parts of the dataset
    reject_share: float = 0.5  # a delivery with a larger share of quarantined rows is held
    metadata: Metadata = field(default_factory=Metadata)
    storage: Storage = Storage.SNAPSHOTS
    suppression: Suppression | None = None
    synonyms: tuple[str, ...] = ()  # other words for what it is about, as titles of files have them
    sha256: str = ""  # of the YAML's canonical form without its metadata, part of a snapshot's identity

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that together name a row, in key order."""
        return tuple(c.name for c in self.columns if c.key)

    @property
    def gauge_column(self) -> str | None:
        """The column of the gauge that a reading is of; None where rows are no readings in time."""
        found = next((c.name for c in self.columns if c.key and c.reference == "gauge"), None)
        return found if self.time_column is not None else None

    @property
    def major(self) -> int:
        """The major version; minor ones only add nullable columns."""
        return int(self.version.split(".")[0])

    def column(self, name: str) -> Column:
        """The column with that name; `KeyError` where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
