"""What is asked of a database, as `[sources.sql]` of a member's TOML declares it, and whether that may be asked at all.

A query is one SELECT. That is checked here by its words, so that a slip is named when the file is read; what holds
whoever writes the query is the read-only connection that `sql_read` makes.
"""

import re
from dataclasses import dataclass

from federation.toml_table import Table

#: Only variables made for this may be named, so that no member's file can point at the hub's own database.
ENV = re.compile(r"LUMBUNG_SQL_[A-Z0-9_]{1,100}")
_ROWS, _SECONDS = 1_000_000, 300
_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<quoted>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<end>;)
    |(?P<open>'|"|`|/\*)
    """,
    re.VERBOSE | re.DOTALL,
)
#: Words by which a statement that begins as a SELECT may yet change something.
_CHANGING = frozenset({"insert", "update", "delete", "merge", "into"})


@dataclass(frozen=True, slots=True)
class SqlSpec:
    """One question to one database.

    Attributes:
        url_env: the environment variable that holds the SQLAlchemy address; never the address itself.
        query: one SELECT.
        cursor_column: a column of the answer that only grows (a number or a time of change): then only rows from
            its last value on are asked for, and join those that are landed already. None reads everything each time.
        key: the columns by which a changed row replaces its older self; without one, rows are only added.
        max_rows: of one question; `seconds` is the statement's timeout.
    """

    url_env: str
    query: str
    cursor_column: str | None = None
    key: tuple[str, ...] = ()
    max_rows: int = _ROWS
    seconds: int = _SECONDS


def sql_spec(table: Table) -> SqlSpec:
    """The declaration in a table; `MemberValueInvalid` naming the key that cannot be used."""
    table.only(*SqlSpec.__dataclass_fields__)
    url_env = table.text("url_env")
    if not ENV.fullmatch(url_env):
        raise table.refuse("url_env", "***", '"LUMBUNG_SQL_DISDAG"')  # somebody may have put the address itself
    query = table.text("query")
    if (fault := fault_of(query)) is not None:
        raise table.refuse("query", fault, '"SELECT ... FROM ..."')
    cursor_column = table.maybe("cursor_column")
    key = table.texts("key") if "key" in table.data else ()
    if key and cursor_column is None:
        raise table.refuse("key", list(key), 'cursor_column = "..."')
    return SqlSpec(
        url_env=url_env,
        query=_without_end(query),
        cursor_column=cursor_column,
        key=key,
        max_rows=table.whole("max_rows", _ROWS, least=1, most=5_000_000),
        seconds=table.whole("seconds", _SECONDS, least=1, most=3_600),
    )


def fault_of(query: str) -> str | None:
    """The word that makes a query anything but one SELECT, or None where it is one."""
    first: str | None = None
    ended = False
    for token in _TOKEN.finditer(query):
        if token["comment"]:
            continue
        if token["open"]:
            return token["open"]
        if ended:
            return ";"
        if token["end"]:
            ended = True
        elif token["word"]:
            word = token["word"].lower()
            if first is None and word not in ("select", "with"):
                return word
            first = first or word
            if word in _CHANGING:
                return word
    return None if first is not None else query[:20]


def _without_end(query: str) -> str:
    end = next((token.start() for token in _TOKEN.finditer(query) if token["end"]), len(query))
    return query[:end].strip()
