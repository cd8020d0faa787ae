"""What a contract says of checks beyond a column: what adds up to what, what agrees with what, what is typical.

Written as customProperties of the document, beside the rest of what only describes, so a change here makes no row
another thing. `quality/beyond` looks; here is only what it is told:

    - property: reconcile       # the regencies' and cities' figures add up to their province's
      value: [{id: province, value: people, over: region_code, by: [year, sex], where: {district: null}, tolerance: 0}]
    - property: parts           # the parts of a column's total; without `parts` every other value is one
      value: [{id: sexes, value: people, of: sex, total: total, parts: [L, P], by: [region_code, year, district]}]
    - property: agree           # two sources that speak of the same thing; `by` is the key where it is not given
      value: [{id: sources, value: people, tolerance: 0.01}]
    - property: fresh           # which columns say of when a row is: a date or a moment, a year, a year and a month
      value: {time: [year, month]}
    - property: typical         # a value against others of its kind, and against itself before
      value: [{id: price, value: price, by: [commodity_code, price_level], time: [date], season: month, factor: 4}]

`tolerance` is a share of the larger side (0.005 is half a percent), 0 where it is left out; `sizes: own` says of a
typical value that others of its kind may be of any size (people of regions).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import ContractInvalid

Refuse = Callable[[str, str], ContractInvalid]
#: What a column must hold for a rule to speak of a row; None is an empty cell.
Cell = str | int | bool | None
Where = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Reconcile:
    """The `value` of every regency and city of a province, by `by`, adds up to the province's own row."""

    id: str
    value: str
    over: str
    by: tuple[str, ...]
    where: Where = field(default_factory=dict)
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows that differ in the column `of` alone add up to the one in which it holds `total`.

    Attributes:
        parts: what the column holds in the parts, all of which must be there; empty where every other value is one.
    """

    id: str
    value: str
    of: str
    total: Cell
    by: tuple[str, ...]
    parts: tuple[Cell, ...] = ()
    where: Where = field(default_factory=dict)
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Agree:
    """Rows of several datasets with the same `by` hold the same `value`."""

    id: str
    value: str
    by: tuple[str, ...]
    where: Where = field(default_factory=dict)
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Typical:
    """A value is like others of its kind, and like itself in the period before.

    Attributes:
        by: what makes values comparable (commodity, price level); `time` as in `Checks.fresh`.
        season: `month` where months of different years are alike; None where there is no season.
        factor: so many times the usual value, or its fraction, is suspect; None leaves it to the check.
        own_sizes: what is comparable may be of any size (people of regions), so that only a value's own series tells.
    """

    id: str
    value: str
    by: tuple[str, ...]
    time: tuple[str, ...]
    season: str | None = None
    factor: float | None = None
    own_sizes: bool = False


@dataclass(frozen=True, slots=True)
class Checks:
    """Every check beyond a column that a contract declares; `fresh` names the columns that say of when a row is."""

    reconcile: tuple[Reconcile, ...] = ()
    parts: tuple[Parts, ...] = ()
    agree: tuple[Agree, ...] = ()
    typical: tuple[Typical, ...] = ()
    fresh: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether nothing is declared."""
        return self == Checks()


#: The properties of the document that are read here.
PROPERTIES = frozenset({"reconcile", "parts", "agree", "typical", "fresh"})
_SEASONS = ("month",)


def checks(custom: Mapping[str, Any], columns: frozenset[str], key: tuple[str, ...], refuse: Refuse) -> Checks:
    """The declared checks; `ContractInvalid` names the property that is not as it should be."""
    read = _Reader(columns, key, refuse)
    fresh = custom.get("fresh")
    if fresh is not None and (not isinstance(fresh, dict) or set(fresh) != {"time"}):
        raise refuse("/customProperties/fresh", "{time: [column, …]}")
    return Checks(
        reconcile=tuple(read.reconcile(raw, at) for raw, at in read.each(custom, "reconcile")),
        parts=tuple(read.parts(raw, at) for raw, at in read.each(custom, "parts")),
        agree=tuple(read.agree(raw, at) for raw, at in read.each(custom, "agree")),
        typical=tuple(read.typical(raw, at) for raw, at in read.each(custom, "typical")),
        fresh=read.names(fresh, "time", "/customProperties/fresh") if fresh is not None else (),
    )


