"""Answers whose long lists leave in the pieces they were written in: megabytes are neither joined nor copied."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

#: Stands for a list until the answer around it is written; JSON text has no such byte, as texts have it escaped.
_MARK = b"\x00"
Piece = bytes | memoryview


class Pieces:
    """The JSON text of a value, in pieces."""

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[Piece]) -> None:
        self.parts = parts


def written(body: Mapping[str, object]) -> list[Piece]:
    """An answer as JSON text, in pieces that are to be sent one behind the other."""
    lists: list[Pieces] = []

    def text(value: Any) -> orjson.Fragment:
        if not isinstance(value, Pieces):
            raise TypeError(type(value).__name__)
        lists.append(value)
        return orjson.Fragment(_MARK)

    whole = orjson.dumps(body, default=text, option=orjson.OPT_PASSTHROUGH_DATETIME)
    if not lists:
        return [whole]
    first, *behind = whole.split(_MARK)
    parts: list[Piece] = [first]
    for value, following in zip(lists, behind, strict=True):
        parts += (*value.parts, following)
    return parts


class Sent(Response):
    """A response of JSON in pieces."""

    def __init__(self, parts: Sequence[Piece], status: int, headers: Mapping[str, str]) -> None:
        """The pieces are those of `written`."""
        self._parts = parts
        length = str(sum(map(len, parts)))
        super().__init__(None, status, {**headers, "Content-Length": length}, "application/json")

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send them; the next one only as the one before has gone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self._parts[:-1]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": self._parts[-1], "more_body": False})
