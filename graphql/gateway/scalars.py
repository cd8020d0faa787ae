"""The scalars that GraphQL itself does not have: 64-bit integers, days, moments and plain JSON."""

from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
Json = NewType("Json", object)


def whole_number(value: Any) -> int:
    """The 64-bit number that a value is or writes; ValueError where it is none."""
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("a whole number of at most 64 bits is expected")
    return value


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except TypeError as error:
        raise ValueError("a day such as 2026-01-31 is expected") from error


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("a moment with its zone such as 2026-01-31T07:00:00+07:00 is expected")
    return moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """A moment as it leaves: UTC with Z."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, written as a JSON number; text of digits is read too.",
        parse_value=whole_number,
    ),
    date: strawberry.scalar(
        name="Date", description="A day: 2026-01-31.", serialize=lambda day: day.isoformat(), parse_value=_date
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: 2026-01-31T00:00:00Z. Its zone must be given; answers are in UTC.",
        serialize=moment_text,
        parse_value=_moment,
    ),
    Json: strawberry.scalar(name="JSON", description="Any JSON value.", parse_value=lambda value: value),
}


def config() -> StrawberryConfig:
    """The configuration that every schema of the house is made with."""
    return StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True)
