"""Whether several datasets say the same of the same thing.

Of each dataset the newest row of a key counts. Copies of one dataset are not there to be compared: the catalogue has
settled which of them counts.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from core.contract import Contract
from core.contract_checks import Agree
from core.rows_duckdb import quoted
from quality.beyond.asking import (
    ROW,
    Bound,
    apart,
    fact,
    facts,
    first_day,
    names,
    number,
    percent,
    row_of,
    title_of,
    told,
    unreadable,
)  # fmt: skip
from quality.beyond.finding import NAMED, Found, Kind, Outcome, Rows, Settings, Side, Tally


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The keys about which datasets disagree, and how many keys of each dataset another one has too."""
    for rule in contract.metadata.checks.agree:
        closed = unreadable(Kind.DISAGREE, rule.id, (rule.value, *rule.by, *rule.where), rows)
        yield from [closed] if closed else _check(contract, rule, rows, settings)


def _check(contract: Contract, rule: Agree, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    failed: dict[str, int] = defaultdict(int)
    measured: dict[str, int] = defaultdict(int)
    for by, sides in _groups(contract, rule, rows):
        wrong = apart(sides[0]["least"], sides[0]["most"], rule.tolerance)
        for side in sides:
            measured[side["at"]["dataset"]] += 1
            failed[side["at"]["dataset"]] += wrong
        if wrong:
            yield _disagree(contract, rule, by, sides, settings)
    for dataset, number_ in sorted(measured.items()):
        yield Tally(Kind.DISAGREE, rule.id, dataset, failed[dataset], number_)


def _groups(contract: Contract, rule: Agree, rows: Rows) -> list[tuple[tuple[Any, ...], list[Any]]]:
    """Every key that two datasets have, each dataset's own side of it; the region's own first."""
    bind = Bound()
    value, by = quoted(rule.value), names(rule.by)
    own = f"_member = {quoted(contract.region_column)}" if contract.region_column in rule.by else "false"
    sql = (
        f"WITH told AS (SELECT {by}, _dataset, first({own}) AS _own, first({{'value': {value}, 'at': {ROW}}} "
        f"ORDER BY _fetched_at DESC, _resource, _row) AS _said FROM rows "
        f"WHERE {value} IS NOT NULL AND {bind.where(rule.where)} GROUP BY {by}, _dataset), "
        f"met AS (SELECT {by}, min(_said.value) AS _least, max(_said.value) AS _most FROM told "
        f"GROUP BY {by} HAVING count(*) > 1) "
        f"SELECT {names(rule.by, 't.')}, list({{'value': t._said.value, 'at': t._said.at, 'least': m._least, "
        f"'most': m._most}} ORDER BY t._own DESC, t._dataset) FROM told t JOIN met m ON "
        + " AND ".join(f"t.{quoted(c)} IS NOT DISTINCT FROM m.{quoted(c)}" for c in rule.by)
        + f" GROUP BY {names(rule.by, 't.')} ORDER BY {names(rule.by, 't.')}"
    )
    width = len(rule.by)
    found: list[tuple[tuple[Any, ...], list[Any]]] = []
    for row in rows.select(sql, bind.params):
        sides: Any = row[width]
        found.append((row[:width], list(sides)))
    return found


def _disagree(contract: Contract, rule: Agree, by: Sequence[Any], sides: Sequence[Any], settings: Settings) -> Found:
    key = facts(rule.by, by)
    first, *others = sides
    other = max(others, key=lambda side: _far(side["value"], first["value"]))
    whose = key.get(contract.region_column or "")
    made = [
        Side("finding.side.source", number(side["value"]), (row_of(side["at"]),), 1)
        for side in [other, *others][:NAMED]
    ]
    return Found(
        kind=Kind.DISAGREE, contract=contract.name, rule=rule.id,
        member=str(whose) if whose is not None else first["at"]["member"], dataset=None,
        columns=(rule.value, *rule.by), key=key,
        seen=Side("finding.side.source", number(first["value"]), (row_of(first["at"]),), 1),
        expected=tuple(dict.fromkeys(made)), weight=float(len(sides)), message="finding.disagree",
        values={
            "group": told(key), "column": title_of(contract, rule.value),
            "one": fact(first["value"]), "one_source": _called(settings, first["at"]),
            "other": fact(other["value"]), "other_source": _called(settings, other["at"]),
            "one_row": first["at"]["row"] or 0, "other_row": other["at"]["row"] or 0,
            "sources": len(sides), "tolerance": percent(rule.tolerance),
        },
        as_of=first_day(key), concerns=tuple(side["at"]["dataset"] for side in sides),
    )  # fmt: skip


def _far(one: Any, other: Any) -> float:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(float(one) - float(other))
    return float(one != other)


def _called(settings: Settings, at: Any) -> str:
    known = settings.datasets.get(at["dataset"])
    return f"{known.title} ({at['source']})" if known else str(at["source"])
