"""A standard's column as something to be found: its words, bounds, patterns, values, and how common it is."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from core.contract import Column, ColumnType, Contract, Severity
from core.reference import fold
from quality.harmonise.words import Words

#: Whole numbers within such bounds are years.
_YEARS = (1500, 2200)
#: A name that more columns bear does not say which of them is meant; of so many sets of standards the columns are kept.
_MEANINGS, _KEPT = 2, 4
_DAILY = "harian"
#: Words of less weight do not name a column by themselves.
_SAYING = 0.6


@dataclass(frozen=True)
class Target:
    """One column that a table may fill.

    Attributes:
        phrases: its names and synonyms as words in one form; `spoken`: those that each word stands in.
        low, high: bounds that no cell may leave; `usual`: those that few do.
        patterns: that every value matches.
        values: folded word or value of its closed list to the value; `meanings`: the same by words in one form, so
            that `Pria` and `male` are Laki-laki; what two values share means neither.
        weight: how much finding it says about the standard: 1 for a column of its own, less for one that many have.
        heads: words that its values may begin with; `begins`: those of them that its own names begin with.
        measure: whether the standard is about this number.
        apart: it has no unit, and other numbers of the standard are money.
        daily: it is the number of one day.
    """

    contract: str
    column: Column
    phrases: tuple[tuple[str, ...], ...]
    low: float | None
    high: float | None
    usual: tuple[float | None, float | None]
    patterns: tuple[re.Pattern[str], ...]
    values: Mapping[str, str]
    meanings: Mapping[tuple[str, ...], str]
    weight: float
    measure: bool
    heads: frozenset[str]
    begins: frozenset[str]
    spoken: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    apart: bool = False
    daily: bool = False

    def likeness(self, tokens: tuple[str, ...], words: Words) -> tuple[float, tuple[str, ...]]:
        """How alike some words are to the nearest of its phrases, and that phrase."""
        best: tuple[float, tuple[str, ...]] = (0.0, ())
        for token in tokens:
            for near in words.near(token):
                for phrase in self.spoken.get(near, ()):
                    best = max(best, (words.likeness(tokens, phrase), phrase))
        return best

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers that are no codes of a list."""
        return self.column.type in (ColumnType.INTEGER, ColumnType.NUMBER) and not self.values

    @property
    def yearly(self) -> bool:
        """Whether it holds years."""
        return (
            self.column.type is ColumnType.INTEGER
            and self.low is not None
            and self.high is not None
            and _YEARS[0] <= self.low
            and self.high <= _YEARS[1]
        )

    @property
    def placed(self) -> bool:
        """Whether it holds degrees of latitude or longitude."""
        return self.column.unit == "derajat"


@dataclass(frozen=True)
class Wanted:
    """Everything that a table may fill.

    Attributes:
        words: with those of the standards among which others may be recognised.
        targets: the columns of each standard, in the order of their names.
        named: the words of each name to the columns that bear it, in any standard.
    """

    words: Words
    targets: Mapping[str, tuple[Target, ...]]
    named: Mapping[frozenset[str], frozenset[str]]

    def names(self, tokens: tuple[str, ...]) -> bool:
        """Whether words are the very name of one or two kinds of column, so that what they mean is known."""
        told = any(self.words.weight(token) > _SAYING for token in tokens)
        return told and 0 < len(self.named.get(frozenset(tokens), ())) <= _MEANINGS


def wanted(contracts: Mapping[str, Contract], words: Words) -> Wanted:
    """What tables are held against; worked out once for the same standards and words."""
    key = tuple(
        (c.name, c.version, c.sha256, c.synonyms, tuple((o.name, o.synonyms) for o in c.columns))
        for _, c in sorted(contracts.items())
    )
    found: Wanted | None = words.kept.get(key)
    if found is None:
        if len(words.kept) >= _KEPT:
            words.kept.clear()
        found = words.kept[key] = _wanted(contracts, words)
    return found


def _wanted(contracts: Mapping[str, Contract], words: Words) -> Wanted:
    common = Counter(column.name for contract in contracts.values() for column in contract.columns)
    phrases = (t.phrases for c in contracts.values() for t in targets(c, common, words))
    known = words.knowing(token for each in phrases for phrase in each for token in phrase)
    found = {name: targets(contract, common, known) for name, contract in sorted(contracts.items())}
    named: dict[frozenset[str], set[str]] = {}
    for each in found.values():
        for target in each:
            for phrase in target.phrases:
                named.setdefault(frozenset(phrase), set()).add(target.name)
    return Wanted(known, found, {phrase: frozenset(names) for phrase, names in named.items()})


