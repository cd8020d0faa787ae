"""What sorts values in an ordering's steps as the catalogue does: each step its own way, empty ones last both ways."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from core.rows import Order, Value

Key = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Down:
    """A text that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: "_Down") -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash(self.value)


def _turned(value: Value) -> Any:
    if isinstance(value, datetime):
        return _EPOCH - value
    if isinstance(value, date):
        return -value.toordinal()
    return _Down(value) if isinstance(value, str) else -value


def key_of(order: tuple[Order, ...]) -> Callable[[Sequence[Value | None]], Key]:
    """What sorts the values of an ordering's steps; empty ones come last whichever way it runs."""
    downs = [step.descending for step in order]

    def key(values: Sequence[Value | None]) -> Key:
        out: list[Any] = []
        for value, down in zip(values, downs, strict=False):
            out.append(value is None)
            out.append(0 if value is None else _turned(value) if down else value)
        return tuple(out)

    return key
