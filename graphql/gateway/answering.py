"""Asks a named question of the graph and makes its answer a table: as rows for machines, as cells for people.

It is run like any operation: limits, cost, deadline and scope are those of `/graphql`. Files and forms are read by
`gateway/questions.py` and `gateway/forms.py`, HTTP is left to `hub/routes/questions.py`.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import mul, sub, truediv
from typing import Any

from babel.dates import format_date
from graphql import GraphQLError
from strawberry import Schema

from core.clock import on_screen
from core.errors import LumbungError, all_errors
from core.messages import locale, text
from core.spreadsheet import formula_like
from gateway import forms
from gateway.context import Context
from gateway.cost import held
from gateway.documents import Documents, Refused, operation
from gateway.errors import known
from gateway.execution import Request, run
from gateway.questions import Column, ColumnKind, Question

Cell = str | int | float | bool | None
#: The items on the way to a row, the answer first and the row's own last.
_Row = tuple[Any, ...]
#: Decimals of numbers: of those below one, so that something of them is left, and of all others.
_FINE, _COARSE = 4, 2
_JOINED = "; "
#: Whole numbers from here on have their thousands parted in a sheet: no year is one.
_LONG = 10_000


class Unanswered(LumbungError):
    """A question whose answer is an error: with the code and the sentences that the graph gave it."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        facts = error["extensions"]
        super().__init__(**facts["values"])
        self.code = facts["code"]  # type: ignore[misc]  # it is whichever the graph's was
        self.http_status = {c.code: c.http_status for c in all_errors()}.get(self.code, 500)  # type: ignore[misc]  # too
        self._said = error["message"], facts["fix"]

    def what(self, locale: str | None = None) -> str:
        """What the graph said."""
        return str(self._said[0])

    def fix(self, locale: str | None = None) -> str:
        """What it said to do."""
        return str(self._said[1])


