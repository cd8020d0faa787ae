"""Who a new version of a standard breaks: the current rows under it, and the mappings that members wrote for it."""

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import select

from catalog import relations
from catalog.models import Dataset
from core import cursors
from core.arrow import ARROW
from core.contract import Contract
from core.db import session_scope
from core.duck import Duck
from core.rows import RowQuery, Scope
from core.rows_check import MAX_FIRST
from quality.standard import diff
from quality.standard.diff import Broken, Gap
from services.granary import Granary

_FACTS = ("_member", "_source", "_dataset", "_resource")
_SECONDS = 60.0  # a page


@dataclass(frozen=True, slots=True)
class Breaking:
    """What a new version would turn away.

    Attributes:
        rows: how many current rows were tried.
        broken: so many of them would fail, by dataset and rule; `titles` names the datasets.
        gaps: mappings that do not fit any more.
    """

    rows: int
    broken: tuple[Broken, ...]
    titles: dict[str, str]
    gaps: tuple[Gap, ...]


def breaking(granary: Granary, old: Contract, new: Contract) -> Breaking:
    """The current rows of the old version tried under the new one, and the mappings that lack what it requires.

    Raises:
        SnapshotMissing, SnapshotDamaged, QueryTimeout.
    """
    rows = _rows(granary, old)
    broken = diff.newly_failing(old, new, rows, granary.references)
    with session_scope(granary.sessions) as session:
        ids = {one.dataset for one in broken}
        titles = {d: title for d, title in session.execute(select(Dataset.id, Dataset.title)) if d in ids}
    return Breaking(rows.num_rows, broken, titles, tuple(_gaps(granary, old, new)))


def _rows(granary: Granary, contract: Contract) -> pa.Table:
    """Every current row that stands under a standard, of every member; only counts of them leave this module."""
    with session_scope(granary.sessions) as session:
        relation = relations.relation(session, granary.store, contract)
    names = (*(c.name for c in contract.columns), *_FACTS)
    seen = Scope(frozenset(c.name for c in contract.columns))
    duck = Duck([granary.settings.folder("snapshots")])
    pages: list[pa.Table] = []
    after: str | None = None
    try:
        while True:
            asked = RowQuery(relation, names, seen, first=MAX_FIRST, after=after)
            page = duck.page(asked, deadline=_SECONDS)
            schema = pa.schema([(name, ARROW[asked.types[name]]) for name in names])
            columns = zip(*page.rows, strict=True) if page.rows else ((),) * len(names)
            pages.append(pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema))
            if not page.has_next:
                return pa.concat_tables(pages)
            after = cursors.encode(asked, page.places[-1])
    finally:
        duck.close()


def _gaps(granary: Granary, old: Contract, new: Contract) -> list[Gap]:
    found = []
    for source in granary.registry.sources:
        for number, mapping in enumerate(source.mappings, start=1):
            if mapping.contract != old.name:
                continue
            lacking, gone = diff.gap(old, new, mapping)
            if lacking or gone:
                found.append(Gap(source.member, source.id, number, lacking, gone))
    return found
