"""Whether several datasets say the same of the same thing.

Of each dataset the newest row of a key counts. Copies of one dataset are not there to be compared: the catalogue has
settled which of them counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.contract import ColumnType, Contract
from core.contract_checks import Agree
from core.rows_duckdb import quoted
from quality.beyond.asking import (
    EPSILON,
    ROW,
    Bound,
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
from quality.beyond.finding import NAMED, Found, Kind, Outcome, Rows, Settings, Side, Tally, Unmade

#: So many keys of one rule are told one by one, in the order of their keys; all are counted.
MOST = 500


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The keys about which datasets disagree, and how many keys of each dataset another one has too."""
    for rule in contract.metadata.checks.agree:
        closed = unreadable(Kind.DISAGREE, rule.id, (rule.value, *rule.by, *rule.where), rows)
        yield from [closed] if closed else _check(contract, rule, rows, settings)


def _check(contract: Contract, rule: Agree, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    told = _Told(contract, rule)
    bind = Bound()
    counted = rows.select(
        f"{told.sides(bind)} SELECT t._dataset, count(*) FILTER (j._wrong), count(*) FROM told t JOIN judged j "
        f"ON {told.same('t', 'j')} GROUP BY t._dataset ORDER BY t._dataset",
        bind.params,
    )
    if any(failed for _, failed, _ in counted):
        found = list(told.groups(rows))
        for by, sides in found[:MOST]:
            yield _disagree(contract, rule, by, sides, settings)
        if len(found) > MOST:
            yield Unmade(Kind.DISAGREE, rule.id, "finding.unmade.many", {"kept": MOST})
    for dataset, failed, measured in counted:
        yield Tally(Kind.DISAGREE, rule.id, str(dataset), int(str(failed)), int(str(measured)))


@dataclass(frozen=True, slots=True)
class _Told:
    """The SQL of one rule: what each dataset says of every key that two of them have, and where they disagree."""

    contract: Contract
    rule: Agree

    def same(self, one: str, other: str) -> str:
        """That two relations speak of the same key, empty cells included."""
        columns = map(quoted, self.rule.by)
        return " AND ".join(f"{one}.{c} IS NOT DISTINCT FROM {other}.{c}" for c in columns)

    def sides(self, bind: Bound) -> str:
        """`told`: key, dataset and its newest row; `judged`: key and whether its sides differ; only keys of several."""
        rule, by, value = self.rule, names(self.rule.by), quoted(self.rule.value)
        own = "false"
        if self.contract.region_column in rule.by:
            own = f"_member = {quoted(str(self.contract.region_column))}"
        wanted = f"{value} IS NOT NULL AND {bind.where(rule.where)}"
        apart = "min(_said.value) <> max(_said.value)"
        if self.contract.column(rule.value).type in (ColumnType.INTEGER, ColumnType.NUMBER):
            apart = (
                "abs(max(_said.value) - min(_said.value)) > "
                f"{bind(max(rule.tolerance, EPSILON))} * greatest(abs(max(_said.value)), abs(min(_said.value)))"
            )
        return (
            f"WITH met AS (SELECT {by} FROM rows WHERE {wanted} GROUP BY {by} HAVING min(_dataset) <> max(_dataset)), "
            f"told AS (SELECT {names(rule.by, 'r.')}, _dataset, first({own}) AS _own, first({{'value': {value}, "
            f"'at': {ROW}}} ORDER BY _fetched_at DESC, _resource, _row) AS _said FROM rows r SEMI JOIN met m "
            f"ON {self.same('r', 'm')} WHERE {wanted} GROUP BY {names(rule.by, 'r.')}, _dataset), "
            f"judged AS (SELECT {by}, {apart} AS _wrong "
            f"FROM told GROUP BY {by})"
        )

    def groups(self, rows: Rows) -> Iterator[tuple[tuple[Any, ...], list[Any]]]:
        """The keys whose sides differ, one more than are kept, each dataset's own side; the region's own first."""
        bind, by = Bound(), names(self.rule.by, "t.")
        sides = (
            f"{self.sides(bind)} SELECT {by}, list({{'value': t._said.value, 'at': t._said.at}} "
            f"ORDER BY t._own DESC, t._dataset) FROM told t JOIN judged j ON {self.same('t', 'j')} "
            f"WHERE j._wrong GROUP BY {by} ORDER BY {by} LIMIT {MOST + 1}"
        )
        width = len(self.rule.by)
        for row in rows.select(sides, bind.params):
            told: Any = row[width]
            yield row[:width], list(told)


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
