"""What a data standard still lacks, or says in contradiction to itself, beyond what `core/contracts.py` refuses.

An error stands in the way of using the standard; a warning is worth a look. Each names the file and the path in it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from core.contract import Classification, Column, ColumnType, Contract
from core.contract_metadata import Period
from core.contracts import PARTS, load_contract
from core.errors import LumbungError
from core.messages import LOCALES, catalogue, text
from core.reference import CodeList, fold
from quality.check import message_of
from quality.standard import examples
from quality.standard.new import BLANK

#: What the standards write where nothing is measured, folded.
_UNITLESS = frozenset({"tanpa satuan", "no unit"})
_NUMERIC = (ColumnType.INTEGER, ColumnType.NUMBER)
_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 28, Period.QUARTER: 90, Period.HALF_YEAR: 181, Period.YEAR: 365}
#: A column that says the unit of the value beside it.
_UNIT_COLUMNS = frozenset({"unit", "satuan"})
_SENTENCE = 30  # letters from which a text that is the same in both languages was hardly translated


class Level(StrEnum):
    """Whether a finding stands in the way of using the standard."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: `code` names its sentences `standard.lint.CODE.what` and `.fix`."""

    level: Level
    file: Path
    path: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What is missing or contradictory, as a sentence."""
        return text(f"standard.lint.{self.code}.what", **self.values)

    @property
    def fix(self) -> str:
        """What to do about it, as a sentence."""
        return text(f"standard.lint.{self.code}.fix", **self.values)


def lint(file: Path, references: Mapping[str, CodeList] | None = None) -> tuple[Finding, ...]:
    """Everything found in one contract file, errors first.

    Args:
        references: the home's code lists, where there is a home: examples are then looked up in them.
    """
    blanks = _blanks(file)
    try:
        contract = load_contract(file)
    except LumbungError as error:
        if blanks:
            return blanks
        values = {"what": error.what(), "fix": error.fix()}
        return (Finding(Level.ERROR, file, str(error.values.get("path", "/")), "invalid", values),)
    found = (*blanks, *_Linter(file, contract, references or {}).findings())
    return tuple(sorted(found, key=lambda one: one.level is not Level.ERROR))


def _blanks(file: Path) -> tuple[Finding, ...]:
    """What the skeleton left open; none where the file is no YAML, which reading it says."""
    try:
        data = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ()

    def walk(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, f"{path}/{key}")
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                named = isinstance(inner, dict) and (inner.get("name") or inner.get("property"))
                yield from walk(inner, f"{path}/{named or i}")
        elif isinstance(value, str) and BLANK in value:
            yield path

    return tuple(Finding(Level.ERROR, file, path, "blank") for path in walk(data, ""))


@dataclass
class _Linter:
    file: Path
    contract: Contract
    references: Mapping[str, CodeList]
    found: list[Finding] = field(default_factory=list)

    def error(self, path: str, code: str, **values: object) -> None:
        self.found.append(Finding(Level.ERROR, self.file, path, code, values))

    def warn(self, path: str, code: str, **values: object) -> None:
        self.found.append(Finding(Level.WARNING, self.file, path, code, values))

    def findings(self) -> list[Finding]:
        self._document()
        self._release()
        self._indicators()
        self._rules()
        raw = yaml.safe_load(self.file.read_text("utf-8"))["schema"][0]
        for written, column in zip(raw["properties"], self.contract.columns, strict=True):
            self._column(column, written)
        self._columns_together()
        return self.found

    def _document(self) -> None:
        contract = self.contract
        if self.file.stem != contract.name:
            self.error("/schema/0/name", "file_name", name=contract.name)
        if contract.classification is Classification.UNCLASSIFIED:
            self.warn("/customProperties/classification", "unclassified")
        if not contract.metadata.producer:
            self.error("/customProperties/producer", "no_producer")
        if not contract.metadata.source:
            self.warn("/customProperties/source", "no_source")
        if contract.volume.min_rows is not None and contract.volume.max_rows is not None:
            self._bounds("/schema/0/volume", contract.volume.min_rows, contract.volume.max_rows)
        if contract.region_column is not None:
            region = contract.column(contract.region_column)
            if region.reference != "region":
                self.error(f"/schema/0/properties/{region.name}", "region_reference", column=region.name)
        if contract.time_column is not None:
            time = contract.column(contract.time_column)
            if time.type not in (ColumnType.DATE, ColumnType.MOMENT, ColumnType.INTEGER):
                self.error(f"/schema/0/properties/{time.name}", "time_type", column=time.name, type=time.type.value)
        self._translated("/schema/0", {"title": contract.title, "description": contract.description})

    def _release(self) -> None:
        release, hours = self.contract.metadata.release, self.contract.freshness_hours
        if release is None:
            self.error("/customProperties/release", "no_release")
        if hours is None:
            self.warn("/slaProperties", "no_freshness")
        elif release is not None and timedelta(hours=hours) < timedelta(days=_DAYS[release.every]):
            self.warn("/slaProperties", "freshness_short", hours=f"{hours:g}", every=release.every.value)

    def _indicators(self) -> None:
        indicators = self.contract.metadata.indicators
        if not indicators:
            self.warn("/customProperties/indicators", "no_indicators")
        for id_, count in Counter(i.id for i in indicators).items():
            if count > 1:
                self.error(f"/customProperties/indicators/{id_}", "indicator_repeated", indicator=id_)
        for one in indicators:
            path = f"/customProperties/indicators/{one.id}"
            if not one.variables:
                self.error(path, "indicator_without_variables", indicator=one.id)
            if not one.formula.strip():
                self.error(path, "indicator_without_formula", indicator=one.id)
            hidden = {c.name for c in self.contract.columns if c.personal} & set(one.variables)
            if one.public and hidden:
                self.error(path, "indicator_public_personal", indicator=one.id, columns=", ".join(sorted(hidden)))

    def _rules(self) -> None:
        for rule in self.contract.rules:
            path = f"/schema/0/properties/{rule.kwargs.get('column', '')}/quality/{rule.id}".replace("//", "/")
            low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
            message = message_of(rule)
            absent = [lang for lang in LOCALES if message not in catalogue(lang)]
            if absent:
                self.error(path, "message_missing", rule=rule.id, message=message, languages=", ".join(absent))
            if low is not None and high is not None:
                self._bounds(path, low, high)

    def _bounds(self, path: str, low: Any, high: Any) -> None:
        if low > high:
            self.error(path, "bounds_crossed", low=low, high=high)

    def _column(self, column: Column, raw: Mapping[str, Any]) -> None:
        path = f"/schema/0/properties/{column.name}"
        if column.personal and column.classification is Classification.OPEN:
            self.error(f"{path}/classification", "personal_open", column=column.name)
        for value, label in column.labels.items():
            if not label.strip():
                self.error(f"{path}/enum/{value}", "label_missing", column=column.name, value=value)
        repeated = Counter(fold(label) for label in column.labels.values() if label.strip())
        for label, count in repeated.items():
            if count > 1:
                self.error(f"{path}/enum", "label_repeated", column=column.name, label=label)
        self._units(column, path)
        parts = {part: column.standard[part] for part in PARTS}
        self._translated(path, {"title": column.title, **parts})
        stated = raw.get("examples") or []
        for example, rule in examples.failing(self.contract, column, stated, self.references) if stated else ():
            self.error(f"{path}/examples", "example_broken", column=column.name, example=example, rule=rule)
        if self.references and column.reference and column.reference not in self.references:
            self.warn(f"{path}/reference", "list_absent", column=column.name, list=column.reference)
        for entry in raw.get("quality", ()):
            if not str(entry.get("description", "")).strip():
                self.warn(f"{path}/quality/{entry.get('id', '')}", "rule_undescribed", column=column.name)

    def _units(self, column: Column, path: str) -> None:
        unitless = fold(column.standard["satuan"]["id"]) in _UNITLESS
        if column.unit and column.type not in _NUMERIC:
            self.error(f"{path}/unit", "unit_of_text", column=column.name, unit=column.unit)
        elif column.unit and unitless:
            self.error(f"{path}/satuan", "unit_contradicts", column=column.name, unit=column.unit)
        elif column.type is ColumnType.NUMBER and not column.unit and unitless and not self._unit_beside():
            self.error(f"{path}/unit", "unit_missing", column=column.name)

    def _unit_beside(self) -> bool:
        return any(c.name in _UNIT_COLUMNS for c in self.contract.columns)

    def _translated(self, path: str, texts: Mapping[str, Mapping[str, str]]) -> None:
        for name, both in texts.items():
            if both["id"] == both["en"] and len(both["id"]) >= _SENTENCE and re.search(r"\s", both["id"]):
                self.warn(f"{path}/{name}", "untranslated")

    def _columns_together(self) -> None:
        """No header may mean two columns: a template's titles are read back by themselves."""
        said: dict[str, set[str]] = {}
        for column in self.contract.columns:
            for name in {fold(column.name), *(fold(t) for t in column.title.values())}:
                said.setdefault(name, set()).add(column.name)
        for title, columns in said.items():
            if len(columns) > 1:
                self.error("/schema/0/properties", "title_repeated", title=title, columns=", ".join(sorted(columns)))
