"""An answer in pieces is, put together, the answer in one."""

from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pieces import Pieces, Sent, written

VALUES = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.just("\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab\x00"), inner, max_size=3),
    max_leaves=8,
)


def cut(value: Any, size: int) -> Pieces:
    text = orjson.dumps(value)
    return Pieces([memoryview(text[i : i + size]) for i in range(0, len(text), size)])


@settings(max_examples=60, deadline=None)
@given(around=VALUES, lists=st.lists(st.lists(VALUES, max_size=4), max_size=3), size=st.integers(1, 9))
def test_pieces_are_the_whole(around: Any, lists: list[Any], size: int) -> None:
    pieces = {str(i): {"nodes": cut(some, size), "around": around} for i, some in enumerate(lists)}
    whole = {str(i): {"nodes": some, "around": around} for i, some in enumerate(lists)}
    assert b"".join(written({"data": pieces, "x": around})) == orjson.dumps({"data": whole, "x": around})


def test_what_is_no_json_is_not_written() -> None:
    with pytest.raises(TypeError):
        written({"data": object()})


async def test_a_client_gets_the_whole_and_its_length() -> None:
    parts = written({"data": cut(["é" * 10, "\x00"], 3)})
    app = Sent(parts, 200, {"Cache-Control": "no-store"})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        answer = await client.get("http://x/")
    assert answer.json() == {"data": ["é" * 10, "\x00"]}
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
