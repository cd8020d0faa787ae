"""What a steward has to know of one column to fill it: choices, bounds, an example, and the sentences that say so."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from core.contract import Column, ColumnType, Contract, Severity
from core.messages import text
from core.reference import CodeList

_BETWEEN = "expect_column_values_to_be_between"
_LENGTHS = "expect_column_value_lengths_to_be_between"
#: A longer list would make the workbook slow to open.
MOST_CHOICES = 10_000
_SHOWN = 8
_YES_NO = {"id": ("Ya", "Tidak"), "en": ("Yes", "No")}
_PLAIN_DAY = {ColumnType.DATE: "2026-01-31", ColumnType.MOMENT: "2026-01-31 07:00"}


@dataclass(frozen=True, slots=True)
class Guide:
    """One column of a template.

    Attributes:
        choices: what may be chosen, in the words that the gate reads back; empty where anything may be written.
        low, high: the bounds of its value, or of its length where it is text; None where there is none.
        example: a value that the gate accepts, empty where none is known.
    """

    column: Column
    choices: tuple[str, ...]
    low: Any
    high: Any
    example: str

    def title(self, lang: str) -> str:
        """The header."""
        return self.column.title[lang]

    def sentences(self, lang: str) -> list[str]:
        """What it means, whether it must be filled, with what, and how."""
        column = self.column
        said = [column.standard["definisi"][lang]]
        said.append(text(f"standard.template.{'required' if column.required else 'optional'}", lang))
        if column.unit:
            said.append(text("standard.template.unit", lang, unit=column.standard["satuan"][lang]))
        said.append(self.allowed(lang))
        if self.example:
            said.append(text("standard.template.example", lang, example=self.example))
        return said

    def allowed(self, lang: str) -> str:
        """What may stand in it, as a sentence; it is also shown to whoever typed something else."""
        column = self.column
        if self.choices:
            some = "; ".join(self.choices[:_SHOWN]) + ("; …" if len(self.choices) > _SHOWN else "")
            return text("standard.template.choose", lang, choices=some)
        bounded = self.low is not None or self.high is not None
        named = "length" if column.type is ColumnType.TEXT and bounded else column.type.value
        kind = text(f"standard.template.type.{named}", lang)
        values = {"kind": kind, "low": _shown(self.low), "high": _shown(self.high)}
        if self.low is not None and self.high is not None:
            return text("standard.template.between", lang, **values)
        if self.low is not None:
            return text("standard.template.least", lang, **values)
        if self.high is not None:
            return text("standard.template.most", lang, **values)
        return kind


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def stated_examples(file: Path) -> dict[str, Sequence[Any]]:
    """The examples that a contract file states, by column."""
    data = json.loads(json.dumps(yaml.safe_load(file.read_text("utf-8")), default=str))
    return {raw["name"]: raw.get("examples") or [] for raw in data["schema"][0]["properties"]}


def guides(
    contract: Contract, lists: Mapping[str, CodeList], stated: Mapping[str, Sequence[Any]], lang: str
) -> tuple[Guide, ...]:
    """Every column of a standard as a steward meets it; `lists` are narrowed to what the member may choose."""
    return tuple(_guide(contract, column, lists, stated.get(column.name, ()), lang) for column in contract.columns)


def _guide(
    contract: Contract, column: Column, lists: Mapping[str, CodeList], stated: Sequence[Any], lang: str
) -> Guide:
    choices = _choices(column, lists, lang)
    low, high = _bounds(contract, column)
    if column.reference or column.type is ColumnType.BOOLEAN or column.labels:
        example = choices[0] if choices else str(stated[0]) if stated else ""
    elif stated:
        example = str(stated[0])
    elif column.type in _PLAIN_DAY:
        example = _PLAIN_DAY[column.type]
    elif column.type is ColumnType.TEXT:
        example = ""
    else:
        example = _shown(low if low is not None else high if high is not None else 1)
    return Guide(column, choices, low, high, example)


def _choices(column: Column, lists: Mapping[str, CodeList], lang: str) -> tuple[str, ...]:
    if column.labels:
        return tuple(label.strip() or value for value, label in column.labels.items())
    if column.type is ColumnType.BOOLEAN:
        return _YES_NO[lang]
    codes = lists.get(column.reference or "")
    if codes is None or len(codes.codes) > MOST_CHOICES:
        return ()
    return tuple(name if codes.resolve(name).code == code else code for code, name in codes.codes.items())


def _bounds(contract: Contract, column: Column) -> tuple[Any, Any]:
    """The narrowest bounds that a row may not cross; what only warns does not bind a steward."""
    wanted = _LENGTHS if column.type is ColumnType.TEXT else _BETWEEN
    low = high = None
    for rule in contract.rules:
        if rule.type != wanted or rule.kwargs.get("column") != column.name or rule.severity is Severity.WARNING:
            continue
        least, most = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
        low = least if low is None or (least is not None and least > low) else low
        high = most if high is None or (most is not None and most < high) else high
    return low, high
