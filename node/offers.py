"""What `node.toml` offers to be asked in GraphQL: which data standard, from which files or table, to whom.

    [[graphql]]
    contract = "river_stage"
    file = "tma/*.csv"                       # or: sql = "TMA_DATABASE_URL", table = "bacaan"
    columns = {gauge_code = "Kode Pos"}      # as in a member's mapping: constants, factors, number_style, zone ...
    open = true                              # asked without a token; else by token only

Reading files and tables is left to `sources.py`, answering from them to `rows.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfoNotFoundError

from core.clock import zone
from core.contract import Contract
from core.mapping import DatasetMapping, DateStyle, Match, NumberStyle
from node.metadata import NODE_FILE, Table, load

_KEYS = ("contract", "file", "sql", "table", "columns", "constants", "factors", "number_style", "date_style", "zone",
         "open")  # fmt: skip
_STYLES = {"number_style": get_args(NumberStyle), "date_style": get_args(DateStyle)}


@dataclass(frozen=True, slots=True)
class Offer:
    """One source of one data standard's rows.

    Attributes:
        contract: the standard.
        mapping: how the source's columns become the standard's; its `table` is a sheet, or the database's table.
        file: the pattern of files within the folder; None where the rows lie in a database.
        database: the environment variable that holds the database's address; None where they lie in files.
        open: whether open columns are answered without a token.
    """

    contract: Contract
    mapping: DatasetMapping
    file: str | None
    database: str | None
    open: bool

    @property
    def name(self) -> str:
        """What it is called in problems: its pattern, or its table."""
        return self.file or f"{self.database}:{self.mapping.table}"


@dataclass(frozen=True, slots=True)
class Offers:
    """All that a node offers, the zone of moments without one, and whether its schema may be asked for."""

    offers: tuple[Offer, ...] = ()
    zone: str = "WIB"
    introspection: bool = True


def read_offers(folder: Path, contracts: Callable[[], Mapping[str, Contract]]) -> Offers:
    """The offers of a folder's `node.toml`; none where it has none, and then no standard is read either.

    Raises:
        NodeMetadataInvalid: an offer names no known standard or column, or no source; nothing is served half.
    """
    table = load(folder / NODE_FILE)
    if table is None or not (entries := table.tables("graphql")):
        return Offers()
    known = contracts()
    introspection = table.flag("introspection") if "introspection" in table.data else True
    return Offers(tuple(_offer(entry, known) for entry in entries), _zone(table, "timezone") or "WIB", introspection)


def _offer(table: Table, contracts: Mapping[str, Contract]) -> Offer:
    unknown = sorted(set(table.data) - set(_KEYS))
    if unknown:
        raise table.refuse(f"graphql.{unknown[0]}", " | ".join(_KEYS))
    contract = contracts.get(table.text("contract"))
    if contract is None or contract.suppression is not None:  # hiding small counts is work for the hub's intake
        names = sorted(name for name, known in contracts.items() if known.suppression is None)
        raise table.refuse("graphql.contract", " | ".join(names))
    file, database, name = table.maybe("file"), table.maybe("sql"), table.maybe("table")
    if (file is None) == (database is None) or (database is not None and name is None):
        raise table.refuse("graphql.file", 'file = "tma/*.csv" | sql = "DATABASE_URL", table = "..."')
    if file is not None and (Path(file).is_absolute() or ".." in Path(file).parts or not Path(file).parts):
        raise table.refuse("graphql.file", '"folder/*.csv"')
    for key in ("columns", "constants", "factors"):
        for column in table.strings(key):
            if column not in {c.name for c in contract.columns}:
                raise table.refuse(f"graphql.{key}.{column}", " | ".join(c.name for c in contract.columns))
    return Offer(contract, _mapping(table, contract, name), file, database, table.flag("open"))


def _mapping(table: Table, contract: Contract, name: str | None) -> DatasetMapping:
    for key, choices in _STYLES.items():
        if table.text(key, "auto") not in choices:
            raise table.refuse(f"graphql.{key}", " | ".join(choices))
    return DatasetMapping(
        contract=contract.name,
        match=Match(),
        columns=table.strings("columns"),
        constants=table.strings("constants"),
        factors=table.strings("factors"),
        table=name,
        number_style=cast("NumberStyle", table.text("number_style", "auto")),
        date_style=cast("DateStyle", table.text("date_style", "auto")),
        zone=_zone(table, "zone"),
    )


def _zone(table: Table, key: str) -> str | None:
    name = table.maybe(key)
    if name is not None:
        try:
            zone(name)
        except (KeyError, ValueError, ZoneInfoNotFoundError):
            raise table.refuse(key, "WIB | WITA | WIT") from None
    return name
