"""Looks at every standard's rows beyond one file, and keeps what was found: new, still open, gone.

The checks are `quality/beyond`'s, what is kept `catalog/findings.py`'s. A standard whose rows and declarations are what
they were at the last look is not looked at again, but for what the calendar alone changes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import confirmed, findings
from catalog.current import newest
from catalog.findings import Looked, Noted
from catalog.models import Dataset as CatalogueDataset
from catalog.models import QuarantineBatch, Resource, Stream, Visibility
from catalog.relations import relation, resolve
from catalog.writing import reading, writing
from core import counters
from core.access import scope
from core.clock import zone
from core.contract import Contract
from core.contract_metadata import Release
from core.duck import Duck
from core.errors import LumbungError
from core.rows import FALSE, Relation, RowQuery, Scope, Value
from core.rows_duckdb import compile_source
from quality.beyond import disagree, fresh, parts, reconcile, usual
from quality.beyond.finding import (
    Check,
    Dataset,
    Due,
    Found,
    Kind,
    Outcome,
    Settings,
    Side,
    Tally,
    Unmade,
)
from services.granary import Granary
from services.review.changes import READER
from services.review.owed import Lists
from services.review.periods import newest_due, start_of

#: So many findings of one rule are kept; what is beyond is counted and said.
MOST = 500
_SECONDS = 300.0
_PROVENANCE = ("_member", "_source", "_dataset", "_resource", "_row", "_snapshot", "_fetched_at", "_verdict")
#: Written into every mark: another number where checks find otherwise than before.
_EDITION = "1"


@dataclass(frozen=True, slots=True)
class Looking:
    """One check, the kinds that it finds, and whether the calendar alone can change them."""

    check: Check
    kinds: frozenset[Kind]
    timed: bool = False


CHECKS = (
    Looking(reconcile.check, frozenset({Kind.SUM, Kind.SUM_INCOMPLETE})),
    Looking(parts.check, frozenset({Kind.PARTS, Kind.PARTS_INCOMPLETE})),
    Looking(disagree.check, frozenset({Kind.DISAGREE})),
    Looking(usual.check, frozenset({Kind.TYPO, Kind.PREVIOUS})),
    Looking(fresh.check, frozenset({Kind.STALE}), timed=True),
)


class SnapshotRows:
    """A standard's committed rows as the relation `rows`; each question reads the columns that it names."""

    def __init__(self, duck: Duck, contract: Contract, rows: Relation, seen: Scope) -> None:
        self._duck, self._rows, self._seen = duck, rows, seen
        self.columns = frozenset(c.name for c in contract.columns if c.name in seen.columns)

    def _statement(self, sql: str, params: Sequence[object]) -> tuple[str, tuple[object, ...]]:
        compiled = compile_source(RowQuery(self._rows, (*sorted(self.columns), *_PROVENANCE), self._seen), params)
        head, word, rest = sql.partition("WITH ")
        following = f", {rest}" if word and not head.strip() else f" {sql}"
        return f"WITH rows AS ({compiled.sql}){following}", compiled.params

    def select(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Value | None, ...]]:
        """The rows of one SELECT over `rows`."""
        return self._duck.select(*self._statement(sql, params), deadline=_SECONDS)

    def arrow(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """The same as an Arrow table."""
        return self._duck.arrow(*self._statement(sql, params), deadline=_SECONDS)


def look(
    granary: Granary, *, now: datetime | None = None, again: bool = False, checks: Sequence[Looking] = CHECKS
) -> tuple[Looked, ...]:
    """Look at every standard that has rows and declares something, by name.

    Args:
        again: also where nothing has changed since the last look.

    What one standard's check cannot do (a damaged file, an answer that takes too long) is noted as not made, and the
    others go on.
    """
    at = now or granary.clock()
    duck = Duck([granary.settings.folder("snapshots")], size=1, memory=granary.settings.query_memory)
    done: list[Looked] = []
    try:
        with reading(granary.sessions) as session:
            seq = resolve(session, None)
            known = _Known.read(granary, session, at)
        declared = {name: one for name, one in sorted(granary.contracts.items()) if not one.metadata.checks.none}
        for contract in declared.values():
            one = _look(granary, duck, contract, known, seq=seq, again=again, checks=checks)
            done += [one] if one is not None else []
    finally:
        duck.close()
    return (*done, *_forgotten(granary, declared, seq=seq, now=at))


def _forgotten(granary: Granary, declared: Mapping[str, Contract], *, seq: int, now: datetime) -> Iterator[Looked]:
    """Close what was found of standards that are not there any more, or declare nothing any more."""
    kinds = [kind.value for kind in Kind]
    with reading(granary.sessions) as session:
        names = [name for name, one in findings.looks(session).items() if name not in declared and one.mark]
    for name in names:
        with writing(granary.sessions) as session:
            findings.note_look(session, name, mark="", kinds=kinds, tallies=(), unmade=(), seq=seq, now=now)
            yield findings.note(session, name, (), kinds=kinds, seq=seq, now=now)


@dataclass(frozen=True, slots=True)
class _Known:
    """What all standards' looks share: the moment, what datasets are called and were due for, and confirmed values."""

    at: datetime
    lists: Lists
    datasets: Mapping[str, tuple[Dataset, datetime]]
    true: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, granary: Granary, session: Session, at: datetime) -> "_Known":
        year = at.astimezone(zone(granary.settings.timezone)).year
        columns = (CatalogueDataset.id, CatalogueDataset.title, CatalogueDataset.member, CatalogueDataset.source,
                   CatalogueDataset.first_seen)  # fmt: skip
        rows = session.execute(select(*columns).where(CatalogueDataset.copy_of.is_(None)))
        datasets = {r[0]: (Dataset(*r[1:4]), r[4]) for r in rows}
        return cls(at, Lists.read(session, [year]), datasets, confirmed.every(session))


