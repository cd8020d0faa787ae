"""The report as JSON: the numbers themselves, the same in every language, whose sha256 names the report."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import orjson

from quality.report.model import Item, Report, Series
from quality.score import Week


def plain(value: object) -> Any:
    """A value of the report as JSON has it: dataclasses as objects, moments as ISO text in UTC, weeks by name."""
    if isinstance(value, Week):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Series):
        return _series(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _series(series: Series) -> dict[str, Any]:
    """Scores week by week: [passed, measured] of each dimension; how a number is opened stands with the newest week."""
    cards = [card for card in series.cards if card is not None]
    opens = {d.value: m.opens for d, m in cards[-1].dimensions.items() if m is not None} if cards else {}
    return {
        "level": series.level,
        "id": series.id,
        "title": series.title,
        "member": series.member,
        "opens": opens,
        "weeks": {
            str(card.week): {
                **{d.value: m.counts for d, m in card.dimensions.items() if m is not None},
                "gates": {gate.value: passed for gate, passed in card.gates.items()},
                "mqa": card.mqa,
            }
            for card in cards
        },
    }


def as_json(report: Report) -> bytes:
    """The report as one JSON document: two spaces, keys in order, moments in UTC; the same report, the same bytes."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps({"format": 1, **plain(report)}, option=options)


def digest(document: bytes) -> str:
    """What names a report: the sha256 of its JSON document, as `sha256sum` prints it."""
    return hashlib.sha256(document).hexdigest()


def item_record(item: Item) -> dict[str, Any]:
    """What is put on record of a decision that a report asks for."""
    names = ("id", "kind", "member", "subject", "values", "options")
    return {name: plain(getattr(item, name)) for name in names}