def targets(contract: Contract, common: Mapping[str, int], words: Words) -> tuple[Target, ...]:
    """The columns of a standard; `common` says how many standards have a column of that name."""
    return tuple(_target(contract, column, common, words) for column in contract.columns)


def _target(contract: Contract, column: Column, common: Mapping[str, int], words: Words) -> Target:
    said = (
        column.title["id"], column.title["en"], column.name, column.variable.alias, *column.synonyms,
        *words.columns.get(f"{contract.name}.{column.name}", ()), *words.columns.get(f"*.{column.name}", ()),
    )  # fmt: skip
    phrases = tuple(dict.fromkeys(t for text in said if (t := _phrase(text, words))))
    low = high = None
    usual: tuple[float | None, float | None] = (None, None)
    patterns: list[re.Pattern[str]] = []
    for rule in contract.rules:
        if rule.kwargs.get("column") != column.name:
            continue
        if rule.type == "expect_column_values_to_be_between":
            bounds = (_number(rule.kwargs.get("min_value")), _number(rule.kwargs.get("max_value")))
            if rule.severity is Severity.WARNING:
                usual = bounds
            else:
                low, high = bounds
        elif rule.type == "expect_column_values_to_match_regex":
            patterns.append(re.compile(str(rule.kwargs["regex"])))
    known = _values(contract, column, words)
    spoken: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        for token in phrase:
            spoken.setdefault(token, []).append(phrase)
    heads = frozenset(token for phrase in phrases for token in phrase if words.weight(token) > 0.5)
    number = column.type in (ColumnType.INTEGER, ColumnType.NUMBER) and not column.labels
    return Target(
        contract=contract.name,
        column=column,
        phrases=phrases,
        low=low,
        high=high,
        usual=usual,
        patterns=tuple(patterns),
        values=known,
        meanings=_meanings(column, known, words),
        weight=1 / common.get(column.name, 1),
        measure=number and not column.key and column.unit != "derajat",
        heads=heads,
        begins=frozenset(next((t for t in phrase if words.weight(t) > 0.75), "") for phrase in phrases) - {""},
        spoken={token: tuple(said) for token, said in spoken.items()},
        daily=number
        and _DAILY in words.tokens(f"{column.title['id']} {contract.title['id'] if column.required else ''}"),
        apart=not column.unit and any(c.unit == "rupiah" for c in contract.columns),
    )


def _phrase(text: str, words: Words) -> tuple[str, ...]:
    """A name as words, its unit left away where something is left that says what it is."""
    header = words.header(text)
    return header.tokens if any(words.weight(t) > _SAYING for t in header.tokens) else words.tokens(text)


def _values(contract: Contract, column: Column, words: Words) -> dict[str, str]:
    """Folded words of a closed list to its values: the standard's own, and of the others those that mean one value."""
    own = {fold(word): value for value, label in column.labels.items() for word in (label, value) if fold(word)}
    more: dict[str, set[str]] = {}
    for key in (f"{contract.name}.{column.name}", f"*.{column.name}"):
        for word, value in words.values.get(key, ()):
            if value in column.labels:
                more.setdefault(fold(word), set()).add(value)
    return {word: values.pop() for word, values in more.items() if word and len(values) == 1} | own


def _meanings(column: Column, known: Mapping[str, str], words: Words) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], set[str]] = {}
    if column.type is ColumnType.BOOLEAN:
        return {words.tokens(word): value for word, value in words.values.get("boolean", ())}
    for text, value in known.items():
        found.setdefault(words.tokens(text), set()).add(value)
    for value, label in column.labels.items():
        for text in (value, label, *re.split(r"[()]", label), *label.split(" atau ")):
            found.setdefault(words.tokens(text), set()).add(value)
    return {tokens: values.pop() for tokens, values in found.items() if len(values) == 1 and tokens}


def _number(bound: object) -> float | None:
    if isinstance(bound, (datetime, date)) or bound is None:
        return None
    return float(str(bound))
