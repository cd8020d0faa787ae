"""How an answer of harmonisation is held against a label, for `benchmarks/mapping.py`.

A label says of each column what becomes of it: `to`, or `melt` where its header is a value too; and where they
matter `factor`, `number_style`, `date_style`. `also` holds further answers that are right, `one_of` marks columns of
which exactly one must be taken (a region's code and its name). A style left to `auto` is never wrong: casting decides
it by the cells or holds the delivery. What is wrong counts whether or not the file is in a person's sight.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from benchmarks._mapping_cases import Case
from quality.harmonise.suggestion import SURE, ColumnSuggestion, Suggestion

Label = Mapping[str, Any]
#: A standard below this confidence is not proposed.
PROPOSED = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """One column of a case.

    Attributes:
        group: columns of one melt share it, and count as one.
        sure: answered at `SURE` or more, standard and column.
        wrong_when_sure: not right although its own confidence is `SURE` or more.
    """

    header: str
    group: str
    kind: str
    right: bool
    sure: bool
    wrong_when_sure: bool
    said: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A case with its columns judged; `fits` says whether its label names a standard."""

    case: str
    standard: str
    fits: bool
    standard_right: bool
    columns: tuple[Judged, ...]
    note: str = ""


@dataclass(slots=True)
class Sums:
    """What is counted over cases: columns of one melt as one, only those of files that fit a standard."""

    columns: int = 0
    right: int = 0
    answered: int = 0
    files: int = 0
    files_right: int = 0
    strange: int = 0
    strange_right: int = 0
    wrong_when_sure: int = 0
    wrong_kinds: Counter[str] = field(default_factory=Counter)
    sure_kinds: Counter[str] = field(default_factory=Counter)

    def add(self, scored: Scored) -> None:
        """Counts a case."""
        wrong = [c for c in scored.columns if c.wrong_when_sure]
        self.wrong_when_sure += len(wrong)
        self.sure_kinds.update(c.kind for c in wrong)
        if not scored.fits:
            self.strange += 1
            self.strange_right += scored.standard_right
            return
        groups: dict[str, list[Judged]] = {}
        for column in scored.columns:
            groups.setdefault(column.group, []).append(column)
        self.files += 1
        self.files_right += all(c.right for c in scored.columns)
        self.columns += len(groups)
        self.right += sum(all(c.right for c in g) for g in groups.values())
        self.answered += sum(all(c.sure for c in g) for g in groups.values())
        self.wrong_kinds.update(g[0].kind for g in groups.values() if not all(c.right for c in g))

    def share(self, count: int) -> float:
        """A share of the columns."""
        return round(count / self.columns, 4) if self.columns else 0.0


def chosen(case: Case, answers: Sequence[Suggestion]) -> Suggestion | None:
    """The best answer about the table that a case is about."""
    if case["standard"] is None:  # the boldest, because none may be bold
        return max(answers, key=lambda s: s.confidence if s.standard else 0.0, default=None)
    tables = [s for s in answers if case["table"] in (None, s.table)]
    return tables[0] if tables else None


def score(case: Case, answers: Sequence[Suggestion]) -> Scored:
    """A case judged."""
    answer = chosen(case, answers)
    if case["standard"] is None:
        return _strange(case, answer)
    same = answer is not None and answer.standard == case["standard"]
    given = {c.header: c for c in answer.columns} if answer is not None else {}
    taken: Counter[str] = Counter()
    for label in case["columns"]:
        column = given.get(label["header"])
        if "one_of" in label and column is not None and _plain(column) == label["one_of"]:
            taken[label["one_of"]] += 1
    columns = []
    for label in case["columns"]:
        column = given.get(label["header"])
        right = _right(label, column, taken) and (same or _plain(column) is None)
        confident = column is not None and column.confidence >= SURE
        columns.append(
            Judged(
                header=label["header"],
                group=_group(label),
                kind=f"{_kind(label)}: {_fault(label, column, same=same)}",
                right=right,
                sure=confident and answer is not None and answer.confidence >= SURE,
                wrong_when_sure=confident and not right,
                said=_said(column),
                wanted=_wanted(label),
            )
        )
    note = "" if same else f"standard {answer.standard if answer else 'no answer'}"
    return Scored(case["case"], case["standard"], True, same, tuple(columns), note)


