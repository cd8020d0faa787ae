"""A table whose small counts are hidden is told by one resource: what one hides, another must not show (docs/adr/0015).

Two deliveries of the same region and time are each safe and together are not; the later one is held. Tables of a region
and of a part of it are the same table, since they add up. So are two editions of one resource's table: one that tells
other figures waits for a person.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from catalog import relations
from catalog.models import Snapshot, Stream
from core.contract import Contract
from core.db import session_scope
from core.duck import Duck
from core.rows import Compare, Filter, Op, RowQuery, Scope, all_of, any_of
from core.rows_duckdb import compile_source
from core.verdict import Release, Verdict
from quality.outcome import Hold, after_release
from services.granary import Granary
from services.intake.files import TableDone

TOLD_TWICE = "TABLE_TOLD_TWICE"
#: The hold of a later edition that tells other figures than the one that is served.
TOLD_OTHERWISE = "TABLE_TOLD_OTHERWISE"
_SECONDS = 30.0


def told_once(granary: Granary, resource: str, table: TableDone, waiting: Sequence[tuple[str, TableDone]]) -> TableDone:
    """The table as it is, or held because another resource tells of the same region and time.

    Args:
        waiting: resource and table of deliveries that are about to be committed.
    """
    contract, accepted = table.contract, table.outcome.accepted
    if contract is None or contract.suppression is None or accepted is None:
        return table
    mine = _subjects(contract, accepted)
    others = [
        _subjects(contract, one.outcome.accepted)
        for other, one in waiting
        if other != resource and one.contract == contract and one.outcome.accepted is not None
    ]
    twice = [one for one in mine if any(_told(contract, one, other) for other in others)]
    twice = twice or [one for one in mine if _served(granary, contract, resource, one)]
    if not twice:
        return table
    named = ", ".join(sorted({" ".join(str(value) for value in one.values()) for one in twice})[:10])
    hold = Hold(TOLD_TWICE, {"tables": named, "count": len(twice)})
    outcome = replace(table.outcome, verdict=Verdict.HELD, accepted=None, holds=(*table.outcome.holds, hold))
    return replace(table, outcome=outcome)


def told_otherwise(granary: Granary, resource: str, table: TableDone, released: Release | None) -> TableDone:
    """The table as it is, or held because the same resource has told other figures of a table with hidden counts.

    Who kept what is served now may subtract the one from the other; a person decides whether that tells of somebody.
    """
    contract, accepted = table.contract, table.outcome.accepted
    if contract is None or contract.suppression is None or accepted is None:
        return table
    rule = contract.suppression
    names = tuple(dict.fromkeys([*contract.key, rule.count, rule.flag]))
    axes = {name for axis in rule.by for name in axis}
    now = _figures(pq.read_table(accepted, columns=list(names)).to_pylist(), contract, axes)
    before = _figures(_own(granary, contract, resource, names), contract, axes)
    changed = {
        about: sum(figures.get(cell) != before[about].get(cell) for cell in figures.keys() | before[about].keys())
        for about, figures in now.items()
        if about in before and any(hidden for _, hidden in (*figures.values(), *before[about].values()))
    }
    changed = {about: cells for about, cells in changed.items() if cells}
    if not changed:
        return table
    named = ", ".join(" ".join(map(str, about)) for about in sorted(changed, key=str)[:10])
    kept, said = after_release([Hold(TOLD_OTHERWISE, {"tables": named, "cells": sum(changed.values())})], released)
    outcome = replace(table.outcome, warnings=(*table.outcome.warnings, *said))
    if kept:
        outcome = replace(outcome, verdict=Verdict.HELD, accepted=None, holds=(*outcome.holds, *kept))
    return replace(table, outcome=outcome)


def _figures(
    rows: Iterable[Mapping[str, Any]], contract: Contract, axes: Collection[str]
) -> dict[tuple[Any, ...], dict[tuple[Any, ...], tuple[Any, Any]]]:
    """The tables of some rows, by what stands apart in the key: each cell's count, and whether it is hidden."""
    rule = contract.suppression
    assert rule is not None
    found: dict[tuple[Any, ...], dict[tuple[Any, ...], tuple[Any, Any]]] = {}
    for row in rows:
        about = tuple(row[name] for name in contract.key if name not in axes)
        found.setdefault(about, {})[tuple(row[name] for name in contract.key)] = (row[rule.count], row[rule.flag])
    return found


