"""Named questions: a document of the graph beside a form to fill in and the table that its answer becomes.

Each is `NAME.graphql` with `NAME.toml` (docs/pertanyaan.md), shipped in `graphql/queries` or a home's own in
`HOME/queries`. Whoever asks sees a title, fields and a table, never the graph. This module reads the files; what a
field may be filled with is `gateway/forms.py`, asking is `gateway/answering.py`.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from graphql import GraphQLError, OperationDefinitionNode, parse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.log import get
from core.messages import locale
from gateway.export_errors import AskFileInvalid

log = get("gateway.questions")

FieldKind = Literal["text", "member", "region", "commodity", "gauge", "date", "since", "week", "number", "choice"]
ColumnKind = Literal["text", "number", "rupiah", "percent", "date", "month", "moment"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """The same in both languages."""

    id: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __str__(self) -> str:
        return self.en if locale() == "en" else self.id


class Choice(_Part):
    """A value and what it is called."""

    value: str
    label: Words


class FormField(_Part):
    """A field of the form, named like the document's variable that it fills.

    Attributes:
        kind: `since` is a day of which the document gets the first moment in the province's time.
        default: what stands there unless somebody writes something else; for days a number counts from today.
        choices_of: `standard.column` whose words are the choices, in place of `choices`.
    """

    name: str = Field(pattern=r"^[a-z][a-z_]{0,30}$")
    kind: FieldKind
    label: Words
    required: bool = False
    default: str | int | None = None
    least: int = 1
    most: int = 1_000
    choices: tuple[Choice, ...] = ()
    choices_of: str = ""


class Column(_Part):
    """A column of the table.

    Attributes:
        source: the path of its value from the row (`region.name`, `values.0`); each `^` before it goes out to the list
            around, `+` to the joined row.
        minus, per: paths of what is taken off it, and of what it is divided by then.
        labels, labels_of: what values are called, or `standard.column` whose words they have; `standards` for the
            titles of data standards, `reasons` for why rows were returned.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    title: Words
    source: str = Field(alias="from")
    minus: str = ""
    per: str = ""
    kind: ColumnKind = "text"
    labels: Mapping[str, Words] = Field(default_factory=dict)
    labels_of: str = ""


class Join(_Part):
    """Rows of another list beside each row: the first of which `to` is what `on` is in the row."""

    rows: str
    on: str
    to: str


class Keep(_Part):
    """The rows that stay: those whose value of a column is at least `least`, or one of some."""

    column: str
    least: float | None = None
    among: tuple[str, ...] = ()


class Question(_Part):
    """A question as its file describes it.

    Attributes:
        rows: the path of the list whose items become rows; lists on the way are gone through.
        more: paths that are true where more would follow; `seq`: the path of the commit that is shown.
        sort: a column's name by which the rows are ordered, with `-` before it from the greatest.
    """

    name: str
    title: Words
    about: Words
    topic: Words
    rows: str
    more: tuple[str, ...] = ()
    seq: str = ""
    join: Join | None = None
    keep: Keep | None = None
    sort: str = ""
    fields: tuple[FormField, ...] = ()
    columns: tuple[Column, ...] = Field(min_length=1)
    document: str

    @model_validator(mode="after")
    def _whole(self) -> Self:
        try:
            operations = [d for d in parse(self.document).definitions if isinstance(d, OperationDefinitionNode)]
        except GraphQLError as error:
            raise ValueError(error.message) from error
        if len(operations) != 1:
            raise ValueError("one operation")
        variables = {v.variable.name.value for v in operations[0].variable_definitions or ()}
        columns = {c.name for c in self.columns}
        wanted = {self.sort.removeprefix("-")} | ({self.keep.column} if self.keep else set())
        if strange := {f.name for f in self.fields} - variables or (wanted - {""}) - columns:
            raise ValueError(f"unknown: {', '.join(sorted(strange))}")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """Its place among the others: by topic, then title."""
        return self.topic.id, self.title.id


def load(path: Path) -> Question:
    """The question of a `.toml` file and the `.graphql` beside it; `AskFileInvalid` where it is none."""
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8"))
        document = path.with_suffix(".graphql").read_text(encoding="utf-8")
        return Question.model_validate({**described, "name": path.stem, "document": document})
    except ValidationError as error:
        first = error.errors()[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        detail = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
    raise AskFileInvalid(file=path.name, detail=detail)


def read(folders: Iterable[Path]) -> Iterator[Question]:
    """The questions of some folders; one that cannot be used is logged and left out, one of a later folder prevails."""
    found: dict[str, Question] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                question = load(path)
            except AskFileInvalid as error:
                log.error("questions.unusable", what=error.what())
                continue
            found[question.name] = question
    yield from sorted(found.values(), key=lambda q: q.key)
