"""A standard's column as something to be found: its words, bounds, patterns, values, and how common it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core.contract import Column, ColumnType, Contract, Severity
from core.reference import fold
from quality.harmonise.words import Words

#: Whole numbers within such bounds are years.
_YEARS = (1500, 2200)


@dataclass(frozen=True)
class Target:
    """One column that a table may fill.

    Attributes:
        phrases: its names and synonyms as words in one form.
        low, high: bounds that no cell may leave; `usual`: those that few do.
        patterns: that every value matches.
        values: folded word or value of its closed list to the value; `meanings`: the same by words in one form, so
            that `Pria` and `male` are Laki-laki; what two values share means neither.
        weight: how much finding it says about the standard: 1 for a column of its own, less for one that many have.
        heads: words that its values may begin with; `begins`: those of them that its own names begin with.
        measure: whether the standard is about this number.
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


def targets(contract: Contract, common: Mapping[str, int], words: Words) -> tuple[Target, ...]:
    """The columns of a standard; `common` says how many standards have a column of that name."""
    return tuple(_target(contract, column, common, words) for column in contract.columns)


def _target(contract: Contract, column: Column, common: Mapping[str, int], words: Words) -> Target:
    said = (
        column.title["id"], column.title["en"], column.name, column.variable.alias, *column.synonyms,
        *words.columns.get(f"{contract.name}.{column.name}", ()), *words.columns.get(f"*.{column.name}", ()),
    )  # fmt: skip
    phrases = tuple(dict.fromkeys(t for text in said if (t := words.header(text).tokens)))
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
    known = {fold(word): value for value, label in column.labels.items() for word in (label, value) if fold(word)}
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
        meanings=_meanings(column, words),
        weight=1 / common.get(column.name, 1),
        measure=number and not column.key and column.unit != "derajat",
        heads=heads,
        begins=frozenset(next((t for t in phrase if words.weight(t) > 0.75), "") for phrase in phrases) - {""},
    )


def _meanings(column: Column, words: Words) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], set[str]] = {}
    for value, label in column.labels.items():
        for text in (value, label, *re.split(r"[()]", label), *label.split(" atau ")):
            found.setdefault(words.tokens(text), set()).add(value)
    return {tokens: values.pop() for tokens, values in found.items() if len(values) == 1 and tokens}


def _number(bound: object) -> float | None:
    if isinstance(bound, (datetime, date)) or bound is None:
        return None
    return float(str(bound))