class _Reader:
    """Reads one declaration; every refusal names its place in the document."""

    def __init__(self, columns: frozenset[str], key: tuple[str, ...], refuse: Refuse) -> None:
        self.columns, self.key, self.refuse = columns, key, refuse
        self.seen: set[str] = set()

    def each(self, custom: Mapping[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
        raw = custom.get(name, [])
        if not isinstance(raw, list):
            raise self.refuse(f"/customProperties/{name}", "[{id: ..., value: ...}, …]")
        return [(one, f"/customProperties/{name}/{i}") for i, one in enumerate(raw)]

    def shape(self, raw: Any, at: str, wanted: set[str], further: set[str]) -> str:
        """The id of a declaration that has what it must and nothing unknown."""
        wanted = {"id", "value", *wanted}
        if not isinstance(raw, dict) or not wanted <= set(raw) <= wanted | further:
            raise self.refuse(at, ", ".join(sorted(wanted)) + f" ({', '.join(sorted(further))})")
        if not isinstance(raw["id"], str) or not raw["id"].isidentifier() or raw["id"] in self.seen:
            raise self.refuse(f"{at}/id", "id: unique, [a-z_]")
        self.seen.add(raw["id"])
        return raw["id"]

    def name(self, raw: Mapping[str, Any], field_: str, at: str) -> str:
        if raw[field_] not in self.columns:
            raise self.refuse(f"{at}/{field_}", " | ".join(sorted(self.columns)))
        return str(raw[field_])

    def names(self, raw: Mapping[str, Any], field_: str, at: str) -> tuple[str, ...]:
        names = raw.get(field_, ())
        if not isinstance(names, list) or not names or not set(names) <= self.columns:
            raise self.refuse(f"{at}/{field_}", "[" + " | ".join(sorted(self.columns)) + "]")
        return tuple(names)

    def share(self, raw: Mapping[str, Any], at: str) -> float:
        found = raw.get("tolerance", 0)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 1:
            raise self.refuse(f"{at}/tolerance", "0 … 1")
        return float(found)

    def where(self, raw: Mapping[str, Any], at: str) -> Where:
        found = raw.get("where", {})
        if not isinstance(found, dict) or not set(found) <= self.columns:
            raise self.refuse(f"{at}/where", "{column: value}")
        return found

    def reconcile(self, raw: Any, at: str) -> Reconcile:
        id_ = self.shape(raw, at, {"over", "by"}, {"where", "tolerance"})
        return Reconcile(
            id_, self.name(raw, "value", at), self.name(raw, "over", at), self.names(raw, "by", at),
            self.where(raw, at), self.share(raw, at),
        )  # fmt: skip

    def parts(self, raw: Any, at: str) -> Parts:
        id_ = self.shape(raw, at, {"of", "total", "by"}, {"parts", "where", "tolerance"})
        return Parts(
            id_, self.name(raw, "value", at), self.name(raw, "of", at), raw["total"], self.names(raw, "by", at),
            tuple(raw.get("parts", ())), self.where(raw, at), self.share(raw, at),
        )  # fmt: skip

    def agree(self, raw: Any, at: str) -> Agree:
        id_ = self.shape(raw, at, set(), {"by", "where", "tolerance"})
        by = self.names(raw, "by", at) if "by" in raw else self.key
        return Agree(id_, self.name(raw, "value", at), by, self.where(raw, at), self.share(raw, at))

    def typical(self, raw: Any, at: str) -> Typical:
        id_ = self.shape(raw, at, {"by", "time"}, {"season", "factor", "sizes"})
        season, factor = raw.get("season"), raw.get("factor")
        if season is not None and season not in _SEASONS:
            raise self.refuse(f"{at}/season", " | ".join(_SEASONS))
        if factor is not None and (isinstance(factor, bool) or not isinstance(factor, int | float) or factor <= 1):
            raise self.refuse(f"{at}/factor", "> 1")
        if raw.get("sizes") not in (None, "own"):
            raise self.refuse(f"{at}/sizes", "own")
        return Typical(
            id_, self.name(raw, "value", at), self.names(raw, "by", at), self.names(raw, "time", at),
            season, None if factor is None else float(factor), "sizes" in raw,
        )  # fmt: skip
