"""What the gate decided about one delivery of one resource, and what a person decided after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What became of a delivery.

    Published, published with warnings, held (the last good snapshot stays), not mapped to a contract yet; or it
    never came to a check: a document for people (*tidak terbaca mesin*), or a file that could not be read.
    """

    PUBLISHED = "published"
    WARNED = "published_with_warnings"
    HELD = "held"
    UNMAPPED = "unmapped"
    DOCUMENT = "not_machine_readable"
    UNREADABLE = "unreadable"


def hold_mark(code: str, values: Mapping[str, object]) -> str:
    """What a hold is about, whatever its numbers: its code, with the column or rule where it speaks of one."""
    subject = values.get("rule", values.get("column"))
    return code if subject is None else f"{code}:{subject}"


@dataclass(frozen=True, slots=True)
class Release:
    """A person's word that a delivery is to be published although the gate holds it.

    Attributes:
        holds: the marks of the holds that are set aside; any other holds the delivery still.
        by: who decided; `reason` is why, in that person's words.
        contract: the standard under which it was held, None without one; under another it is judged anew.
    """

    holds: frozenset[str]
    by: str
    reason: str
    contract: str | None