def _strange(case: Case, answer: Suggestion | None) -> Scored:
    """A file that fits no standard: right where none is proposed."""
    bold = answer is not None and answer.standard is not None and answer.confidence >= PROPOSED
    sure = answer is not None and answer.standard is not None and answer.confidence >= SURE
    columns: tuple[Judged, ...] = ()
    if answer is not None and bold:
        columns = tuple(
            Judged(c.header, c.header, "no standard", False, False, sure and c.sure and c.to is not None, _said(c), "-")
            for c in answer.columns
        )
    note = f"standard {answer.standard} at {answer.confidence:.2f}" if answer is not None and bold else ""
    return Scored(case["case"], "-", False, not bold, columns, note)


def _plain(column: ColumnSuggestion | None) -> str | None:
    return None if column is None else column.to


def _right(label: Label, column: ColumnSuggestion | None, taken: Mapping[str, int]) -> bool:
    if "one_of" in label:
        given = _plain(column)
        return taken.get(label["one_of"], 0) == 1 and given in (None, label["one_of"])
    others = label.get("also", ())
    if column is None or column.to is None:
        return None in others or (label["to"] is None and not label.get("melt"))
    return _target(label, column, others) and _written(label, column)


def _target(label: Label, column: ColumnSuggestion, others: Sequence[str | None]) -> bool:
    if column.role == "melt":
        melt = label.get("melt")
        return melt is not None and column.to == melt["value"] and set(column.names) in _names(melt)
    return column.to in others or (label["to"] is not None and column.to == label["to"])


def _names(melt: Mapping[str, Any]) -> Iterator[set[str]]:
    names = melt["names"]
    for one in melt.get("any", [[names] if isinstance(names, str) else names]):
        yield set(one)


def _written(label: Label, column: ColumnSuggestion) -> bool:
    """Whether factor and styles are right: a wrong factor is a thousandfold error."""
    same = Decimal(column.factor or "1") == Decimal(label.get("factor") or "1")
    return same and all(
        label.get(name) is None or given in ("auto", label[name])
        for name, given in (("number_style", column.number_style), ("date_style", column.date_style))
    )


def _group(label: Label) -> str:
    melt = label.get("melt")
    return f"melt {melt['value']}" if melt else str(label["header"])


def _kind(label: Label) -> str:
    """A word for the kind of column, in which neither file nor header can be seen."""
    if label.get("melt"):
        return "melt"
    target = label["to"]
    if target is None:
        return "unused"
    if "date_style" in label or target in ("date", "year", "month") or target.endswith(("_on", "_at")):
        return "date"
    if target.endswith("_code"):
        return "code"
    return "number" if "number_style" in label or "factor" in label else "other"


def _fault(label: Label, column: ColumnSuggestion | None, *, same: bool) -> str:
    """In what an answer that is not right is wrong."""
    if not same:
        return "standard"
    if column is None or column.to is None:
        return "left out"
    return "factor or style" if _target(label, column, label.get("also", ())) else "place"


def _said(column: ColumnSuggestion | None) -> str:
    if column is None:
        return "nothing"
    names = f" <- {'+'.join(column.names)}" if column.names else ""
    factor = f" x{column.factor}" if column.factor else ""
    styles = "".join(f" {s}" for s in (column.number_style, column.date_style) if s != "auto")
    return f"{column.to}{names}{factor}{styles} {column.confidence:.2f}"


def _wanted(label: Label) -> str:
    melt = label.get("melt")
    target = f"{melt['value']} <- {melt['names']}" if melt else str(label["to"])
    extra = [f"x{label['factor']}"] if label.get("factor") else []
    extra += [str(label[k]) for k in ("number_style", "date_style") if label.get(k)]
    return " ".join([target, *extra, *(f"or {a}" for a in label.get("also", ()))])
