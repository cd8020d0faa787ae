"""BPS's metadata forms of Regulation 5/2020 as a workbook: activity (MS-Keg), variables (MS-Var), indicators (MS-Ind).

What the standard or the hub knows is filled in; what it does not is left open and coloured for a person. The forms
themselves were not at hand: the fields are those of offices' own tools that were made after them, BPS's among these
(docs/tutorial-standard.md); what is in none of them says *belum dikonfirmasi* beside it.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from core.access import ANONYMOUS, sees
from core.contract import Classification, Column, Contract, Severity
from core.contract_metadata import Indicator
from core.messages import text
from core.spreadsheet import put_text
from quality.check import expect

_OPEN = PatternFill("solid", start_color="FFFFEB9C")
_HEAD = PatternFill("solid", start_color="FF1F4E78")
_WIDE = 44


@dataclass(frozen=True, slots=True)
class Activity:
    """What the hub knows of the activity that makes the data, beyond the standard.

    Attributes:
        purpose: what it is for; `coverage` is the area it is done in.
        members: who delivers it.
    """

    year: int
    purpose: str = ""
    coverage: str = ""
    members: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: its id in the message catalogue (`ms.FORM.FIELD`), and whether a source named it."""

    id: str
    confirmed: bool = True


#: MS-Keg by its numbers, and at the end what the hub knows beyond them.
_ACTIVITY = (
    Field("title"), Field("year"), Field("code"), Field("method"), Field("sector"), Field("recommendation"),
    Field("producer"), Field("address"), Field("responsible"), Field("technical"), Field("background"),
    Field("purpose"), Field("schedule"), Field("variables"), Field("repeated"), Field("period"), Field("design"),
    Field("coverage"), Field("members"), Field("collection"), Field("means"), Field("unit"), Field("sampling"),
    Field("quality"), Field("processing"), Field("analysis"), Field("analysed"), Field("level"), Field("publication"),
    Field("due"),
    Field("granularity", confirmed=False), Field("kind", confirmed=False), Field("indicators", confirmed=False),
    Field("basis", confirmed=False),
)  # fmt: skip
_VARIABLE = (
    Field("name"), Field("alias"), Field("concept"), Field("definition"), Field("selection"), Field("time_reference"),
    Field("type"), Field("measure", confirmed=False), Field("unit", confirmed=False), Field("classification"),
    Field("validation"), Field("question"), Field("public"),
)  # fmt: skip
#: MS-Ind: name, concept, definition, interpretation, formula, measure, unit, classification, level, public or not.
_INDICATOR = (
    Field("name"), Field("concept"), Field("definition"), Field("interpretation"), Field("formula"), Field("measure"),
    Field("unit"), Field("classification"), Field("level"), Field("public"), Field("composite", confirmed=False),
    Field("variables", confirmed=False),
)  # fmt: skip