@dataclass(frozen=True, slots=True)
class Head:
    """A column's name for machines and for people, and what its cells are."""

    name: str
    title: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class Table:
    """A question's answer.

    Attributes:
        filled: what each field of the form was filled with.
        rows: their values as JSON has them: days and moments (UTC) as ISO text.
        as_of: when it was answered; `seq`: the commit it shows, where it shows one.
        more: more rows would follow; `problems`: what could not be answered beside these rows.
    """

    question: Question
    filled: Mapping[str, str]
    columns: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    as_of: datetime
    seq: int | None
    more: bool
    problems: tuple[str, ...]
    timezone: str

    def as_json(self) -> dict[str, object]:
        """The answer for a machine or a page."""
        return {
            "name": self.question.name,
            "title": str(self.question.title),
            "fields": dict(self.filled),
            "columns": [{"name": h.name, "title": h.title, "kind": h.kind} for h in self.columns],
            "rows": self.rows,
            "as_of": self.as_of,
            "seq": self.seq,
            "more": self.more,
            "problems": self.problems,
        }

    def cells(self) -> Iterator[list[str | int | float | None]]:
        """The rows as people read them: moments in the province's time, months by name, yes and no as words."""
        for row in self.rows:
            yield [self._cell(head.kind, value) for head, value in zip(self.columns, row, strict=True)]

    def _days(self) -> Iterator[list[object]]:
        """The same with days as days, for whoever can hold them."""
        at = [i for i, head in enumerate(self.columns) if head.kind == "date"]
        for cells in self.cells():
            row: list[object] = list(cells)
            for i in at:
                row[i] = date.fromisoformat(str(cells[i])) if cells[i] is not None else None
            yield row

    def _formats(self) -> list[str]:
        """How a spreadsheet shows each column's numbers and days, in its own language's signs."""
        formats: list[str] = []
        for i, head in enumerate(self.columns):
            numbers = [row[i] for row in self.rows if isinstance(row[i], int | float)]
            whole = all(isinstance(n, int) for n in numbers)
            match head.kind:
                case "date":
                    formats.append("dd/mm/yyyy")
                case "percent":
                    formats.append("0.0")
                case "rupiah":
                    formats.append("#,##0")
                case "number" if not whole or any(abs(float(n)) >= _LONG for n in numbers if n is not None):
                    formats.append("#,##0" if whole else "#,##0.00")
                case _:
                    formats.append("")
        return formats

    def _cell(self, kind: ColumnKind, value: Cell) -> str | int | float | None:
        if isinstance(value, bool):
            return text("question.yes" if value else "question.no")
        if kind == "moment" and isinstance(value, str):
            return on_screen(datetime.fromisoformat(value), self.timezone)
        if kind == "month" and isinstance(value, str):
            return format_date(date.fromisoformat(value), "MMMM y", locale=locale())
        return value

    def as_csv(self) -> bytes:
        """The table as CSV for a spreadsheet: UTF-8 with its mark, no text that would be run."""
        out = io.StringIO(newline="")
        rows = csv.writer(out)
        rows.writerow([head.title for head in self.columns])
        for cells in self.cells():
            rows.writerow([f"'{c}" if isinstance(c, str) and formula_like(c) else c for c in cells])
        return out.getvalue().encode("utf-8-sig")

    def as_xlsx(self) -> bytes:
        """The table as a workbook; a second sheet says what was asked, when, and of which commit."""
        from quality.report.workbook import Sheet, workbook  # openpyxl takes long to import

        about: list[tuple[str, str | int | None]] = [
            (text("question.about.question"), str(self.question.title)),
            *((str(f.label), self.filled.get(f.name)) for f in self.question.fields),
            (text("question.about.as_of"), on_screen(self.as_of, self.timezone)),
            (text("question.about.seq"), self.seq),
            (text("question.about.rows"), len(self.rows)),
            (text("question.about.more"), text("question.yes" if self.more else "question.no")),
            *((text("question.about.problem"), problem) for problem in self.problems),
        ]
        heads = [text("question.about.field"), text("question.about.value")]
        answer = Sheet(text("question.sheet.answer"), [h.title for h in self.columns], self._days(), self._formats())
        sheets = (answer, Sheet(text("question.sheet.about"), heads, about))
        return workbook(sheets, stamp=f"{self.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


class Asker:
    """Asks questions of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema._schema
        self._documents = Documents(self._schema, introspection=False)

    async def ask(self, context: Context, question: Question, given: Mapping[str, str]) -> Table:
        """The table that answers a question whose form was filled so.

        Raises:
            AskFieldInvalid: the form cannot be filled so.
            Unanswered, QueryCost, QueryTimeout: the graph's own refusals.
        """
        services = context.services
        values = forms.filled(services, question, given)
        variables = forms.variables(services, question, values)
        try:
            sound = await self._documents.of(context, question.document)
        except Refused as refused:  # a data standard that the document asks for is not there, or was changed
            error = refused.errors[0]
            raise known(error) if isinstance(error, GraphQLError) else error from None
        held(operation(sound, None, only_queries=True).cost, variables, services.settings, context.actor)
        body = await run(self._schema, context, sound.document, Request(question.document, variables))
        errors: Any = body.get("errors", [])
        data: Any = body["data"]
        if data is None or (errors and all(value is None for value in data.values())):
            raise Unanswered(errors[0])
        return _table(context, question, values, data, tuple(dict.fromkeys(e["message"] for e in errors)))


def _table(
    context: Context, question: Question, values: Mapping[str, str], data: Any, problems: tuple[str, ...]
) -> Table:
    services = context.services
    words = {c.name: forms.words_of(services, c.labels_of) for c in question.columns if c.labels_of}
    joined: dict[Any, Any] = {}
    if question.join is not None:
        for found in rows_at((data,), question.join.rows):
            joined.setdefault(value_at(found, question.join.to), found[-1])
    rows: list[tuple[Cell, ...]] = []
    for row in rows_at((data,), question.rows):
        beside = joined.get(value_at(row, question.join.on)) if question.join else None
        raw = {c.name: _measured(row, c, beside) for c in question.columns}
        if _kept(question, raw):
            rows.append(tuple(_named(c, raw[c.name], words.get(c.name)) for c in question.columns))
    if question.sort:
        _sort(question, rows)
    seq = value_at((data,), question.seq) if question.seq else None
    return Table(
        question=question,
        filled=values,
        columns=tuple(Head(c.name, str(c.title), c.kind) for c in question.columns),
        rows=tuple(rows),
        as_of=services.clock(),
        seq=seq if isinstance(seq, int) else None,
        more=any(value_at((data,), path) is True for path in question.more),
        problems=problems,
        timezone=services.settings.timezone,
    )


def rows_at(row: _Row, path: str) -> Iterator[_Row]:
    """The rows at the end of a path, each with the items on its way; lists on the way are gone through."""
    return _rows(row, path.split("."))


def _rows(row: _Row, steps: list[str]) -> Iterator[_Row]:
    value = row[-1]
    for i, step in enumerate(steps):
        value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, list):
            for item in value:
                yield from _rows((*row, item), steps[i + 1 :])
            return
    if value is not None:
        yield row if value is row[-1] else (*row, value)


def value_at(row: _Row, path: str, beside: Any = None) -> Any:
    """What stands at a path: from the row, with `^` from a list around it, with `+` from the joined row."""
    if path.startswith("+"):
        return _at(beside, path[1:].split("."))
    out = len(path) - len(path.lstrip("^"))
    return _at(row[-1 - out], path[out:].split(".")) if out < len(row) else None


def _at(value: Any, steps: list[str]) -> Any:
    for i, step in enumerate(steps):
        if isinstance(value, list) and not step.isdigit():
            parts = (_at(item, steps[i:]) for item in value)
            return _JOINED.join(dict.fromkeys(str(part) for part in parts if part is not None)) or None
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list):
        return _JOINED.join(dict.fromkeys(map(str, value))) or None
    return value


def _measured(row: _Row, column: Column, beside: Any) -> Any:
    """A column's value: what its path gives, less and divided by what others give; empty where one of them is."""
    value = value_at(row, column.source, beside)
    if column.minus:
        value = _worked(sub, value, value_at(row, column.minus, beside))
    if column.per:
        value = _worked(truediv, value, value_at(row, column.per, beside))
    if column.kind == "percent":
        value = _worked(mul, value, 100)
    if not isinstance(value, float):
        return value
    return round(value, _COARSE if column.kind == "rupiah" or abs(value) >= 1 else _FINE)


def _worked(op: Callable[[Any, Any], Any], value: Any, other: Any) -> Any:
    """What two numbers make; nothing where one is none, or would divide by nothing."""
    if not isinstance(value, int | float) or not isinstance(other, int | float) or (op is truediv and not other):
        return None
    return op(value, other)


def _named(column: Column, value: Any, words: Callable[[str], str] | None) -> Cell:
    """What a value is called; of several that are joined, each."""
    if str(value) in column.labels:
        return str(column.labels[str(value)])
    if words is None or not isinstance(value, str):
        named: Cell = value
        return named
    return _JOINED.join(dict.fromkeys(map(words, value.split(_JOINED))))


def _kept(question: Question, raw: Mapping[str, Any]) -> bool:
    keep = question.keep
    if keep is None:
        return True
    value = raw[keep.column]
    if keep.among:
        return value in keep.among
    return isinstance(value, int | float) and (keep.least is None or value >= keep.least)


def _sort(question: Question, rows: list[tuple[Cell, ...]]) -> None:
    at = [c.name for c in question.columns].index(question.sort.removeprefix("-"))
    known_, unknown = [r for r in rows if r[at] is not None], [r for r in rows if r[at] is None]

    def place(row: tuple[Cell, ...]) -> Any:
        return row[at]

    rows[:] = sorted(known_, key=place, reverse=question.sort.startswith("-")) + unknown
