"""What the detectors say: the kind of personal data, where, how much, whether it is certain, and a masked example."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_HIDDEN = "•"


class Kind(StrEnum):
    """A kind of personal data, in the word that a steward reads."""

    NIK = "NIK"
    KK = "KK"
    PHONE = "telepon"
    EMAIL = "surel"
    NAME = "nama"


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data of one kind in one column.

    Attributes:
        column: the source's header.
        rows: how many cells hold it; `share` is that of the filled cells.
        certain: it belongs to a person beyond doubt, so that the file is held; else a remark beside it.
        example: one value, masked: nobody is known by it.
        first: positions of the first cells in the table, from 0.
    """

    column: str
    kind: Kind
    rows: int
    share: float
    certain: bool
    example: str
    first: tuple[int, ...]


def found(column: str, kind: Kind, hits: Iterable[tuple[int, str]], filled: int, *, certain: bool) -> Found:
    """A finding from the cells that hold it: their positions in rising order, and what was found there."""
    listed = list(hits)
    at = sorted({position for position, _ in listed})
    return Found(column, kind, len(at), len(at) / max(1, filled), certain, masked(kind, listed[0][1]), tuple(at[:5]))


def masked(kind: Kind, value: str) -> str:
    """A value by which nobody is known any more, though its kind is seen: `3374••••••••0001`."""
    match kind:
        case Kind.NIK | Kind.KK:
            digits = re.sub(r"\D", "", value)
            return digits[:4] + _HIDDEN * 8 + digits[-4:]
        case Kind.PHONE:
            digits = re.sub(r"\D", "", value)
            return digits[:4] + _HIDDEN * max(4, len(digits) - 6) + digits[-2:]
        case Kind.EMAIL:
            return f"{value[:1]}{_HIDDEN * 3}@{value.rpartition('@')[2]}"
        case Kind.NAME:
            return " ".join(word[:1] + _HIDDEN * 3 for word in value.split()[:3])
