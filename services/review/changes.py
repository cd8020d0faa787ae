"""What became of each standard's rows within a week, member by member: rows before it against rows at its end, by key.

Only members for whom something was committed or withdrawn are compared. Rows that the reviewer may not read, and
standards without a key, are counted by what commits said of themselves.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Dataset, Resource, Snapshot, Stream, Visibility
from catalog.relations import relation
from catalog.store import SnapshotStore
from core.access import Actor, Role, scope
from core.contract import Contract
from core.duck import Duck
from core.rows import FALSE, Compare, Op, RowQuery
from core.rows_duckdb import compile_source, quoted
from quality.report.model import Change, ContractChanges, Example, StandardChange
from services.review.bounds import Bounds

#: Whose eyes the report is made for: rows of every region that are not closed.
READER = Actor(id="report", name="laporan", roles=frozenset({Role.REVIEWER}))
_EXAMPLES = 6
_SECONDS = 300.0


def changes(
    session: Session, store: SnapshotStore, duck: Duck, contracts: Mapping[str, Contract], within: Bounds
) -> tuple[ContractChanges, ...]:
    """The changes of every standard that something was committed for, by name, of the members that have any."""
    out: list[ContractChanges] = []
    for name, members in sorted(_touched(session, within).items()):
        contract = contracts.get(name)
        if contract is None or not contract.key or scope(READER, contract).predicate == FALSE:
            title = contract.title if contract is not None else {"id": name, "en": name}
            counted = tuple(_by_commits(session, name, within))
            out.append(ContractChanges(name, title, counted, by_key=False))
            continue
        counted, examples = _by_key(session, store, duck, contract, members=sorted(members), within=within)
        out.append(ContractChanges(name, contract.title, counted, examples))
    return tuple(one for one in out if one.members)


def _touched(session: Session, within: Bounds) -> dict[str, set[str]]:
    """The members of each standard for whom something was committed, withdrawn or taken back."""
    out: dict[str, set[str]] = defaultdict(set)
    committed = (
        select(Snapshot.contract, Dataset.member)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Snapshot.contract.is_not(None), Snapshot.seq > within.seq_before, Snapshot.seq <= within.seq)
    )
    shown = (
        select(Stream.contract, Dataset.member)
        .join(Resource, Resource.id == Stream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .join(Visibility, Visibility.dataset_id == Dataset.id)
        .where(Stream.contract.is_not(None), Visibility.seq > within.seq_before, Visibility.seq <= within.seq)
    )
    for query in (committed, shown):
        for contract, member in session.execute(query.distinct()):
            out[str(contract)].add(member)
    return out


def _by_commits(session: Session, contract: str, within: Bounds) -> Iterator[Change]:
    query = (
        select(Dataset.member, func.sum(Snapshot.added), func.sum(Snapshot.changed), func.sum(Snapshot.removed),
               func.max(Snapshot.live_rows))
        .select_from(Snapshot)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Snapshot.contract == contract, Snapshot.seq > within.seq_before, Snapshot.seq <= within.seq)
        .group_by(Dataset.member)
        .order_by(Dataset.member)
    )  # fmt: skip
    for member, added, changed, removed, rows in session.execute(query):
        yield Change(contract, member, int(rows), int(added), int(changed), int(removed))


def _by_key(
    session: Session, store: SnapshotStore, duck: Duck, contract: Contract, *, members: Sequence[str], within: Bounds
) -> tuple[tuple[Change, ...], tuple[Example, ...]]:
    seen = scope(READER, contract)
    columns = tuple(c.name for c in contract.columns if c.name in seen.columns)
    key = tuple(c for c in contract.key if c in columns)
    values = tuple(c for c in columns if c not in key)
    where = Compare("_member", Op.IN, tuple(members))
    sources: list[str] = []
    bound: tuple[object, ...] = ()
    for seq in (within.seq_before, within.seq):
        rows = relation(session, store, contract, seq)
        compiled = compile_source(RowQuery(rows, (*columns, "_member"), seen, where), bound)
        sources.append(_one_a_key(compiled.sql, key, values))
        bound = compiled.params
    names = ("_member", *key)
    same = " AND ".join(f"a.{quoted(c)} IS NOT DISTINCT FROM b.{quoted(c)}" for c in names)
    picked = ", ".join(f"coalesce(a.{quoted(c)}, b.{quoted(c)}) AS {quoted(c)}" for c in names)
    beside = "".join(f", {side}.{quoted(c)} AS {quoted(side + c)}" for c in values for side in "ba")
    joined = (
        f"WITH b AS ({sources[0]}), a AS ({sources[1]}), d AS (SELECT {picked}{beside}, "
        "CASE WHEN b._lumbung_sum IS NULL THEN 'added' WHEN a._lumbung_sum IS NULL THEN 'removed' "
        "WHEN a._lumbung_sum <> b._lumbung_sum THEN 'changed' ELSE 'same' END AS _lumbung_what "
        f"FROM a FULL JOIN b ON {same}) "
    )
    counted = duck.select(
        f"{joined}SELECT _member, count(*) FILTER (_lumbung_what <> 'removed'), "
        + ", ".join(f"count(*) FILTER (_lumbung_what = '{what}')" for what in ("added", "changed", "removed"))
        + " FROM d GROUP BY _member ORDER BY _member",
        bound,
        deadline=_SECONDS,
    )
    found = tuple(
        Change(contract.name, str(member), *(int(str(n)) for n in numbers))
        for member, *numbers in counted
        if any(numbers[1:])
    )
    order = ", ".join(quoted(c) for c in names)
    each = duck.select(
        f"{joined}SELECT * FROM d WHERE _lumbung_what <> 'same' "
        f"QUALIFY row_number() OVER (PARTITION BY _lumbung_what ORDER BY {order}) <= {_EXAMPLES // 3} "
        f"ORDER BY CASE _lumbung_what WHEN 'changed' THEN 0 WHEN 'removed' THEN 1 ELSE 2 END, {order}",
        bound,
        deadline=_SECONDS,
    )
    return found, tuple(_example(row, key, values) for row in each)


def _one_a_key(rows: str, key: Sequence[str], values: Sequence[str]) -> str:
    """One line a member and key, with a sum over all of its values; a key in two files counts once."""
    names = ", ".join(quoted(c) for c in ("_member", *key))
    shown = "".join(f", min({quoted(c)}) AS {quoted(c)}" for c in values)
    digest = f"sum(CAST(hash({', '.join(quoted(c) for c in values)}) AS HUGEINT))" if values else "count(*)"
    return f"SELECT {names}{shown}, {digest} AS _lumbung_sum FROM ({rows}) GROUP BY {names}"


def _example(row: Sequence[Any], key: Sequence[str], values: Sequence[str]) -> Example:
    member, *rest = row
    what = str(rest[-1])
    named = dict(zip(key, rest, strict=False))
    pairs = {c: (rest[len(key) + 2 * i], rest[len(key) + 2 * i + 1]) for i, c in enumerate(values)}
    moved = {c: pair for c, pair in pairs.items() if what != "changed" or pair[0] != pair[1]}
    return Example(
        what=what,
        member=str(member),
        key={c: _cell(v) for c, v in named.items()},
        before={c: _cell(b) for c, (b, _) in moved.items()} if what != "added" else {},
        after={c: _cell(a) for c, (_, a) in moved.items()} if what != "removed" else {},
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def standards(session: Session, contracts: Mapping[str, Contract], within: Bounds) -> tuple[StandardChange, ...]:
    """The standards whose text was followed for the first time within the week, with the version before."""
    query = (
        select(Snapshot.contract, Snapshot.contract_version, Snapshot.contract_sha256, func.min(Snapshot.seq),
               func.max(Snapshot.seq), func.count(Snapshot.resource_id.distinct()))
        .where(Snapshot.contract.is_not(None), Snapshot.seq <= within.seq)
        .group_by(Snapshot.contract, Snapshot.contract_version, Snapshot.contract_sha256)
        .order_by(Snapshot.contract, func.min(Snapshot.seq))
    )  # fmt: skip
    out: list[StandardChange] = []
    before: dict[str, str] = {}
    for contract, version, _, first, _, datasets in session.execute(query):
        name = str(contract)
        if first > within.seq_before:
            title = contracts[name].title if name in contracts else {"id": name, "en": name}
            out.append(StandardChange(name, title, str(version), before.get(name), int(datasets)))
        before[name] = str(version)
    return tuple(out)
