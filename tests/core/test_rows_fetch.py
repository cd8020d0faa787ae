"""A page fetched in one step has every value as it was stored, whatever the value."""

import struct
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from core import rows_fetch
from core.contract import ColumnType, Mode
from core.rows import Compare, Op, Relation, RowQuery, Scope, page
from core.rows_sql import compile_sql
from tests.core.kept_rows import COLUMNS, NAMES, filled

CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.TEXT: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
    | st.sampled_from(['"', "\\", "\u2028", "\x01", "[1]", "null"]),
    ColumnType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    ColumnType.NUMBER: st.floats(allow_nan=False)
    | st.floats(-1e6, 1e6)
    | st.sampled_from([0.1, 1560.86, 2.0**53 + 2, 2.0**62, 2.0**-9, -(2.0**-10), 5e-324, float("-inf"), 1e22]),
    ColumnType.DATE: st.dates(),
    ColumnType.MOMENT: st.datetimes(timezones=st.just(UTC)),
    ColumnType.BOOLEAN: st.booleans(),
}


def bits(rows: Any) -> list[Any]:
    """Rows whose numbers are told apart to the last bit, but for the sign of nothing."""
    return [[struct.pack("d", v + 0.0) if isinstance(v, float) else v for v in row] for row in rows]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(*(st.none() | CELLS[kind] for _, kind in COLUMNS)), max_size=8))
def test_what_is_fetched_is_what_was_stored(rows: list[Any], tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'f.db'}")
    relation = Relation("t", COLUMNS, (), Mode.REPLACE, (), 1)
    with engine.begin() as connection:
        table = filled(connection, rows)
        for where in (Compare("_row", Op.GTE, 0), Compare("_row", Op.GTE, 3)):
            query = RowQuery(relation, NAMES, Scope(frozenset(NAMES) - {"text"}), where, first=5)
            found = rows_fetch.fetch(connection, query, table)
            wanted = page(query, [tuple(r) for r in connection.execute(compile_sql(query, table, "sqlite"))])
            assert bits(found.rows) == bits(wanted.rows)
            assert (found.places, found.has_next) == (wanted.places, wanted.has_next)
    engine.dispose()


def test_a_statement_that_is_stopped_ends_with_an_error_of_sqlalchemy() -> None:
    engine = create_engine("sqlite://")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i > ?"
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: 1, 1_000)  # as `interrupt` from another thread
        with pytest.raises(OperationalError, match="interrupted"):
            rows_fetch.Text(endless, ("least",), {}).run(connection, {"least": 0})
    engine.dispose()