def workbook(contract: Contract, activity: Activity, *, lang: str = "id") -> bytes:
    """The three forms of one standard, a sheet each."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "MS-Keg"
    _activity_sheet(first, _activity(contract, activity, lang), lang)
    variables = [_variable(contract, column, lang) for column in contract.columns]
    _rows(book.create_sheet("MS-Var"), "var", _VARIABLE, variables, lang)
    indicators = [_indicator(contract, one, lang) for one in contract.metadata.indicators]
    _rows(book.create_sheet("MS-Ind"), "ind", _INDICATOR, indicators, lang)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _activity(contract: Contract, activity: Activity, lang: str) -> dict[str, str]:
    release, metadata = contract.metadata.release, contract.metadata
    found = {
        "title": contract.title[lang],
        "year": str(activity.year),
        "producer": metadata.producer.get(lang, ""),
        "purpose": activity.purpose,
        "kind": metadata.kind.value,
        "coverage": activity.coverage,
        "members": ", ".join(activity.members),
        "granularity": contract.description[lang],
        "variables": ", ".join(c.title[lang] for c in contract.columns),
        "indicators": ", ".join(i.name[lang] for i in metadata.indicators),
        "basis": metadata.source,
        "publication": contract.classification.value,
    }
    if release is not None:
        found |= {"repeated": text("ms.repeated", lang), "period": release.every.value}
        found |= {"due": text("ms.due", lang, days=release.due_days)}
    return found


def _variable(contract: Contract, column: Column, lang: str) -> dict[str, str]:
    rules = [r for r in contract.rules if r.kwargs.get("column") == column.name and r.severity is not Severity.WARNING]
    more = column.variable
    return {
        "name": column.title[lang],
        "alias": more.alias,
        "concept": column.standard["konsep"][lang],
        "definition": column.standard["definisi"][lang],
        "selection": more.selection.get(lang, ""),
        "time_reference": more.time_reference.get(lang, ""),
        "type": text(f"standard.template.type.{column.type.value}", lang),
        "measure": column.standard["ukuran"][lang],
        "unit": column.standard["satuan"][lang],
        "classification": "; ".join(f"{v} = {label}" for v, label in column.labels.items())
        or column.standard["klasifikasi"][lang],
        "validation": " ".join(expect(contract, rule, lang) for rule in rules),
        "question": more.question.get(lang, ""),
        "public": _yes(_public(contract, column), lang),
    }


def _public(contract: Contract, column: Column) -> bool:
    """Whether everybody may read a column: both it and its table are open."""
    return all(
        sees(ANONYMOUS, Classification(one), own=False) for one in (contract.classification, column.classification)
    )


def _indicator(contract: Contract, one: Indicator, lang: str) -> dict[str, str]:
    titles = {c.name: c.title[lang] for c in contract.columns}
    return {
        "name": one.name[lang],
        "concept": one.concept[lang],
        "definition": one.definition[lang],
        "interpretation": one.interpretation[lang],
        "formula": one.formula,
        "measure": one.measure[lang],
        "unit": one.unit[lang],
        "classification": one.classification[lang],
        "level": one.level[lang],
        "public": _yes(one.public, lang),
        "composite": _yes(one.composite, lang),
        "variables": ", ".join(titles[name] for name in one.variables),
    }


def _yes(value: bool, lang: str) -> str:
    return text("cli.yes" if value else "cli.no", lang).capitalize()


def _label(form: str, field: Field, lang: str) -> str:
    label = text(f"ms.{form}.{field.id}", lang)
    return label if field.confirmed else f"{label} ({text('ms.unconfirmed', lang)})"


def _put(cell: Any, value: str, lang: str) -> None:
    """Text, never a formula; what nobody knows yet is coloured and says so."""
    put_text(cell, value or text("ms.open", lang))
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if not value:
        cell.fill = _OPEN


def _head(cell: Any, value: str) -> None:
    put_text(cell, value)
    cell.font, cell.fill = Font(bold=True, color="FFFFFFFF"), _HEAD
    cell.alignment = Alignment(wrap_text=True, vertical="center")


def _activity_sheet(sheet: Worksheet, values: Mapping[str, str], lang: str) -> None:
    for at, head in enumerate((text("ms.field", lang), text("ms.value", lang)), start=1):
        _head(sheet.cell(row=1, column=at), head)
    for row, field in enumerate(_ACTIVITY, start=2):
        _head(sheet.cell(row=row, column=1), _label("keg", field, lang))
        _put(sheet.cell(row=row, column=2), values.get(field.id, ""), lang)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = _WIDE, 2 * _WIDE


def _rows(sheet: Worksheet, form: str, fields: Sequence[Field], rows: Sequence[Mapping[str, str]], lang: str) -> None:
    """One row a variable or indicator, under the form's fields."""
    for at, field in enumerate(fields, start=1):
        _head(sheet.cell(row=1, column=at), _label(form, field, lang))
        sheet.column_dimensions[get_column_letter(at)].width = _WIDE / 1.6
        for row, values in enumerate(rows, start=2):
            _put(sheet.cell(row=row, column=at), values[field.id], lang)
    sheet.freeze_panes = "B2"