def _look(
    granary: Granary, duck: Duck, contract: Contract, known: _Known, *, seq: int, again: bool,
    checks: Sequence[Looking],
) -> Looked | None:  # fmt: skip
    """Look at one standard; None where it has no rows and never had."""
    with reading(granary.sessions) as session:
        mark, before = _mark(session, contract, seq, known.true), findings.look(session, contract.name)
        changed = again or before is None or before.mark != mark
        chosen = [one for one in checks if changed or one.timed]
        mine = select(Stream.id).where(Stream.contract == contract.name, Stream.major == contract.major)
        if not chosen or (before is None and session.scalar(mine.limit(1)) is None):
            return None
        outcomes = _outcomes(granary, session, duck, contract, known, seq=seq, chosen=chosen)
    found = [o for o in outcomes if isinstance(o, Found)]
    tallies = [(o.kind.value, o.rule, o.dataset, o.failed, o.measured) for o in outcomes if isinstance(o, Tally)]
    unmade = [asdict(o) for o in outcomes if isinstance(o, Unmade)]
    kinds = [kind.value for one in chosen for kind in one.kinds]
    with writing(granary.sessions) as session:
        counters.hold(session)  # another process may be looking
        last, now = findings.look(session, contract.name), known.at
        if last is not None and (last.seq > seq or last.looked_at > now):
            return None
        findings.note_look(
            session, contract.name, mark=mark, kinds=kinds, tallies=tallies, unmade=unmade, seq=seq, now=now
        )
        return findings.note(session, contract.name, map(_noted, found), kinds=kinds, seq=seq, now=now)


def _mark(session: Session, contract: Contract, seq: int, true: Mapping[str, frozenset[str]]) -> str:
    """What the answer of the checks that ask no calendar depends on."""
    shown = (
        select(func.max(Visibility.seq))
        .join(Resource, Resource.dataset_id == Visibility.dataset_id)
        .join(Stream, Stream.resource_id == Resource.id)
        .where(Stream.contract == contract.name, Visibility.seq <= seq)
    )
    facts = (
        _EDITION, newest(session, (contract.name, contract.major), seq), session.scalar(shown) or 0, contract.version,
        contract.metadata.checks, sorted(_returned(session, contract.name).items()),
        sorted((source, sorted(marks)) for source, marks in true.items()),
    )  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _outcomes(
    granary: Granary, session: Session, duck: Duck, contract: Contract, known: _Known, *, seq: int,
    chosen: Sequence[Looking],
) -> list[Outcome]:  # fmt: skip
    seen = scope(READER, contract)
    kinds = [min(one.kinds) for one in chosen]
    if seen.predicate == FALSE:
        return [Unmade(kind, "", "finding.unmade.closed", {"columns": contract.name}) for kind in kinds]
    settings = _settings(granary, session, contract, known)
    try:
        rows = SnapshotRows(duck, contract, relation(session, granary.store, contract, seq), seen)
    except LumbungError as error:
        return [_failed(kind, error) for kind in kinds]
    made: list[Outcome] = []
    for one in chosen:
        try:
            made += _bounded(one.check(contract, rows, settings))
        except LumbungError as error:
            made.append(_failed(min(one.kinds), error))
    return made


