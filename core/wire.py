"""Values as JSON carries them in the graph, read strictly: 64-bit whole numbers, days, moments with their zone."""

from datetime import UTC, date, datetime
from typing import Any


def whole_number(value: Any) -> int:
    """The 64-bit number that a value is or writes; ValueError where it is none."""
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("a whole number of at most 64 bits is expected")
    return value


def day(value: Any) -> date:
    """The day that a text writes; ValueError where it is none."""
    try:
        return date.fromisoformat(value)
    except TypeError as error:
        raise ValueError("a day such as 2026-01-31 is expected") from error


def moment(value: Any) -> datetime:
    """The moment in UTC that a text writes with its zone; ValueError where it is none."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else None
    if found is None or found.tzinfo is None:
        raise ValueError("a moment with its zone such as 2026-01-31T07:00:00+07:00 is expected")
    return found.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """A moment as it leaves: UTC with Z."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def plain_value(value: object) -> object:
    """A cell's or measure's value as JSON has it."""
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value
