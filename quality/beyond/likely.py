"""What a mistyped number was probably meant to be: the slips of a hand, tried against what is usual.

It explains and decides nothing: whether a number is a typo is `typos.py`'s, which looks at sizes alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

#: A correction must come so near to what is usual: a hand can make many numbers of one, but few of them by zeros.
NEAR, AT_POWER = math.log(1.15), math.log(1.5)
_POWERS = (1, 2, 3, 4, 5, 6)


class Slip(StrEnum):
    """How a number was mistyped; `quality.typo.SLIP.*` says it."""

    ZEROS_MORE = "zeros_more"  # ten, a hundred, a thousand times too much
    ZEROS_LESS = "zeros_less"
    DIGIT_MORE = "digit_more"
    DIGIT_LESS = "digit_less"
    SWAPPED = "swapped"
    OTHER_DIGIT = "other_digit"


#: A power of ten is likelier than a single digit, unless it is so much farther off.
_DOUBT = {Slip.DIGIT_MORE: 0.15, Slip.OTHER_DIGIT: 0.15, Slip.SWAPPED: 0.15, Slip.DIGIT_LESS: 0.25}


@dataclass(frozen=True, slots=True)
class Likely:
    """The number that was probably meant, and the slip that makes the written one of it."""

    value: float
    slip: Slip


def likely(value: float, usual: float, *, whole: bool = True) -> Likely | None:
    """The nearest number to the usual one that one slip away from a positive value, powers of ten before single digits.

    Args:
        whole: the column holds whole numbers.
    """
    value = float(value)
    tried = [(abs(math.log(c / usual)), c, slip) for slip, c in _zeros(value) if c > 0]
    near = [(off, c, slip) for off, c, slip in tried if off <= AT_POWER]
    tried = [(abs(math.log(c / usual)), c, slip) for slip, c in _hand(value, usual) if c > 0]
    near += [(off + _DOUBT[slip], c, slip) for off, c, slip in tried if off <= NEAR]
    if not near:
        return None
    _, best, slip = min(near)
    return Likely(float(round(best)) if whole else best, slip)


def _zeros(value: float) -> Iterator[tuple[Slip, float]]:
    yield from ((Slip.ZEROS_MORE, value / 10**n) for n in _POWERS)
    yield from ((Slip.ZEROS_LESS, value * 10**n) for n in _POWERS)


def _hand(value: float, usual: float) -> Iterator[tuple[Slip, float]]:
    yield from ((Slip.DIGIT_MORE, c) for c in _without(value))
    yield from ((Slip.OTHER_DIGIT, c) for c in _replaced(value, usual))
    yield from ((Slip.SWAPPED, c) for c in _swapped(value))
    yield from ((Slip.DIGIT_LESS, c) for c in _with(value, usual))


def _digits(value: float) -> str:
    """The digits of a whole number; nothing for any other, whose typing is not known."""
    return str(int(value)) if value.is_integer() and value < 1e15 else ""


def _without(value: float) -> Iterator[float]:
    digits = _digits(value)
    return (float(digits[:i] + digits[i + 1 :]) for i in range(len(digits)) if len(digits) > 1)


def _with(value: float, usual: float) -> Iterator[float]:
    digits = _digits(value)
    wanted = _digits(float(round(usual)))
    return (
        float(digits[:i] + digit + digits[i:])
        for i in range(len(digits) + 1)
        for digit in sorted(set(wanted))
        if digits
    )


def _swapped(value: float) -> Iterator[float]:
    d = _digits(value)
    return (float(d[:i] + d[i + 1] + d[i] + d[i + 2 :]) for i in range(len(d) - 1) if d[i] != d[i + 1])


def _replaced(value: float, usual: float) -> Iterator[float]:
    """One digit taken for that of the usual number in its place; numbers of other lengths have no such place."""
    digits, wanted = _digits(value), _digits(float(round(usual)))
    same = len(digits) == len(wanted)
    return (
        float(digits[:i] + wanted[i] + digits[i + 1 :]) for i in range(len(digits)) if same and digits[i] != wanted[i]
    )
