"""What harmonisation answers: a standard, a mapping, and for every column why and how sure.

A confidence of 0.9 and more means that the answer may be taken without asking; what is below is a question with its
candidates. How a confidence is made is `quality/harmonise/certainty.py` and docs/adr/0017; who asks, remembers and
applies the answer is `services/mapping.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from core.mapping import DatasetMapping, DateStyle, Match, Melt, NumberStyle
from core.messages import text

#: From here on an answer is taken without asking.
SURE = 0.9

Role = Literal["column", "melt", "unused"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for an answer: the message `harmonise.evidence.CODE` and what it says."""

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def sentence(self, locale: str | None = None) -> str:
        """The reason as a person reads it."""
        return text(f"harmonise.evidence.{self.code}", locale, **self.values)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person must answer: the message `harmonise.question.CODE`, the header it is about, and the choices.

    Attributes:
        header: the source column, None where the question is about the whole table.
        choices: contract columns, standards or styles, likeliest first.
    """

    code: str
    header: str | None = None
    choices: tuple[str, ...] = ()
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def sentence(self, locale: str | None = None) -> str:
        """The question as a person reads it."""
        named = {"header": self.header or "", "choices": ", ".join(self.choices)}
        code = "unused" if self.code == "column" and not self.choices else self.code
        return text(f"harmonise.question.{code}", locale, **{**named, **self.values})


@dataclass(frozen=True, slots=True)
class ColumnSuggestion:
    """What becomes of one column of the table.

    Attributes:
        header: the column as it stands in the table.
        to: the contract's column that takes its cells; None where it is not used.
        role: `column`; `melt`, whose header is a value too and goes to `names`; or `unused`.
        confidence: from 0 to 1; see `SURE`.
        names: for `melt`, the contract's columns that take what the header says, in the contract's order.
        factor: how many of the contract's unit one of this column is, as decimal text; None where it is one.
        unit: the unit as the file writes it, where it does.
        number_style, date_style: how its numbers and dates are written; `auto` where no cell depends on it.
        alternatives: other contract columns it may be, with their confidence, likeliest first.
    """

    header: str
    to: str | None
    role: Role
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    names: tuple[str, ...] = ()
    factor: str | None = None
    unit: str | None = None
    number_style: NumberStyle = "auto"
    date_style: DateStyle = "auto"
    alternatives: tuple[tuple[str, float], ...] = ()

    @property
    def sure(self) -> bool:
        """Whether the answer may be taken without asking."""
        return self.confidence >= SURE


@dataclass(frozen=True, slots=True)
class Codes:
    """How the spellings of one column stand to the code list it is resolved with.

    Attributes:
        column: the contract's column; `list`: the code list's name.
        resolved: the share of filled cells whose spelling means exactly one code.
        unresolved: distinct spellings that mean none or several, most frequent first, at most twenty.
    """

    column: str
    list: str
    resolved: float
    unresolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to read a table.

    Attributes:
        standard: the contract's name; None where the table fits none.
        confidence: of the standard.
        table: the table's name as the reader gave it.
        header_row: the row of the file in which the header stands, from 1; None where the reader cannot say.
        constants: contract column to a text that the whole table shares (the year in its title).
        constant_evidence: contract column to why.
        questions: what a person must answer before the mapping may be used.
        values: contract column to words of the table that its list does not have, and what each means.
    """

    standard: str | None
    confidence: float
    table: str
    header_row: int | None
    columns: tuple[ColumnSuggestion, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    constant_evidence: Mapping[str, Evidence] = field(default_factory=dict)
    melts: tuple[Melt, ...] = ()
    codes: tuple[Codes, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    questions: tuple[Question, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def sure(self) -> bool:
        """Whether nothing of it needs a person."""
        return self.standard is not None and self.confidence >= SURE and not self.questions

    def mapping(self, match: Match) -> DatasetMapping:
        """The mapping that this reading is, for the datasets that `match` names; needs a standard."""
        assert self.standard is not None
        plain = [c for c in self.columns if c.role == "column" and c.to is not None]
        used = [c for c in self.columns if c.to is not None]
        return DatasetMapping(
            contract=self.standard,
            match=match,
            columns={str(c.to): c.header for c in plain},
            constants=dict(self.constants),
            factors={str(c.to): c.factor for c in used if c.factor is not None},
            table=self.table,
            number_style=_shared([c.number_style for c in used]),
            date_style=_shared([c.date_style for c in used]),
            melts=self.melts,
            headers=tuple(c.header for c in self.columns),
            units={str(c.to): c.unit for c in used if c.unit is not None},
            values=self.values,
        )


S = TypeVar("S", NumberStyle, DateStyle)


def _shared(styles: Sequence[S]) -> S:
    """The one style that all of them have that have any; `auto` where they differ or none has."""
    stated = {style for style in styles if style != "auto"}
    return stated.pop() if len(stated) == 1 else "auto"
