"""Counts what the hub can prove of one year: standards followed, checks, returns, decisions, signed reports ..."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import resolutions
from catalog.models import CheckRecord, Dataset, QuarantineBatch, Resource, Run, RunState, Snapshot
from catalog.writing import reading
from core.clock import on_screen, zone
from core.contract import Classification
from core.verdict import Verdict
from quality.report.evidence import Proof
from services.granary import Granary


def proofs(granary: Granary, year: int) -> dict[str, Proof]:
    """Every proof of a year of the province's time, by name; one without rows proves nothing."""
    here = zone(granary.settings.timezone)
    since, until = (datetime(y, 1, 1, tzinfo=here) for y in (year, year + 1))
    with reading(granary.sessions) as session:
        found = (
            _standards(session, granary, since, until),
            _metadata(granary),
            _interoperability(session, since, until),
            _codes(granary),
            _checks(session, since, until),
            _harvests(session, since, until),
            _dissemination(session, until),
            _returns(session, since, until),
            _decisions(session, granary, since, until),
            _reports(session, granary, since, until),
        )
    return {proof.name: proof for proof in found}


def _standards(session: Session, granary: Granary, since: datetime, until: datetime) -> Proof:
    query = (
        select(Snapshot.contract, Snapshot.contract_version, func.count(Snapshot.resource_id.distinct()),
               func.count(), func.sum(Snapshot.rows))
        .where(Snapshot.contract.is_not(None), Snapshot.committed_at >= since, Snapshot.committed_at < until)
        .group_by(Snapshot.contract, Snapshot.contract_version)
        .order_by(Snapshot.contract, Snapshot.contract_version)
    )  # fmt: skip
    titles: Mapping[str, str] = {name: contract.title["id"] for name, contract in granary.contracts.items()}
    rows = tuple(
        (name, titles.get(str(name), name), version, int(files), int(commits), int(number or 0))
        for name, version, files, commits, number in session.execute(query)
    )
    return Proof("standards", ("contract", "title", "version", "files", "commits", "rows"), rows, "lumbung datasets")


def _metadata(granary: Granary) -> Proof:
    """The standards that carry the metadata of BPS Regulation 5/2020: producer, release, indicators."""
    rows = tuple(
        (
            name,
            contract.metadata.producer.get("id", ""),
            contract.metadata.release.every.value if contract.metadata.release else None,
            len(contract.metadata.indicators),
            len(contract.columns),
        )
        for name, contract in sorted(granary.contracts.items())
        if contract.metadata.producer or contract.metadata.indicators
    )
    return Proof(
        "metadata", ("contract", "producer", "release", "indicators", "columns"), rows, "lumbung export --for ms"
    )


def _interoperability(session: Session, since: datetime, until: datetime) -> Proof:
    query = (
        select(Dataset.member, func.count(Dataset.id.distinct()), func.count(Resource.id.distinct()))
        .select_from(Snapshot)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Snapshot.contract.is_not(None), Snapshot.committed_at >= since, Snapshot.committed_at < until)
        .group_by(Dataset.member)
        .order_by(Dataset.member)
    )
    rows = tuple((member, int(datasets), int(files)) for member, datasets, files in session.execute(query))
    return Proof("interoperability", ("member", "datasets", "files"), rows, "lumbung datasets")


def _codes(granary: Granary) -> Proof:
    rows = tuple(
        (name, contract_column, column.reference)
        for name, contract in sorted(granary.contracts.items())
        for contract_column, column in ((c.name, c) for c in contract.columns)
        if column.reference is not None
    )
    return Proof("codes", ("contract", "column", "list"), rows, "lumbung datasets")


def _checks(session: Session, since: datetime, until: datetime) -> Proof:
    query = (
        select(CheckRecord.contract, CheckRecord.verdict, func.count())
        .where(CheckRecord.contract.is_not(None), CheckRecord.at >= since, CheckRecord.at < until)
        .group_by(CheckRecord.contract, CheckRecord.verdict)
        .order_by(CheckRecord.contract, CheckRecord.verdict)
    )
    rows = tuple((contract, Verdict(verdict).value, int(count)) for contract, verdict, count in session.execute(query))
    return Proof("checks", ("contract", "verdict", "count"), rows, "lumbung scores")


def _harvests(session: Session, since: datetime, until: datetime) -> Proof:
    query = (
        select(Run.member, Run.state, func.count(), func.max(Run.ended))
        .where(Run.started >= since, Run.started < until, Run.state != RunState.RUNNING.value)
        .group_by(Run.member, Run.state)
        .order_by(Run.member, Run.state)
    )
    rows = tuple(
        (member, state, int(count), f"{ended:%Y-%m-%d}" if ended else None)
        for member, state, count, ended in session.execute(query)
    )
    return Proof("harvests", ("member", "state", "count", "last"), rows, "lumbung runs")


def _dissemination(session: Session, until: datetime) -> Proof:
    query = (
        select(Dataset.member, Dataset.classification, func.count())
        .where(Dataset.first_seen < until, Dataset.classification == Classification.OPEN.value)
        .group_by(Dataset.member, Dataset.classification)
        .order_by(Dataset.member)
    )
    rows = tuple((member, classified, int(count)) for member, classified, count in session.execute(query))
    return Proof("dissemination", ("member", "classification", "datasets"), rows, "lumbung serve")


def _returns(session: Session, since: datetime, until: datetime) -> Proof:
    repaired = func.count(QuarantineBatch.closed_at)
    query = (
        select(Dataset.member, func.count(), func.sum(QuarantineBatch.rows), repaired)
        .select_from(QuarantineBatch)
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(QuarantineBatch.at >= since, QuarantineBatch.at < until)
        .group_by(Dataset.member)
        .order_by(Dataset.member)
    )
    rows = tuple((member, int(files), int(number), int(done)) for member, files, number, done in session.execute(query))
    return Proof("returns", ("member", "files", "rows", "replaced"), rows, "lumbung returns list")


def _decisions(session: Session, granary: Granary, since: datetime, until: datetime) -> Proof:
    at = granary.settings.timezone
    rows = tuple(
        (one.entry, one.week, str(one.item["id"]), one.decision, one.reason, one.by, on_screen(one.at, at))
        for one in resolutions.resolutions(session, since=since, before=until)
    )
    heads = ("entry", "week", "item", "decision", "reason", "by", "at")
    return Proof("decisions", heads, rows, "lumbung decisions list")


def _reports(session: Session, granary: Granary, since: datetime, until: datetime) -> Proof:
    at = granary.settings.timezone
    rows = tuple(
        (one.week, one.edition, one.digest, one.by, on_screen(one.at, at), one.entry)
        for one in resolutions.signatures(session)
        if since <= one.at < until
    )
    return Proof("reports", ("week", "edition", "digest", "by", "at", "entry"), rows, "lumbung decisions verify")
