"""Gross typos in a delivery, stopped before it is published: which rows, and what to say of each.

Only what is grossly wrong is stopped; what is merely unlikely may be true and is told with the findings of the week
(`unlikely.py`). The worker that calls this opens no catalogue, so earlier rows are handed in, and the marks of values
that a person has said are true.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import pyarrow as pa

from core.contract import ColumnType, Contract
from core.contract_checks import Typical
from core.messages import text
from quality.beyond.likely import Likely, likely
from quality.beyond.typos import Suspects, suspects
from quality.check import Reason, number
from quality.predicates import quote

#: The column of the typed table that says of a contract column what is wrong; null where nothing is.
_MARK = "_typo:"
#: More rows than that have one cause, such as another unit, and are told in one sentence.
_EACH = 5_000
_STORED = "id"
#: So many letters name a value at its key.
MARK = 16


@dataclass(frozen=True, slots=True)
class Stopped:
    """A typed table, with sentences beside each contract column that holds typos, and the reasons they are.

    Attributes:
        marks: of each place that is stopped, what names its values at their key, for whoever says that they are true.
        true: how many values look like slips and pass, since a person said that they are true.
    """

    table: pa.Table
    reasons: tuple[Reason, ...] = ()
    marks: Mapping[int, str] = field(default_factory=dict)
    true: int = 0


def stopped(
    contract: Contract, typed: pa.Table, history: pa.Table | None = None, confirmed: Collection[str] = ()
) -> Stopped:
    """The rows of a delivery that hold a gross typo, as reasons to set them aside.

    Args:
        history: rows of the contract that are there already, of the same columns; None where there are none.
        confirmed: the marks of values that are true although they look like slips.
    """
    reasons: list[Reason] = []
    marks: dict[int, str] = {}
    true = 0
    for column in dict.fromkeys(rule.value for rule in contract.metadata.checks.typical):
        said: dict[int, str] = {}
        for rule in contract.metadata.checks.typical:
            if rule.value == column:
                judged = suspects(contract, rule, typed, history)
                said = _sentences(contract, rule, typed, judged) | said
        known = marks_of(contract, column, typed, [*said])
        true += sum(known[place] in confirmed for place in said)
        said = {place: sentence for place, sentence in said.items() if known[place] not in confirmed}
        if said:
            marks |= {place: f"{marks[place]} {known[place]}" if place in marks else known[place] for place in said}
            sentences = [said.get(place) for place in range(typed.num_rows)]
            typed = typed.append_column(_MARK + column, pa.array(sentences, pa.string()))
            condition = f"t.{quote(_MARK + column)} IS NOT NULL"
            reasons.append(Reason(f"{column}.typo", (column,), condition, typed=_MARK + column))
    return Stopped(typed, tuple(reasons), marks, true)


def marked_by(contract: Contract, column: str) -> tuple[str, ...]:
    """The columns whose values make a column's mark: the key's and its own, or all where rows have no key."""
    return tuple(dict.fromkeys([*contract.key, column] if contract.key else [c.name for c in contract.columns]))


def marks_of(contract: Contract, column: str, typed: pa.Table, places: Sequence[int]) -> dict[int, str]:
    """What names the values of a column at some places: the same value at the same key has the same mark."""
    rows = typed.select(marked_by(contract, column)).take(pa.array(places, pa.int64())).to_pylist()
    about = [contract.name, column]
    return {
        place: hashlib.sha256(orjson.dumps([*about, row], default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()[:MARK]
        for place, row in zip(places, rows, strict=True)
    }


def meant(contract: Contract, column: str, value: float, usual: float) -> Likely | None:
    """The number that was probably meant in a column of the contract."""
    return likely(value, usual, whole=contract.column(column).type is ColumnType.INTEGER)


def rounded(value: float) -> float | int:
    """A usual value as people say it, with three digits that matter."""
    short = float(f"{value:.3g}")
    return int(short) if short.is_integer() else short


def _sentences(contract: Contract, rule: Typical, typed: pa.Table, judged: Suspects) -> dict[int, str]:
    places: Sequence[int] = judged.at[judged.gross].tolist()
    title = contract.column(rule.value).title[_STORED]
    if len(places) > _EACH:
        return dict.fromkeys(places, text("quality.row.typo.many", _STORED, column=title))
    values = typed[rule.value].take(pa.array(places, pa.int64())).cast(pa.float64()).to_pylist()
    found: dict[int, str] = {}
    for place, value, usual in zip(places, values, judged.usual[judged.gross].tolist(), strict=True):
        wanted = meant(contract, rule.value, value, usual)
        words: dict[str, object] = {"column": title, "value": number(value, _STORED)}
        words["usual"] = number(rounded(usual), _STORED)
        if wanted is None:
            found[place] = text("quality.row.typo", _STORED, **words)
        else:
            words["likely"] = number(wanted.value, _STORED)
            found[place] = text("quality.row.typo.likely", _STORED, **words)
    return found
