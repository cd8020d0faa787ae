"""Making a lost or damaged snapshot again from the landed bytes it was read from; the catalogue proves the result.

Only what the bytes, the mapping and the contract still give is accepted: where a mapping or a contract has changed
since, the identity differs, and the snapshot is reported as lost rather than replaced by something else.
"""

from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import joinedload

from catalog import holds, maintenance
from catalog.drafts import Draft
from catalog.maintenance import Rebuilt
from catalog.models import Resource, Snapshot
from core.contract import Contract
from core.db import session_scope
from core.errors import LumbungError
from core.ids import new_id
from core.table import TextTable
from core.verdict import Verdict
from federation.member import Member
from federation.readers import read
from quality.worker import CheckJob
from services.granary import Granary
from services.intake.choose import mapped_table, write_table
from services.intake.nihil import without_nihil
from services.intake.notes import without_cut_row
from services.intake.take_in import read_limits
from services.intake.work import Item, item_of


def rebuild(granary: Granary, folder: Path) -> Rebuilt:
    """Make every missing or damaged snapshot file of a home again, working in a folder the caller empties."""
    return maintenance.rebuild(granary.sessions, granary.store, lambda snapshot: _draft(granary, snapshot, folder))


def _draft(granary: Granary, snapshot: Snapshot, folder: Path) -> Draft | None:
    """The snapshot's rows read and checked once more as at its time, or None where that cannot be done."""
    if snapshot.landed_sha256 is None:
        return None
    try:
        member, item = _found(granary, snapshot)
        path = granary.landing.open(snapshot.landed_sha256)
        result = read(path, item.remote.name, mime=item.remote.mime, limits=read_limits(granary))
    except LumbungError:
        return None
    contract = item.contract if snapshot.contract is not None else None
    if snapshot.contract is not None and (contract is None or item.mapping is None):
        return None
    released = item.releases.get(snapshot.landed_sha256) if contract is not None else None
    if contract is not None and item.mapping is not None:
        table = mapped_table(result.tables, item.mapping)
    else:
        table = next((t for t in result.tables if snapshot.table in ("", t.name)), None)
    if table is None:
        return None
    table = without_cut_row(table, (*result.notes, *table.notes), released)
    work = folder / new_id()
    work.mkdir(parents=True)
    # its own time decides which dates lie in the future; limits against the delivery before were passed then
    job = replace(
        _job(granary, member, item, table, work, contract=contract),
        previous_rows=None,
        previous_columns=None,
        now=snapshot.clock_at,
        released=released,
    )
    outcome = granary.checks().submit(job).result()
    if outcome.verdict is Verdict.HELD or outcome.accepted is None:
        return None
    return Draft(
        resource_id=snapshot.resource_id,
        contract=contract,
        rows=outcome.accepted,
        verdict=outcome.verdict,
        landed_sha256=snapshot.landed_sha256,
        fetched_at=snapshot.fetched_at,
        table=snapshot.table,
        columns=() if contract is not None else tuple(c for c in outcome.columns if c != "_row"),
    )


def _job(
    granary: Granary, member: Member, item: Item, table: TextTable, work: Path, *, contract: Contract | None
) -> CheckJob:
    """The job of checking one table; without a contract it is only rewritten as rows of text."""
    said = False
    if contract is not None and contract.event:
        table, said = without_nihil(table)
    job = CheckJob(
        table=write_table(table, work / "table.arrow"),
        contract=contract,
        mapping=None,
        references={},
        regions=member.regions,
        out=work,
        zone=granary.settings.timezone,
        previous_rows=None,
        previous_columns=None,
        decided={},
        nihil=said or item.nihil,
        now=granary.clock(),
    )
    if contract is None:
        return job
    named = {column.reference for column in contract.columns}
    return replace(
        job,
        mapping=item.mapping,
        references={name: codes for name, codes in granary.references.items() if name in named},
        previous_rows=item.rows,
        previous_columns=item.columns,
        decided=item.decided,
    )


def _found(granary: Granary, snapshot: Snapshot) -> tuple[Member, Item]:
    with session_scope(granary.sessions) as session:
        query_options = [joinedload(Resource.dataset)]
        resource = session.get_one(Resource, snapshot.resource_id, options=query_options)
        source = granary.registry.source(resource.dataset.source)
        releases = holds.releases(session, source.id).get(resource.id)
        item = item_of(granary, source, resource.dataset, resource, None, releases=releases)
        if item.problem is not None:
            raise item.problem
        return granary.registry.member(source.member), item
