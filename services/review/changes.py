"""What became of each standard's rows within a week, member by member: rows before it against rows at its end, by key.

Only members for whom something was committed or withdrawn are compared. Rows that the reviewer may not read, and
standards without a key, are counted by what commits said of themselves.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Dataset, Resource, Snapshot, Stream, Visibility
from catalog.relations import relation
from catalog.store import SnapshotStore
from core import rows_diff
from core.access import Actor, Role, scope
from core.contract import Contract
from core.duck import Duck
from core.rows import FALSE, Compare, Op
from core.rows_diff import DiffQuery, Kind, change, compile_examples, compile_totals
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
        if contract is None or not _followed(contract):
            title = contract.title if contract is not None else {"id": name, "en": name}
            counted = tuple(_by_commits(session, name, within))
            out.append(ContractChanges(name, title, counted, by_key=False))
            continue
        counted, examples = _by_key(session, store, duck, contract, members=sorted(members), within=within)
        titles = {c.name: c.title for c in contract.columns}
        out.append(ContractChanges(name, contract.title, counted, examples, columns=titles))
    return tuple(one for one in out if one.members)


def _followed(contract: Contract) -> bool:
    """Whether the reader can tell a standard's rows apart by their keys."""
    seen = scope(READER, contract)
    return bool(contract.key) and seen.predicate != FALSE and seen.columns.issuperset(contract.key)


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
    query = DiffQuery(
        before=relation(session, store, contract, within.seq_before),
        after=relation(session, store, contract, within.seq),
        scope=scope(READER, contract),
        where=Compare("_member", Op.IN, tuple(members)),
        per="_member",
    )
    totals = compile_totals(query, ("_member",))
    found = tuple(
        Change(contract.name, str(member), int(str(rows)), int(str(added)), int(str(changed)), int(str(removed)))
        for member, rows, changed, removed, added in duck.select(totals.sql, totals.params, deadline=_SECONDS)
        if any((changed, removed, added))
    )
    examples = compile_examples(query, _EXAMPLES // len(Kind))
    each = duck.select(examples.sql, examples.params, deadline=_SECONDS)
    return found, tuple(_example(query, change(query, row)) for row in each)


def _example(query: DiffQuery, one: rows_diff.Change) -> Example:
    member, *key = one.place
    shown = one.columns if one.kind is Kind.CHANGED else query.values
    before, after = ({} if side is None else {c: _cell(side[c]) for c in shown} for side in (one.before, one.after))
    named = {c: _cell(v) for c, v in zip(query.identity[1:], key, strict=True)}
    return Example(what=one.kind.value, member=str(member), key=named, before=before, after=after)


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
