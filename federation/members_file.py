"""One member's TOML, parsed once into values that the rest may trust.

Every error names the file and the key (`sources[2].mappings[1].match.title`, counted from 1) and never repeats
a value that might hold a secret. What concerns several files at once is left to `registry`.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfoNotFoundError

from core.clock import zone
from core.cron import is_cron
from core.mapping import DatasetMapping, DateStyle, Like, Match, Melt, NumberStyle
from federation.inbox import inbox_folder
from federation.member import (
    Allowance,
    AllowanceKind,
    Contact,
    Member,
    MemberKind,
    Organisation,
    SourceConfig,
    SourceKind,
)
from federation.member_errors import (
    MappingPatternInvalid,
    MemberFileSyntax,
    MemberValueInvalid,
    SourceDuplicate,
    SourceUrlRefused,
)
from federation.rest_spec import rest_spec
from federation.sql_spec import sql_spec
from federation.toml_table import Table

FOLDER = "members"
_SOURCE_KEYS = (
    *("id", "kind", "url", "path", "title", "organisation", "token_env", "schedule"),
    *("rest", "sql", "allow", "mappings", "live"),
)
_MAPPING_KEYS = (
    *("contract", "match", "columns", "constants", "factors", "table", "number_style", "date_style", "zone"),
    *("written", "melts", "headers", "units", "values"),
)
_CODE = re.compile(r"[0-9a-z][0-9a-z._-]{0,63}")
_ENV = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\\]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER_STYLES: Mapping[str, NumberStyle] = {"auto": "auto", "id": "id", "en": "en"}
_DATE_STYLES: Mapping[str, DateStyle] = {"auto": "auto", "dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}
_LIKES: Mapping[str, Like] = {"year": "year", "month": "month", "date": "date", "known": "known"}


def read_member(file: Path, home: Path) -> Member:
    """The member that a file describes; folders of its sources are taken relative to `home`.

    Raises:
        LumbungError: of `federation.member_errors`, naming the file, the key and the fix.
    """
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise MemberFileSyntax(file=file, detail=error) from error
    return parse_member(text, file, home)


def parse_member(text: str, file: Path, home: Path) -> Member:
    """The member that a text describes, as `read_member`; errors name `file`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MemberFileSyntax(file=file, detail=error) from error
    return _member(Table(file, "", data), home)


def _member(table: Table, home: Path) -> Member:
    table.only("code", "name", "kind", "regions", "schedule", "contact", "organisations", "sources")
    code = _word(table, "code")
    kind = table.choice("kind", {k.value: k for k in MemberKind})
    regions = table.texts("regions")
    if not regions:
        raise table.refuse("regions", [], '["33.74"]')
    organisations = tuple(_organisation(t) for t in table.tables("organisations"))
    sources = tuple(_source(t, code, home, {o.name for o in organisations}) for t in table.tables("sources"))
    ids = [source.id for source in sources]
    for source_id in ids:
        if ids.count(source_id) > 1:
            raise SourceDuplicate(source=source_id, file=table.file, other=table.file)
    return Member(
        code=code,
        name=table.text("name"),
        kind=kind,
        regions=frozenset(regions),
        contact=_contact(table.table("contact")),
        sources=sources,
        schedule=_schedule(table),
        organisations=organisations,
    )


