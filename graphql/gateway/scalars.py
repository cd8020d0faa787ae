"""The scalars that GraphQL itself does not have: 64-bit integers, days, moments and plain JSON."""

from datetime import date, datetime
from typing import NewType

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from core.wire import day, moment, moment_text, whole_number

BigInt = NewType("BigInt", int)
Json = NewType("Json", object)


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, written as a JSON number; text of digits is read too.",
        parse_value=whole_number,
    ),
    date: strawberry.scalar(
        name="Date", description="A day: 2026-01-31.", serialize=lambda value: value.isoformat(), parse_value=day
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: 2026-01-31T00:00:00Z. Its zone must be given; answers are in UTC.",
        serialize=moment_text,
        parse_value=moment,
    ),
    Json: strawberry.scalar(name="JSON", description="Any JSON value.", parse_value=lambda value: value),
}


def config() -> StrawberryConfig:
    """The configuration that every schema of the house is made with."""
    return StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True)
