"""Names and bound values in a DuckDB statement, and the words that codes stand for joined to its rows."""

from collections.abc import Iterable
from typing import Protocol

from core.rows import Lookup


def quoted_name(name: str) -> str:
    """An identifier that can hold anything a header can."""
    return '"' + name.replace('"', '""') + '"'


class Bind(Protocol):
    """Takes a value and gives the text that stands for it in the statement."""

    def __call__(self, value: object, sql_type: str | None = None) -> str:
        """The place of a value, cast to a type if one is named."""
        ...


def explained(bind: Bind, looked: Iterable[Lookup], rows: str) -> str:
    """The rows of a SELECT with the words that their codes stand for."""
    for lookup in looked:
        codes, words = bind([*lookup.words], "VARCHAR[]"), bind([*lookup.words.values()], "VARCHAR[]")
        known = f"SELECT unnest({codes}) AS code, unnest({words}) AS word"
        rows = (
            f"SELECT r.*, l.word AS {quoted_name(lookup.name)} FROM ({rows}) r "
            f"LEFT JOIN ({known}) l ON l.code = r.{quoted_name(lookup.of)}"
        )
    return f"({rows})"
