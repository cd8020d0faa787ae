"""Rows that are there already, for the checking worker to tell typos by: it opens no catalogue of its own.

Of a resource that has been delivered before its own newest rows; of a new one the newest rows of others under the same
standard, so that a single day's prices are not judged by themselves alone.
"""

from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from catalog import relations
from core import log
from core.contract import ColumnType, Contract
from core.db import session_scope
from core.duck import Duck
from core.errors import LumbungError
from core.rows import TRUE, Compare, Op, RowQuery, Scope
from core.rows_duckdb import compile_source, quoted
from quality.beyond.typos import series_columns
from services.granary import Granary

#: So many rows are handed in, the newest; and those of others so many days back.
MOST, DAYS = 20_000, 45
_SECONDS = 30.0


def earlier(
    granary: Granary,
    contract: Contract | None,
    resource: str,
    out: Path,
    *,
    as_of: int | None = None,
    now: datetime | None = None,
) -> Path | None:
    """An Arrow IPC file in `out` of rows that are there already; None where nothing is judged by them or none are.

    What cannot be read is said in the log and left out: the delivery is then judged within itself.

    Args:
        as_of, now: the commit and the moment before which they were there, for a delivery that is taken in again.
    """
    if contract is None or not contract.metadata.checks.typical:
        return None
    try:
        table = _rows(granary, contract, resource, as_of, (now or granary.clock()).date() - timedelta(days=DAYS))
    except LumbungError as error:
        log.get("intake").warning("earlier_rows.unread", resource=resource, code=error.code)
        return None
    if table is None or not table.num_rows:
        return None
    path = out / "earlier.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return path


def _rows(granary: Granary, contract: Contract, resource: str, as_of: int | None, since: date) -> pa.Table | None:
    rules = contract.metadata.checks.typical
    columns = dict.fromkeys(c for rule in rules for c in (*series_columns(contract, rule), *rule.time, rule.value))
    with session_scope(granary.sessions) as session:
        relation = relations.relation(session, granary.store, contract, as_of)
    if not relation.parts and not relation.files:
        return None
    time = rules[0].time
    dated = contract.column(time[0]).type is ColumnType.DATE
    order = ", ".join([*(f"{quoted(c)} DESC" for c in time), *(quoted(c) for c in columns if c not in time)])
    everything = Scope(frozenset(c.name for c in contract.columns))
    duck = Duck([granary.settings.folder("snapshots")], size=1, memory=granary.settings.query_memory)
    try:
        for where in (Compare("_resource", Op.EQ, resource), Compare(time[0], Op.GTE, since) if dated else TRUE):
            compiled = compile_source(RowQuery(relation, (*columns,), everything, where=where))
            sql = f"SELECT * FROM ({compiled.sql}) ORDER BY {order} LIMIT {MOST}"
            table = duck.arrow(sql, compiled.params, deadline=_SECONDS)
            if table.num_rows:
                return table
        return None
    finally:
        duck.close()