def _failed(kind: Kind, error: LumbungError) -> Unmade:
    return Unmade(kind, "", "finding.unmade.failed", {"code": error.code})


def _bounded(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """The weightiest findings of each rule, and that there are more where there are."""
    of_rule: dict[tuple[Kind, str], list[Found]] = {}
    for one in outcomes:
        if isinstance(one, Found):
            of_rule.setdefault((one.kind, one.rule), []).append(one)
        else:
            yield one
    for (kind, rule), some in of_rule.items():
        if len(some) > MOST:
            yield Unmade(kind, rule, "finding.unmade.too_many", {"kept": MOST, "found": len(some)})
        yield from sorted(some, key=lambda f: (-f.weight, f.id))[:MOST]


def _settings(granary: Granary, session: Session, contract: Contract, known: _Known) -> Settings:
    here = zone(granary.settings.timezone)
    query = (
        select(Resource.dataset_id).join(Stream, Stream.resource_id == Resource.id)
        .where(Stream.contract == contract.name).distinct()
    )  # fmt: skip
    mine = {id_: known.datasets[id_] for id_ in session.scalars(query) if id_ in known.datasets}
    lines = known.lists.years.get(known.at.astimezone(here).year, {})
    listed = {line.dataset_id: line.release for some in lines.values() for line in some if line.dataset_id}
    due: dict[str, Due] = {}
    for id_, (_, first_seen) in mine.items():
        release = listed.get(id_, contract.metadata.release)
        if release is not None and (found := _due(release, granary, first_seen, known.at)) is not None:
            due[id_] = found
    called = {id_: dataset for id_, (dataset, _) in mine.items()}
    returned = _returned(session, contract.name)
    province = granary.settings.province
    return Settings(known.at, here, province, granary.regions, called, due, returned, known.true)


def _returned(session: Session, contract: str) -> dict[str, int]:
    """How many rows of each file of a standard stand in quarantine."""
    query = (
        select(QuarantineBatch.resource_id, func.sum(QuarantineBatch.rows))
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .where(QuarantineBatch.closed_at.is_(None), QuarantineBatch.rows > 0, Resource.contract == contract)
        .group_by(QuarantineBatch.resource_id)
    )
    return {id_: int(rows) for id_, rows in session.execute(query)}


def _due(release: Release, granary: Granary, since: datetime, now: datetime) -> Due | None:
    """The newest period that was due; a dataset is asked for the one before it was first seen too."""
    here = zone(granary.settings.timezone)
    found = newest_due(release, here, since=since - timedelta(days=366), now=now)
    if found is None:
        return None
    last = (found.ends - timedelta(microseconds=1)).astimezone(here).date()
    return Due(found.name, start_of(release.every, last))


def _side(side: Side) -> dict[str, Any]:
    value = side.value.isoformat() if isinstance(side.value, date) else side.value
    return {"what": side.what, "value": value, "rows": [asdict(row) for row in side.rows], "count": side.count}


def _noted(found: Found) -> Noted:
    return Noted(
        id=found.id, kind=found.kind.value, contract=found.contract, rule=found.rule, member=found.member,
        dataset=found.dataset, weight=found.weight, standing=found.standing, message=found.message,
        columns=found.columns, key=found.key, seen=_side(found.seen), expected=[_side(s) for s in found.expected],
        values=found.values, as_of=found.as_of, concerns=found.concerns or tuple(filter(None, [found.dataset])),
    )  # fmt: skip
