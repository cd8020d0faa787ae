"""Rows as JSON for a selection: whatever a cell holds, both ways of writing it say what the graph's scalars say."""

import math
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from core.arrow import ARROW
from core.contract import ColumnType
from core.rows_json import Constant, Cursor, Leaf, Struct, of_tuples
from core.rows_json_columns import of_arrow

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", '"', "\\", "\u2028\u2029", "\x00\x1f\x7f", "</script>", "é\u0301😀", "null", "\r\n"]
)
CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.TEXT: TEXT,
    ColumnType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    ColumnType.NUMBER: st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.1, -0.0, 1e22, 5e-324, 1.7976931348623157e308, 123456789.123]),
    ColumnType.DATE: st.dates() | st.sampled_from([date.min, date.max]),
    ColumnType.MOMENT: st.datetimes(timezones=st.just(UTC))
    | st.datetimes(timezones=st.just(UTC)).map(lambda m: m.replace(microsecond=0)),
    ColumnType.BOOLEAN: st.booleans(),
}
KINDS = tuple(CELLS)
ROWS = st.lists(st.tuples(*(st.none() | CELLS[kind] for kind in KINDS)), max_size=25)
COLUMNS = tuple(kind.value for kind in KINDS)
EVERYTHING = Struct(
    (
        ("__typename", Constant('Baris "x"')),
        *((f"a_{kind.value}", Leaf(kind.value, kind)) for kind in reversed(KINDS)),
        ("asal", Struct((("text", Leaf("text", ColumnType.TEXT)), ("c", Cursor()), ("kosong", Struct(()))))),
        ("text", Leaf("text", ColumnType.TEXT)),
    )
)


def wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("+00:00") + "Z"
    return value.isoformat() if isinstance(value, date) else value


def expected(row: tuple[Any, ...], cursor: str) -> dict[str, Any]:
    cells = dict(zip(COLUMNS, map(wire, row), strict=True))
    return {
        "__typename": 'Baris "x"',
        **{f"a_{kind.value}": cells[kind.value] for kind in reversed(KINDS)},
        "asal": {"text": cells["text"], "c": cursor, "kosong": {}},
        "text": cells["text"],
    }


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    return pa.table({k.value: pa.array([r[i] for r in rows], ARROW[k]) for i, k in enumerate(KINDS)})


def read(json: bytes | None) -> list[Any]:
    assert json is not None
    found: list[Any] = orjson.loads(json)
    return [(list(row), row) for row in found]


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_tuples_and_arrow_give_what_the_scalars_give(rows: list[tuple[Any, ...]]) -> None:
    cursors = [f"c-{i}_" for i in range(len(rows))]
    wanted = [(list(e), e) for e in map(expected, rows, cursors)]
    assert read(of_tuples(EVERYTHING, COLUMNS, rows, cursors)) == wanted
    assert read(of_arrow(EVERYTHING, table(rows), cursors)) == wanted


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=60), st.integers(0, 30))
def test_few_or_many_distinct_texts_are_written_alike(texts: list[str], more: int) -> None:
    cells = texts + texts[:1] * more
    struct = Struct((("t", Leaf("t", ColumnType.TEXT, required=True)),))
    json = of_arrow(struct, pa.table({"t": pa.chunked_array([cells[:7], cells[7:]], pa.string())}))
    assert orjson.loads(json or b"") == [{"t": text} for text in cells]


def test_what_json_cannot_hold_is_left_to_the_long_way() -> None:
    number = Struct((("n", Leaf("n", ColumnType.NUMBER)),))
    for value in (math.nan, math.inf, -math.inf):
        assert of_tuples(number, ("n",), [(1.0,), (value,)]) is None
        assert of_arrow(number, pa.table({"n": [1.0, value]})) is None
    sure = Struct((("n", Leaf("n", ColumnType.NUMBER, required=True)),))
    assert of_tuples(sure, ("n",), [(1.0,), (None,)]) is None
    assert of_arrow(sure, pa.table({"n": [1.0, None]})) is None
    far = pa.table({"d": pa.array([2_932_897], pa.date32()), "m": pa.array([2**60], pa.timestamp("us", "UTC"))})
    assert of_arrow(Struct((("d", Leaf("d", ColumnType.DATE)),)), far) is None
    assert of_arrow(Struct((("m", Leaf("m", ColumnType.MOMENT)),)), far) is None


def test_no_rows_and_no_columns() -> None:
    assert of_tuples(EVERYTHING, COLUMNS, [], []) == of_arrow(EVERYTHING, table([]), []) == b"[]"
    only = Struct((("__typename", Constant("T")),))
    assert (
        of_tuples(only, (), [(), ()])
        == of_arrow(only, pa.table({"x": [1, 2]}))
        == b'[{"__typename":"T"}]'.replace(b"}", b'},{"__typename":"T"}')
    )
