"""How a service that gives its rows page by page is asked, as `[sources.rest]` of a member's TOML declares it.

Values and their parsing only; `rest_answer` reads a page, `rest_pages` goes from one to the next.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from federation.toml_table import Table

TOKEN_HEADER = "Authorization"  # noqa: S105  # the name of a header, no token
_PAGES, _BYTES, _SECONDS = 1_000, 256 * 1024 * 1024, 600
_NAME = re.compile(r"[A-Za-z0-9_.\[\]$-]{1,100}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
#: Headers that are the connection's own and no place for a token.
_NOT_FOR_TOKENS = frozenset({"host", "connection", "content-length", "transfer-encoding", "cookie", "accept-encoding"})


class Paging(StrEnum):
    """How the next page is asked for."""

    NONE = "none"  # everything in one answer
    PAGE = "page"  # a page number in a parameter
    OFFSET = "offset"  # the number of rows to leave out, in a parameter
    CURSOR = "cursor"  # a word of the answer, sent back in a parameter
    LINK = "link"  # the next address, in the Link header or in the answer


class AnswerFormat(StrEnum):
    """What a page is written in."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class RestSpec:
    """How rows are asked for; paths are dotted (`data.items`), in XML below the root element.

    Attributes:
        rows: path to the list of records; empty where the whole answer is that list.
        total: path to the number of all rows, or empty; where it is told, it must come out.
        pages: path to the number of pages, or empty.
        cursor: path to the word that asks for the next page (`paging = "cursor"`).
        next: path to the next address (`paging = "link"`); empty takes the Link header.
        param: the parameter of the page number, offset or cursor; `first` is the first page's number.
        size_param, size: the parameter and number of rows a page; no parameter is sent where it is empty.
        params: further parameters, always the same.
        token_header: where the token goes; `token_prefix` stands before it (`Bearer`).
        max_pages, max_bytes: of one harvest, all pages together; `seconds` is its total deadline.
    """

    rows: str = ""
    format: AnswerFormat = AnswerFormat.JSON
    paging: Paging = Paging.NONE
    total: str = ""
    pages: str = ""
    cursor: str = ""
    next: str = ""
    param: str = ""
    first: int = 1
    size_param: str = ""
    size: int = 100
    params: Mapping[str, str] = field(default_factory=dict)
    token_header: str = TOKEN_HEADER
    token_prefix: str = ""
    max_pages: int = _PAGES
    max_bytes: int = _BYTES
    seconds: int = _SECONDS


_PARAMS = {Paging.PAGE: "page", Paging.OFFSET: "offset", Paging.CURSOR: "cursor"}


def rest_spec(table: Table) -> RestSpec:
    """The declaration in a table; `MemberValueInvalid` naming the key that cannot be used."""
    table.only(*RestSpec.__dataclass_fields__)
    paging = table.choice("paging", {p.value: p for p in Paging}, default=Paging.NONE.value)
    if paging is not Paging.CURSOR:
        table.absent("cursor", 'paging = "cursor"')
    elif "cursor" not in table.data:
        raise table.refuse("cursor", "", '"meta.next_cursor"')
    if paging is not Paging.LINK:
        table.absent("next", 'paging = "link"')
    if paging in (Paging.NONE, Paging.LINK):
        table.absent("param", 'paging = "page" | "offset" | "cursor"')
    if paging is not Paging.PAGE:
        table.absent("first", 'paging = "page"')
    header = table.maybe("token_header") or TOKEN_HEADER
    if not _HEADER.fullmatch(header) or header.lower() in _NOT_FOR_TOKENS:
        raise table.refuse("token_header", header, '"X-API-Key"')
    prefix = table.maybe("token_prefix") or ""
    if not re.fullmatch(r"[A-Za-z0-9_=-]{0,30}", prefix):
        raise table.refuse("token_prefix", prefix, '"Bearer"')
    return RestSpec(
        rows=_path(table, "rows"),
        format=table.choice("format", {f.value: f for f in AnswerFormat}, default=AnswerFormat.JSON.value),
        paging=paging,
        total=_path(table, "total"),
        pages=_path(table, "pages"),
        cursor=_path(table, "cursor"),
        next=_path(table, "next"),
        param=_name(table, "param") or _PARAMS.get(paging, ""),
        first=table.whole("first", 1, most=1),
        size_param=_name(table, "size_param"),
        size=table.whole("size", 100, least=1, most=100_000),
        params=table.strings("params"),
        token_header=header,
        token_prefix=prefix,
        max_pages=table.whole("max_pages", _PAGES, least=1, most=100_000),
        max_bytes=table.whole("max_bytes", _BYTES, least=1_000),
        seconds=table.whole("seconds", _SECONDS, least=1, most=86_400),
    )


def _path(table: Table, key: str) -> str:
    value = table.maybe(key) or ""
    if value and not all(value.split(".")):
        raise table.refuse(key, value, '"data.items"')
    return value


def _name(table: Table, key: str) -> str:
    value = table.maybe(key) or ""
    if value and not _NAME.fullmatch(value):
        raise table.refuse(key, value, '"page"')
    return value
