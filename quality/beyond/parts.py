"""Whether the parts of a table add up to the total that the same table states.

Rows of one file are compared with each other and never with another's. An empty cell among the parts (a count that is
not shown) leaves nothing to compare. A declared part that is absent, or rows of the file in quarantine where any value
may be a part, make a finding of its own kind, one a file and rule.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from core.contract import Contract
from core.contract_checks import Parts
from core.rows_duckdb import quoted
from quality.beyond.asking import ROW, Bound, facts, names, title_of, unreadable
from quality.beyond.finding import Found, Kind, Outcome, Rows, Settings, Side
from quality.beyond.sums import Group, Sums


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The totals that are not the sum of their parts, those with parts missing, and how many were compared."""
    for rule in contract.metadata.checks.parts:
        closed = unreadable(Kind.PARTS, rule.id, (rule.value, rule.of, *rule.by, *rule.where), rows)
        yield from [closed] if closed else _check(contract, rule, rows, settings)


def _check(contract: Contract, rule: Parts, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    sums = Sums(contract, rule, Kind.PARTS, "finding.side.total", "finding.side.parts")
    lacking: dict[str, list[Group]] = defaultdict(list)
    waiting: dict[str, list[Group]] = defaultdict(list)
    groups = _groups(rule, rows)
    if not groups:
        yield sums.unmade()
    for group in groups:
        resource = group.total["at"]["resource"]
        if _absent(rule, group):
            lacking[resource].append(group)
        elif all(part["value"] is not None for part in group.parts):
            failed = sums.apart(group)
            if failed and not rule.parts and settings.returned.get(resource):
                waiting[resource].append(group)
                continue
            sums.count(group, failed=failed)
            if failed:
                yield _disagrees(sums, rule, group)
    for _, some in sorted(lacking.items()):
        names_ = ", ".join(_absent(rule, some[-1]))
        missing = Side("finding.side.missing", names_, (), 0)
        yield _lacking(sums, rule, some, "finding.parts_incomplete", missing, values={"names": names_})
    for resource, others in sorted(waiting.items()):
        rows_ = settings.returned[resource]
        returned = Side("finding.side.returned", rows_, (), rows_)
        yield _lacking(sums, rule, others, "finding.parts_returned", returned, values={"returned": rows_})
    yield from sums.tallies()


def _absent(rule: Parts, group: Group) -> list[str]:
    """The declared parts that are not there."""
    there = {part["of"] for part in group.parts}
    return [str(part) for part in rule.parts if part not in there]


def _groups(rule: Parts, rows: Rows) -> list[Group]:
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
    found = []
    for row in rows.select(sql, bind.params):
        parts: Any = row[width + 1]
        found.append(Group(row[:width], row[width], list(parts)))
    return found


def _disagrees(sums: Sums, rule: Parts, group: Group) -> Found:
    return sums.wrong(
        group,
        "finding.parts" if rule.parts else "finding.parts_open",
        key=facts(rule.by, group.by),
        columns=(rule.value, rule.of),
        values={
            "parts": len(group.parts),
            "axis": title_of(sums.contract, rule.of),
            "row": group.total["at"]["row"] or 0,
        },
        alone=True,
    )


def _lacking(
    sums: Sums, rule: Parts, some: list[Group], message: str, expected: Side, *, values: dict[str, str | int]
) -> Found:
    return sums.unsaid(
        Kind.PARTS_INCOMPLETE,
        some,
        message,
        key={"resource": some[-1].total["at"]["resource"]},
        columns=(rule.value, rule.of),
        expected=expected,
        values={"axis": title_of(sums.contract, rule.of), **values},
        alone=True,
    )
