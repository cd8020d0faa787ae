"""Whether the parts of a table add up to the total that the same table states.

Rows of one file are compared with each other and never with another's. An empty cell among the parts (a count that is
not shown) leaves nothing to compare. A declared part that is absent, or rows of the file in quarantine where any value
may be a part, make a finding of its own kind, one a file and rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from core.contract import Contract
from core.contract_checks import Parts
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
    rows_of,
    title_of,
    told,
    unreadable,
)  # fmt: skip
from quality.beyond.finding import Found, Kind, Outcome, Rows, Settings, Side, Tally, Unmade


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The totals that are not the sum of their parts, those with parts missing, and how many were compared."""
    for rule in contract.metadata.checks.parts:
        closed = unreadable(Kind.PARTS, rule.id, (rule.value, rule.of, *rule.by, *rule.where), rows)
        yield from [closed] if closed else _check(contract, rule, rows, settings)


def _check(contract: Contract, rule: Parts, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    failed: dict[str, int] = defaultdict(int)
    measured: dict[str, int] = defaultdict(int)
    lacking: dict[str, list[tuple[Sequence[Any], Any, list[str]]]] = defaultdict(list)
    waiting: dict[str, list[tuple[Sequence[Any], Any, int]]] = defaultdict(list)
    groups = _groups(rule, rows)
    if not groups:
        yield Unmade(Kind.PARTS, rule.id, "finding.unmade.no_total", {"rule": rule.id})
    for by, total, parts in groups:
        dataset = total["at"]["dataset"]
        there = {part["of"] for part in parts}
        absent = [str(part) for part in rule.parts if part not in there]
        if absent:
            lacking[total["at"]["resource"]].append((by, total, absent))
            continue
        if any(part["value"] is None for part in parts):
            continue
        measured[dataset] += 1
        summed = sum(part["value"] for part in parts)
        if apart(total["value"], summed, rule.tolerance):
            if (returned := settings.returned.get(total["at"]["resource"])) and not rule.parts:
                measured[dataset] -= 1
                waiting[total["at"]["resource"]].append((by, total, returned))
                continue
            failed[dataset] += 1
            yield _disagrees(contract, rule, by, total, parts)
    for _, some in sorted(lacking.items()):
        yield _incomplete(contract, rule, some)
    for _, others in sorted(waiting.items()):
        yield _returned(contract, rule, others)
    for dataset, number_ in sorted((d, n) for d, n in measured.items() if n):
        yield Tally(Kind.PARTS, rule.id, dataset, failed[dataset], number_)


def _groups(rule: Parts, rows: Rows) -> list[tuple[tuple[Any, ...], Any, list[Any]]]:
    """Group, total and parts of every file that states a total and has at least one part."""
    bind = Bound()
    of, value, by = quoted(rule.of), quoted(rule.value), names(rule.by)
    total = f"({bind.is_(rule.of, rule.total)})"
    wanted = " OR ".join([total, *(bind.is_(rule.of, part) for part in rule.parts)]) if rule.parts else "true"
    said = f"{{'of': {of}, 'value': {value}, 'at': {ROW}}}"
    sql = (
        f"SELECT {by}, first({said} ORDER BY _row) FILTER ({total}) AS _total, "
        f"list({said} ORDER BY {of}, _row) FILTER (NOT coalesce({total}, false)) AS _parts FROM rows "
        f"WHERE ({wanted}) AND {bind.where(rule.where)} GROUP BY _resource, {by} "
        f"HAVING count({value}) FILTER ({total}) = 1 AND count(*) FILTER (NOT coalesce({total}, false)) > 0 "
        f"ORDER BY {by}, _resource"
    )
    width = len(rule.by)
    found: list[tuple[tuple[Any, ...], Any, list[Any]]] = []
    for row in rows.select(sql, bind.params):
        stated: Any = row[width]
        parts: Any = row[width + 1]
        found.append((row[:width], stated, list(parts)))
    return found


def _disagrees(contract: Contract, rule: Parts, by: Sequence[Any], total: Any, parts: Sequence[Any]) -> Found:
    key, at = facts(rule.by, by), total["at"]
    summed = sum(part["value"] for part in parts)
    stated, plain = number(total["value"]), number(summed)
    return Found(
        kind=Kind.PARTS, contract=contract.name, rule=rule.id, member=at["member"], dataset=at["dataset"],
        columns=(rule.value, rule.of), key=key,
        seen=Side("finding.side.total", stated, (row_of(at),), 1),
        expected=(Side("finding.side.parts", plain, rows_of([part["at"] for part in parts]), len(parts)),),
        weight=float(len(parts) + 1), message="finding.parts" if rule.parts else "finding.parts_open",
        values={
            "group": told(key), "stated": fact(stated), "summed": fact(plain),
            "difference": fact(abs(total["value"] - summed)), "parts": len(parts),
            "column": title_of(contract, rule.value),
            "axis": title_of(contract, rule.of), "tolerance": percent(rule.tolerance), "row": at["row"] or 0,
        },
        as_of=first_day(key), concerns=(at["dataset"],),
    )  # fmt: skip


def _incomplete(contract: Contract, rule: Parts, some: Sequence[tuple[Sequence[Any], Any, list[str]]]) -> Found:
    by, total, absent = some[-1]
    found = _lacking(contract, rule, by, total, groups=len(some))
    return replace(
        found, expected=(Side("finding.side.missing", ", ".join(absent), (), 0),),
        values={**found.values, "names": ", ".join(absent)},
    )  # fmt: skip


def _returned(contract: Contract, rule: Parts, some: Sequence[tuple[Sequence[Any], Any, int]]) -> Found:
    by, total, rows = some[-1]
    found = _lacking(contract, rule, by, total, groups=len(some))
    return replace(
        found, message="finding.parts_returned", expected=(Side("finding.side.returned", rows, (), rows),),
        values={**found.values, "returned": rows},
    )  # fmt: skip


def _lacking(contract: Contract, rule: Parts, by: Sequence[Any], total: Any, *, groups: int) -> Found:
    """One finding for all totals of a file that cannot be compared: the last of them stands for all."""
    key, at = facts(rule.by, by), total["at"]
    return Found(
        kind=Kind.PARTS_INCOMPLETE, contract=contract.name, rule=rule.id, member=at["member"], dataset=at["dataset"],
        columns=(rule.value, rule.of), key={"resource": at["resource"]},
        seen=Side("finding.side.total", number(total["value"]), (row_of(at),), 1), expected=(),
        weight=float(groups), message="finding.parts_incomplete",
        values={"group": told(key), "groups": groups, "column": title_of(contract, rule.value),
                "axis": title_of(contract, rule.of)},
        as_of=first_day(key), concerns=(at["dataset"],),
    )  # fmt: skip