def _own(granary: Granary, contract: Contract, resource: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a resource tells now."""
    with session_scope(granary.sessions) as session:
        relation = relations.relation(session, granary.store, contract)
    if not relation.parts and not relation.files:
        return []
    duck = Duck([granary.settings.folder("snapshots")], size=1)
    try:
        everything = Scope(frozenset(c.name for c in contract.columns))
        compiled = compile_source(RowQuery(relation, names, everything, where=Compare("_resource", Op.EQ, resource)))
        rows: list[dict[str, Any]] = duck.arrow(compiled.sql, compiled.params, deadline=_SECONDS).to_pylist()
        return rows
    finally:
        duck.close()


def told_before(
    granary: Granary, snapshot: Snapshot, table: TableDone, again: Callable[[Snapshot], Path | None]
) -> bool:
    """Whether another resource told of a snapshot's region and time when it was committed.

    Args:
        table: its rows, made again; the files of others may be lost as well.
        again: makes another snapshot's rows again; None where that cannot be done, and then nothing tells of them.
    """
    contract, accepted = table.contract, table.outcome.accepted
    if contract is None or contract.suppression is None or accepted is None:
        return False
    others = (
        Stream.contract == contract.name,
        Stream.major == contract.major,
        Stream.resource_id != snapshot.resource_id,
    )
    with session_scope(granary.sessions) as session:
        live = relations.live_streams(session, others, snapshot.seq - 1).values()
        found = [session.get_one(Snapshot, seq) for seq in sorted(live)]
    mine = _subjects(contract, accepted)
    rows = (again(other) for other in found)
    return any(
        _told(contract, one, other) for other in (_subjects(contract, r) for r in rows if r is not None) for one in mine
    )


def _subjects(contract: Contract, rows: Path) -> list[dict[str, Any]]:
    """What a delivery's tables are about, each once: the region, and what stands apart in the key, such as the year."""
    assert contract.suppression is not None and contract.region_column is not None
    axes = {name for axis in contract.suppression.by for name in axis}
    names = [contract.region_column, *(name for name in contract.key if name not in axes)]
    found = pq.read_table(rows, columns=names).group_by(names).aggregate([])
    return [dict(row) for row in found.to_pylist()]


def _told(contract: Contract, one: dict[str, Any], other: Sequence[dict[str, Any]]) -> bool:
    """Whether another delivery tells of this, of a part of it or of what it is a part of."""
    return any(_meets(contract, one, two) for two in other)


def _meets(contract: Contract, one: dict[str, Any], two: dict[str, Any]) -> bool:
    region = str(contract.region_column)
    a, b = f"{one[region]}.", f"{two[region]}."
    return (a.startswith(b) or b.startswith(a)) and all(one[k] == two[k] for k in one if k != region)


def _served(granary: Granary, contract: Contract, resource: str, one: dict[str, Any]) -> bool:
    region = str(contract.region_column)
    code = str(one[region])
    parts: Iterator[Filter] = (
        Compare(region, Op.EQ, above) for above in (code, *(code[:i] for i, sign in enumerate(code) if sign == "."))
    )
    where = all_of(
        (
            Compare("_resource", Op.NE, resource),
            *(Compare(name, Op.EQ, value) for name, value in one.items() if name != region),
            any_of((*parts, Compare(region, Op.PREFIX, f"{code}."))),
        )
    )
    with session_scope(granary.sessions) as session:
        relation = relations.relation(session, granary.store, contract)
    duck = Duck([granary.settings.folder("snapshots")], size=1)
    try:
        everything = Scope(frozenset(c.name for c in contract.columns))
        return duck.count(RowQuery(relation, (region,), everything, where=where), deadline=_SECONDS) > 0
    finally:
        duck.close()
