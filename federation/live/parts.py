"""Groups in parts: what each node is asked for, and how what all of them gave becomes the groups of all rows.

An average is put together from sum and count; distinct values and medians from every value with its number, since
neither can be made of what parts of the rows say. Conditions on groups are looked at when all parts are together.
"""

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.contract import ColumnType
from core.group_keys import GroupKey
from core.rows import Op, Order, Value
from core.rows_aggregate import Coarse, GroupOrder, Having, Measure, MeasureOp
from federation.live.ordering import key_of

Values = tuple[Value | None, ...]
_SIGNS: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
}
_COUNTED = (MeasureOp.COUNT_DISTINCT, MeasureOp.MEDIAN)
#: Columns whose values one question may count: a node answers few fields at once.
COUNTED_MAX = 8
_COUNTS = (MeasureOp.COUNT, MeasureOp.COUNT_DISTINCT, MeasureOp.COUNT_TRUE)
_INT64 = 2**63


@dataclass(frozen=True)
class Partials:
    """What each node, or the catalogue in its place, is asked for.

    Attributes:
        keys: what rows are grouped by, by name; finer than what was asked for where rows have to be looked at.
        measures: such as can be put together from parts.
        counted: the columns of which each group's values are wanted, with the number of each.
        zone: the IANA name of the zone whose days count.
    """

    keys: Mapping[str, GroupKey]
    measures: tuple[Measure, ...]
    counted: tuple[str, ...]
    zone: str

    @property
    def group_by(self) -> tuple[str | Coarse, ...]:
        """The keys as an aggregate's query names them."""
        return tuple(key.asked(self.zone) for key in self.keys.values())

    @property
    def zoned(self) -> bool:
        """Whether it matters in which zone days begin."""
        return any(key.grain is not None and key.kind is ColumnType.DATE for key in self.keys.values())

    def with_values(self, column: str) -> tuple[str, ...]:
        """The names of the keys when a column's values are counted."""
        return tuple(dict.fromkeys((*self.keys, column)))


@dataclass
class Parts:
    """What one of them gave.

    Attributes:
        groups: the key, the number of rows, the partial measures.
        counted: for each counted column the key, a value, and the number of its rows.
    """

    groups: list[tuple[Values, int, Values]] = field(default_factory=list)
    counted: Sequence[list[tuple[Values, Value, int]]] = ()

    @property
    def size(self) -> int:
        """How much it is."""
        return len(self.groups) + sum(map(len, self.counted))


@dataclass(frozen=True, slots=True)
class Group:
    """One group: values grouped by, its rows, its measures."""

    key: Values
    count: int
    values: Values


def parts_of(measure: Measure) -> tuple[Measure, ...]:
    """The partial measures that a measure is put together from."""
    if measure.op is MeasureOp.AVG:
        return Measure(MeasureOp.SUM, measure.column), Measure(MeasureOp.COUNT, measure.column)
    return () if measure.op in _COUNTED else (measure,)


def columns_counted(measures: Sequence[Measure]) -> tuple[str, ...]:
    """The columns whose every value is wanted."""
    return tuple(dict.fromkeys(m.column for m in measures if m.op in _COUNTED and m.column is not None))


@dataclass
class _Whole:
    """A group while its parts come together."""

    count: int = 0
    parts: list[Any] | None = None
    counted: list[Counter[Value]] = field(default_factory=list)


@dataclass(frozen=True)
class Together:
    """Puts parts together.

    Attributes:
        wide: how many of the partials' keys were asked for; those behind them only let rows be looked at.
        measures: what is asked for of each group.
    """

    partials: Partials
    wide: int
    measures: tuple[Measure, ...]
    having: tuple[Having, ...]
    order: tuple[GroupOrder, ...]

    @cached_property
    def _at(self) -> Mapping[Measure, int]:
        return {m: i for i, m in enumerate(self.partials.measures)}

    def groups(self, given: Sequence[Parts]) -> list[Group]:
        """The groups of all rows, those that meet the conditions, in their order."""
        whole: dict[Values, _Whole] = {}
        for parts in given:
            self._add(whole, parts)
        if not self.wide and not whole:
            whole[()] = self._empty()
        measured = [Group(key, held.count, self._values(held)) for key, held in whole.items()]
        found = [group for group in measured if all(self._holds(group, condition) for condition in self.having)]
        return sorted(found, key=self._sorted_by)

    def _empty(self) -> _Whole:
        return _Whole(counted=[Counter() for _ in self.partials.counted])

    def _add(self, whole: dict[Values, _Whole], parts: Parts) -> None:
        ops = [m.op for m in self.partials.measures]
        for key, count, values in parts.groups:
            held = whole.setdefault(key[: self.wide], self._empty())
            held.count += count
            held.parts = (
                list(values)
                if held.parts is None
                else [_joined(op, a, b) for op, a, b in zip(ops, held.parts, values, strict=True)]
            )
        for place, counted in enumerate(parts.counted):
            for key, value, number in counted:
                held = whole.setdefault(key[: self.wide], self._empty())
                held.counted[place][value] += number

    def _values(self, held: _Whole) -> Values:
        return tuple(self._value(measure, held) for measure in self.measures)

    def _value(self, measure: Measure, held: _Whole) -> Value | None:
        if measure.op in _COUNTED:
            counted = held.counted[self.partials.counted.index(str(measure.column))]
            return len(counted) if measure.op is MeasureOp.COUNT_DISTINCT else _median(counted)
        if held.parts is None:
            return 0 if measure.op in _COUNTS else None
        given = [held.parts[self._at[part]] for part in parts_of(measure)]
        if measure.op is MeasureOp.AVG:
            return given[0] / given[1] if given[0] is not None and given[1] else None
        made: Value | None = given[0]
        return float(made) if type(made) is int and not -_INT64 <= made < _INT64 else made

    def _measured(self, group: Group, place: int) -> Any:
        """A measure by its place, behind the last one the number of rows, as in the catalogue's groups."""
        return (*group.values, group.count)[place]

    def _holds(self, group: Group, condition: Having) -> bool:
        value = self._measured(group, condition.measure)
        return value is not None and _SIGNS[condition.op](value, condition.value)

    def _sorted_by(self, group: Group) -> Any:
        places = {key: i for i, key in enumerate(self.partials.group_by[: self.wide])}
        steps = [
            (self._measured(group, s.by) if isinstance(s.by, int) else group.key[places[s.by]], s.descending)
            for s in self.order
        ]
        named = {s.by for s in self.order}
        steps += [(group.key[i], False) for key, i in places.items() if key not in named]
        return key_of(tuple(Order("", down) for _, down in steps))([value for value, _ in steps])


def _joined(op: MeasureOp, a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    if op is MeasureOp.MIN:
        return min(a, b)
    return max(a, b) if op is MeasureOp.MAX else a + b


def _median(counted: Counter[Value]) -> float | None:
    """The middle of all values, between the two in the middle where their number is even."""
    total = counted.total()
    if not total:
        return None
    below, found = 0, []
    wanted = [(total - 1) // 2, total // 2]
    for value in sorted(counted):
        below += counted[value]
        while wanted and wanted[0] < below:
            found.append(float(value))  # type: ignore[arg-type]  # the line above says what it is
            wanted.pop(0)
    low, high = found
    return low + (high - low) / 2
