"""From a suggestion and a person's answers to the mapping that is remembered; what is still asked is never assumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.contract import Contract
from core.mapping import DatasetMapping, DateStyle, Match, Melt, NumberStyle
from core.reference import CodeList, fold
from quality.harmonise import Question, Suggestion
from quality.melt import taken
from services.errors import MappingAnswerInvalid, MappingUnanswered, MappingUnfitting

_KEPT = 2  # so many of the headers that a melt knows by itself are written down


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person says about a suggestion.

    Attributes:
        standard, table: chosen by name; None takes what is suggested.
        columns: source header to contract column, empty text for a header that is not used.
        constants, factors: contract column to its text or its factor.
        as_suggested: what is suggested and not certain is right as well.
    """

    standard: str | None = None
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)
    date_style: DateStyle | None = None
    number_style: NumberStyle | None = None
    as_suggested: bool = False


def settled(
    suggestion: Suggestion,
    answers: Answers,
    contract: Contract,
    match: Match,
    references: Mapping[str, CodeList],
) -> DatasetMapping:
    """The mapping to remember.

    Raises:
        MappingUnfitting: the suggestion has no standard. MappingAnswerInvalid: an answer names what is not there.
        MappingUnanswered: something is still asked.
    """
    if suggestion.standard is None:
        raise MappingUnfitting(table=suggestion.table)
    headers = {fold(c.header): c.header for c in suggestion.columns}
    chosen = {_header(headers, header): _target(contract, to, header) for header, to in answers.columns.items()}
    for name in (*answers.constants, *answers.factors):
        _target(contract, name, name)
    mapping = suggestion.mapping(match)
    gone = {fold(h) for h in chosen} | {fold(mapping.columns.get(to, "")) for to in chosen.values() if to}
    columns = {to: header for to, header in mapping.columns.items() if fold(header) not in gone}
    columns |= {to: header for header, to in chosen.items() if to}
    columns = {to: header for to, header in columns.items() if to not in answers.constants}
    constants = {to: value for to, value in mapping.constants.items() if to not in columns}
    constants |= answers.constants
    melts = tuple(m for m in (_without(m, gone) for m in mapping.melts) if m.value not in columns)
    columns = {c.name: columns[c.name] for c in contract.columns if c.name in columns}
    used = {*columns, *_melted(melts, [c.name for c in contract.columns])}
    made = replace(
        mapping,
        columns=columns,
        constants=constants,
        factors={to: f for to, f in mapping.factors.items() if to in used} | dict(answers.factors),
        units={to: u for to, u in mapping.units.items() if to in used},
        values={to: pairs for to, pairs in mapping.values.items() if to in used and to not in chosen.values()},
        date_style=answers.date_style or mapping.date_style,
        number_style=answers.number_style or mapping.number_style,
        melts=tuple(m for m in melts if m.columns or m.like or m.pattern),
    )
    asked = [q for q in questions(suggestion) if not _answered(q, answers, chosen, made)]
    if asked:
        raise MappingUnanswered(count=len(asked), questions=" ".join(q.sentence() for q in asked))
    return shortened(made, contract, references)


def by_hand(suggestion: Suggestion, contract: Contract) -> Suggestion:
    """A table that fits no standard as one that a person has named: each column it requires is asked for."""
    asked = tuple(
        Question("absent", None, (c.name,), {"column": c.title["id"]}) for c in contract.columns if c.required
    )
    return replace(suggestion, standard=contract.name, questions=asked)


def questions(suggestion: Suggestion) -> list[Question]:
    """What is asked, of the many headers that one melt takes only once."""
    group = {c.header: (c.to, c.names) for c in suggestion.columns if c.role == "melt"}
    asked: set[tuple[str, object]] = set()
    out = []
    for question in suggestion.questions:
        about = (question.code, group.get(question.header or "", question.header))
        if question.header is None or about not in asked:
            out.append(question)
        asked.add(about)
    return out


def shortened(mapping: DatasetMapping, contract: Contract, references: Mapping[str, CodeList]) -> DatasetMapping:
    """The mapping without what its melts know by themselves: of sixty months two say enough."""
    if not mapping.melts:
        return mapping
    bare = replace(mapping, melts=tuple(replace(m, columns=()) for m in mapping.melts))
    known = {(one.melt.value, fold(one.header)) for one in taken(contract, bare, mapping.headers, references)}
    values = {header for _, header in known}
    return replace(
        mapping,
        headers=tuple(h for h in mapping.headers if fold(h) not in values),
        melts=tuple(_short(melt, known) for melt in mapping.melts),
    )


def _short(melt: Melt, known: set[tuple[str, str]]) -> Melt:
    plain = [h for h in melt.columns if (melt.value, fold(h)) in known]
    kept = set(plain if len(plain) <= _KEPT else (plain[0], plain[-1]))
    return replace(melt, columns=tuple(h for h in melt.columns if h in kept or h not in plain))


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(fold(name))
    if found is None:
        raise MappingAnswerInvalid(answer=name, choices=", ".join(headers.values()))
    return found


def _target(contract: Contract, name: str, header: str) -> str:
    """The contract column of that name, or whose title is so; empty text for none."""
    if not name:
        return ""
    for column in contract.columns:
        if name == column.name or fold(name) in {fold(title) for title in column.title.values()}:
            return column.name
    raise MappingAnswerInvalid(answer=f"{header} = {name}", choices=", ".join(c.name for c in contract.columns))


def _without(melt: Melt, gone: set[str]) -> Melt:
    return replace(melt, columns=tuple(header for header in melt.columns if fold(header) not in gone))


def _answered(asked: Question, answers: Answers, chosen: Mapping[str, str], made: DatasetMapping) -> bool:
    if asked.code == "absent":  # nobody can say yes to what is nowhere
        filled = {*made.columns, *made.constants, *made.written, *_melted(made.melts, asked.choices)}
        return any(name in filled for name in asked.choices)
    if answers.as_suggested:
        return True
    if asked.code == "standard":
        return answers.standard is not None
    if asked.header is not None:
        return asked.header in chosen
    return any(name in answers.constants for name in asked.choices)


def _melted(melts: Sequence[Melt], names: Sequence[str]) -> set[str]:
    return {name for melt in melts for name in (*melt.named(names), melt.value)}
