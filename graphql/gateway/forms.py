"""What the fields of a question's form may be filled with, and the document's variables that come of it.

People write days, names and codes; whatever they write is looked up in the province's own lists before anything is
asked. Reading the forms' files is left to `gateway/questions.py`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from core.clock import zone
from core.messages import locale, text
from core.wire import moment_text
from gateway.context import Services
from gateway.export_errors import AskFieldInvalid
from gateway.questions import FormField, Question

#: Kinds of fields whose choices are lists of the province, the same for every form.
LISTED = ("member", "region", "commodity", "gauge")
_LONGEST = 200
_NAMED = 12  # choices that an error names
_WEEK = re.compile(r"\d{4}-W\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Words that are no column's: titles of data standards, and why rows were returned.
STANDARDS, REASONS = "standards", "reasons"


def words_of(services: Services, named: str) -> Callable[[str], str]:
    """What gives the words for a value; itself where there are none."""
    if named != REASONS:
        words = labels_of(services, named)
        return lambda value: words.get(value, value)
    titles = {c.name: _title(c.title) for contract in services.contracts.values() for c in contract.columns}

    def reason(code: str) -> str:
        column, _, fault = code.rpartition(".")
        known = f"report.reason.{fault}"
        said = text(known)
        said = fault if said == known else said
        return f"{titles.get(column, column)}: {said}" if column else said

    return reason


def _title(words: Mapping[str, str]) -> str:
    return words.get(locale()) or words["id"]


def labels_of(services: Services, named: str) -> Mapping[str, str]:
    """The words of a data standard's column, by value, or of all standards; none where there is no such column."""
    if named == STANDARDS:
        return {name: _title(contract.title) for name, contract in services.contracts.items()}
    standard, _, column = named.partition(".")
    contract = services.contracts.get(standard)
    return next((c.labels for c in contract.columns if c.name == column), {}) if contract else {}


def choices(services: Services, field: FormField) -> Iterator[tuple[str, str]]:
    """What a field offers, as values and what they are called; nothing where anything may be written."""
    match field.kind:
        case "member":
            yield from ((code, member.name) for code, member in services.members.items())
        case "region":
            provinces = {services.regions.region(c).province for m in services.members.values() for c in m.regions}
            yield from ((r.code, r.name) for r in services.regions if r.province in provinces)
        case "commodity":
            yield from ((code, commodity.name) for code, commodity in services.listed.commodities.items())
        case "gauge":
            yield from ((code, gauge.name) for code, gauge in services.listed.gauges.items())
        case "choice":
            yield from ((c.value, str(c.label)) for c in field.choices)
            yield from labels_of(services, field.choices_of).items()


def today(services: Services) -> date:
    """The day it is in the province."""
    return services.clock().astimezone(zone(services.settings.timezone)).date()


def default(services: Services, field: FormField) -> str | None:
    """What stands in a field that nobody filled."""
    if field.kind in ("date", "since") and isinstance(field.default, int):
        return (today(services) + timedelta(days=field.default)).isoformat()
    return None if field.default is None else str(field.default)


def filled(services: Services, question: Question, given: Mapping[str, str]) -> dict[str, str]:
    """Every field that has a value, as text: what was given, else its default.

    Raises:
        AskFieldInvalid: a field that the form does not have, or an empty one that must be filled.
    """
    names = [field.name for field in question.fields]
    strange = next((name for name in given if name not in names), None)
    if strange is not None:
        raise AskFieldInvalid(
            name=question.name, field=strange, value=text("question.unknown"), expected=", ".join(names) or "—"
        )
    found: dict[str, str] = {}
    for field in question.fields:
        value = given.get(field.name, "").strip() or default(services, field)
        if value is not None:
            found[field.name] = value
        elif field.required:
            expected = _expected(services, field)
            raise AskFieldInvalid(
                name=question.name, field=field.name, value=text("question.missing"), expected=expected
            )
    return found


def variables(services: Services, question: Question, values: Mapping[str, str]) -> dict[str, Any]:
    """The document's variables for a filled form.

    Raises:
        AskFieldInvalid: a value that its field cannot take.
    """
    return {f.name: _variable(services, question, f, values[f.name]) for f in question.fields if f.name in values}


def _expected(services: Services, field: FormField) -> str:
    match field.kind:
        case "number":
            return text("question.expected.number", least=field.least, most=field.most)
        case "date" | "since":
            return text("question.expected.date")
        case "week":
            return text("question.expected.week")
    offered = [f"{value} ({label})" for value, label in choices(services, field)]
    if not offered:
        return text("question.expected.text", most=_LONGEST)
    more = ["…"] if len(offered) > _NAMED else []
    return text("question.expected.choice", choices=", ".join([*offered[:_NAMED], *more]))


def _variable(services: Services, question: Question, field: FormField, value: str) -> str | int:
    found = _read(services, field, value)
    if found is None:
        shown, expected = value[:_LONGEST], _expected(services, field)
        raise AskFieldInvalid(name=question.name, field=field.name, value=shown, expected=expected)
    return found


def _read(services: Services, field: FormField, value: str) -> str | int | None:
    """What a field's text means; None where it means nothing."""
    match field.kind:
        case "number":
            number = int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None
            return number if number is not None and field.least <= number <= field.most else None
        case "date" | "since":
            return _day(value, None if field.kind == "date" else services.settings.timezone)
        case "week":
            return value if _WEEK.fullmatch(value) else None
    offered = list(choices(services, field))
    if not offered:
        return value if len(value) <= _LONGEST and "\x00" not in value else None
    named = {code.casefold(): code for code, _ in offered} | {code: code for code, _ in offered}
    labels = {label.casefold(): code for code, label in offered}
    return named.get(value) or named.get(value.casefold()) or labels.get(value.casefold())


def _day(value: str, timezone: str | None) -> str | None:
    """A day as ISO text, or with a time zone its first moment."""
    if not _DAY.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
        return value if timezone is None else moment_text(datetime.combine(day, time.min, zone(timezone)))
    except (ValueError, OverflowError):
        return None
