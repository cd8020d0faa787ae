"""A page that SQLite writes as JSON says what the page's values say, to the last bit of a number, or is not written."""

import struct as bits
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from core import rows_fetch_json
from core.contract import ColumnType, Mode
from core.rows import Compare, Op, Relation, RowQuery, Scope
from core.rows_fetch import fetch
from core.rows_fetch_json import Written, written
from core.rows_json import Constant, Cursor, Leaf, Struct, of_tuples
from tests.core.kept_rows import COLUMNS, NAMES, filled

CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.TEXT: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
    | st.sampled_from(['"', "\\", "\u2028", "\x01\n,\n", "[1]", "null", "é\u0301😀\x7f"]),
    ColumnType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    ColumnType.NUMBER: st.floats(-1e9, 1e9)
    | st.builds(lambda n, k: n / 10**k, st.integers(-(10**14), 10**14), st.integers(0, 9))
    | st.sampled_from([0.1, 1560.86, -0.5, 99999999.999999, 1e-6, 5e-324, float("-inf"), 1e22, 0.30000000000000004]),
    ColumnType.DATE: st.dates(),
    ColumnType.MOMENT: st.datetimes(timezones=st.just(UTC))
    | st.datetimes(timezones=st.just(UTC)).map(lambda m: m.replace(microsecond=0)),
    ColumnType.BOOLEAN: st.booleans(),
}
STRUCT = Struct(
    (
        ("jenis", Constant('Baris "x"')),
        *((f"a_{name}", Leaf(name, kind)) for name, kind in COLUMNS),
        ("asal", Struct((("_resource", Leaf("_resource", ColumnType.TEXT)), ("kosong", Struct(()))))),
        ("date", Leaf("date", ColumnType.DATE)),
    )
)


def question(*, masked: tuple[str, ...] = (), key: tuple[str, ...] = ("date",), first: int = 5) -> RowQuery:
    relation = Relation("t", COLUMNS, key, Mode.UPSERT, (), 1)
    scope = Scope(frozenset(NAMES) - set(masked))
    return RowQuery(relation, (*NAMES, "_resource"), scope, Compare("_row", Op.GTE, 0), first=first)


def exactly(json: bytes | None) -> Any:
    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return [(key, told(inner)) for key, inner in value.items()]
        return bits.pack("d", value + 0.0) if isinstance(value, float) else value

    assert json is not None
    return [told(row) for row in orjson.loads(json)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(*(st.none() | CELLS[kind] for _, kind in COLUMNS)), max_size=8), masked=st.booleans())
def test_what_is_written_is_what_the_values_say(rows: list[Any], masked: bool, tmp_path: Path) -> None:
    rows_fetch_json._FORMS.clear()  # a form whose last page could not be written rests
    engine = create_engine(f"sqlite:///{tmp_path / 'j.db'}")
    with engine.begin() as connection:
        table = filled(connection, rows)
        query = question(masked=("text", "moment") if masked else ())
        found = written(connection, query, table, STRUCT)
        page = fetch(connection, query, table)
        if found is None:
            numbers = [row[NAMES.index("number")] for row in rows]
            assert any(n is not None and (abs(n) >= 1e8 or round(n, 6) != n) for n in numbers)
        else:
            assert exactly(found.json) == exactly(of_tuples(STRUCT, query.columns, page.rows))
            assert (found.rows, found.has_next, found.has_previous) == (len(page.rows), page.has_next, False)
            if page.places:
                assert (found.place(0), found.place(found.rows - 1)) == (page.places[0], page.places[-1])
    engine.dispose()


def test_what_is_not_written_is_left_to_the_values(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'j.db'}")
    row = ("a", 1, 0.25, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), True)
    cells = dict(zip(("text", "integer", "number", "date", "moment", "boolean"), row, strict=True))
    sure = Struct((("n", Leaf("number", ColumnType.NUMBER, required=True)),))
    with engine.begin() as connection:
        table = filled(connection, [tuple(cells[name] for name in NAMES)])
        assert isinstance(written(connection, question(), table, sure), Written)
        assert written(connection, question(masked=("number",)), table, sure) is None
        assert written(connection, question(), table, Struct((("c", Cursor()),))) is None
        assert written(connection, question(key=("moment",)), table, sure) is None
        connection.execute(table.update().values(number=None))
        assert written(connection, question(), table, sure) is None
        connection.execute(table.update().values(number=0.25))
        assert written(connection, question(), table, sure) is None  # not tried again at once
        for _ in range(rows_fetch_json._RESTS):
            found = written(connection, question(), table, sure)
        assert isinstance(found, Written)
        assert found.json == b'[{"n":0.25}]'
    engine.dispose()