def _contact(table: Table) -> Contact:
    table.only("name", "email", "phone")
    email = table.maybe("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise table.refuse("email", email, '"walidata@semarangkota.go.id"')
    return Contact(name=table.maybe("name"), email=email, phone=table.maybe("phone"))


def _organisation(table: Table) -> Organisation:
    table.only("name", "title")
    return Organisation(name=table.text("name"), title=table.text("title"))


def _source(table: Table, member: str, home: Path, organisations: set[str]) -> SourceConfig:
    table.only(*_SOURCE_KEYS)
    source_id = _word(table, "id")
    kind = table.choice("kind", {k.value: k for k in SourceKind})
    organisation = table.maybe("organisation")
    if organisation is not None and organisation not in organisations:
        raise table.refuse("organisation", organisation, " | ".join(sorted(organisations)) or "[[organisations]]")
    token_env = table.maybe("token_env")
    if token_env is not None and not _ENV.fullmatch(token_env):
        raise table.refuse("token_env", "***", '"LUMBUNG_TOKEN_SEMARANG"')  # somebody may have put the token itself
    for other in (SourceKind.REST, SourceKind.SQL):
        if kind is not other:
            table.absent(other.value, f'kind = "{other.value}"')
    if kind is not SourceKind.NODE:
        table.absent("live", 'kind = "node"')
    return SourceConfig(
        id=source_id,
        kind=kind,
        url=_location(table, kind, home, source_id),
        member=member,
        title=table.maybe("title") or "",
        organisation=organisation,
        token_env=token_env,
        mappings=tuple(_mapping(t, "en" if kind is SourceKind.SQL else "auto") for t in table.tables("mappings")),
        allow=tuple(_allowance(t) for t in table.tables("allow")),
        schedule=_schedule(table),
        rest=rest_spec(table.table("rest")) if kind is SourceKind.REST else None,
        sql=sql_spec(table.table("sql", required=True)) if kind is SourceKind.SQL else None,
        live=table.texts("live") if "live" in table.data else (),
    )


def _location(table: Table, kind: SourceKind, home: Path, source_id: str) -> str:
    match kind:
        case SourceKind.FOLDER:
            return _folder(table, home)
        case SourceKind.SQL:
            table.absent("url", '"sql.url_env"')
            table.absent("path", '"sql.url_env"')
            return f"sql:{source_id}"
        case SourceKind.INBOX:
            table.absent("url", 'kind = "http"')
            table.absent("path", 'kind = "folder"')
            return str(inbox_folder(home, source_id).resolve())
        case _:
            return _url(table)


def _folder(table: Table, home: Path) -> str:
    table.absent("url", '"path"')
    return str((home / table.text("path")).resolve())


def _url(table: Table) -> str:
    table.absent("path", '"url"')
    url = table.text("url")
    check_url(url, file=table.file, key=table.key("url"))
    return url.rstrip("/") if "?" not in url else url


def check_url(url: str, **place: object) -> None:
    """Refuse an address that is not http(s), names no host or carries credentials (S19), without repeating them."""
    shown = "…"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    else:
        if not _UNSAFE.search(url):
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            sound = sound and "@" not in parts.netloc
        else:  # what such a text calls its host may be the secret
            sound = False
    if not sound:
        raise SourceUrlRefused(url=shown, **place)


def _allowance(table: Table) -> Allowance:
    table.only("what", "by", "reason", "until", "value")
    what = table.choice("what", {k.value: k for k in AllowanceKind})
    until = table.get("until")
    if isinstance(until, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", until):
        try:
            until = date.fromisoformat(until)
        except ValueError:
            raise table.refuse("until", until, "2027-01-31") from None
    if not isinstance(until, date) or isinstance(until, datetime):
        raise table.refuse("until", until, "2027-01-31")
    return Allowance(
        what=what, by=table.text("by"), reason=table.text("reason"), until=until, value=_allowed_value(table, what)
    )


def _allowed_value(table: Table, what: AllowanceKind) -> str | None:
    if what in (AllowanceKind.HTTP, AllowanceKind.PRIVATE_ADDRESS):
        return table.maybe("value")  # without one it holds for the source's own host
    value = table.text("value").strip()
    if what is AllowanceKind.PIN:
        value = value.replace(":", "").lower()
        if not _SHA256.fullmatch(value):
            raise table.refuse("value", value, "sha256 (64 hex)")
    elif what is AllowanceKind.PORT and not (value.isascii() and value.isdigit() and 0 < int(value) <= 65535):
        raise table.refuse("value", value, '"8443"')
    return value


def _mapping(table: Table, numbers: NumberStyle) -> DatasetMapping:
    table.only(*_MAPPING_KEYS)
    factors = table.strings("factors")
    for column, factor in factors.items():
        if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", factor) or not factor.strip("0."):
            raise table.refuse(f"factors.{column}", factor, '"1000"')
    zone_name = table.maybe("zone")
    if zone_name is not None:
        try:
            zone(zone_name)
        except (KeyError, ValueError, ZoneInfoNotFoundError):
            raise table.refuse("zone", zone_name, "WIB | WITA | WIT") from None
    return DatasetMapping(
        contract=table.text("contract"),
        match=_match(table.table("match", required=True)),
        columns=table.strings("columns"),
        constants=table.strings("constants"),
        factors=factors,
        table=table.maybe("table"),
        number_style=table.choice("number_style", _NUMBER_STYLES, default=numbers),
        date_style=table.choice("date_style", _DATE_STYLES, default="auto"),
        zone=zone_name,
        written=table.strings("written"),
        melts=tuple(_melt(t) for t in table.tables("melts")),
        headers=table.texts("headers") if "headers" in table.data else (),
        units=table.strings("units"),
        values={column: words.strings(column) for words in [table.table("values")] for column in words.data},
    )


def _melt(table: Table) -> Melt:
    table.only("value", "columns", "names", "like", "pattern", "written", "keep_empty")
    pattern = table.maybe("pattern")
    melt = Melt(
        value=table.text("value"),
        columns=table.texts("columns") if "columns" in table.data else (),
        names=table.maybe("names"),
        like=table.choice("like", _LIKES) if "like" in table.data else None,
        pattern=_pattern(table, "pattern", pattern) if pattern is not None else None,
        written=table.strings("written"),
        keep_empty=table.flag("keep_empty"),
    )
    if not (melt.columns or melt.like or melt.pattern):
        raise table.refuse("columns", [], 'columns = ["2023", "2024"] | like = "year"')
    if melt.names is None and melt.pattern is None and not melt.written:
        raise table.refuse("names", "", 'names = "date"')
    if melt.like == "known" and melt.names is None:
        raise table.refuse("names", "", 'names = "commodity_code"')
    return melt


def _match(table: Table) -> Match:
    table.only("id", "tag", "title", "resource")
    match = Match(table.maybe("id"), table.maybe("tag"), table.maybe("title"), table.maybe("resource"))
    if match == Match():
        raise table.refuse("id", "", 'match = {tag = "harga"}')  # it would claim every dataset of the portal
    for key, pattern in (("title", match.title), ("resource", match.resource)):
        if pattern is not None:
            _pattern(table, key, pattern)
    return match


def _pattern(table: Table, key: str, pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise MappingPatternInvalid(file=table.file, key=table.key(key), pattern=pattern, detail=error) from error
    return pattern


def _word(table: Table, key: str) -> str:
    value = table.text(key)
    if not _CODE.fullmatch(value):
        raise table.refuse(key, value, '"33.74" | "bbws-pemali-juana"')
    return value


def _schedule(table: Table) -> str | None:
    cron = table.maybe("schedule")
    if cron is not None and not is_cron(cron):
        raise MemberValueInvalid(file=table.file, key=table.key("schedule"), value=cron, expected='"30 1 * * *"')
    return cron
