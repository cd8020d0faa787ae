"""Homes of the invented WITA province with real sources, harvested by the plain functions; rows as any door reads them."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog import relations
from catalog.maintenance import scrub
from catalog.models import CheckRecord, Dataset, QuarantineRow, Resource, ReviewItem, Run, RunError, Snapshot
from core.access import SYSTEM, Actor, scope, scope_text
from core.clock import Clock
from core.contract import Classification
from core.duck import Duck
from core.ids import new_id
from core.rows import RowQuery
from federation.packs import init_home
from node.app import create_app
from node.serve import NodeSpec, running
from quality.pool import CheckPool
from services.granary import Granary, open_granary
from services.intake.fetching import FetchLoop
from services.intake.outcome import SourceReport
from services.intake.source import harvest_source
from tests.federation.fetch_factories import free_port

SHIPPED = Path(__file__).parents[2] / "quality" / "contracts"
PACKS = Path(__file__).parents[1] / "packs"
CITY = "99.71"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

PRICES = """
[[sources.mappings]]
contract = "commodity_price"
match = {title = "harga"}
columns = {date = "tanggal", market = "pasar", commodity_code = "komoditas", price = "harga"}
constants = {region_code = "99.71", price_level = "konsumen"}
"""
#: The same, where the file itself says of which region it speaks.
PRICES_BY_REGION = """
[[sources.mappings]]
contract = "commodity_price"
match = {title = "harga"}
columns = {date = "tanggal", market = "pasar", commodity_code = "komoditas", price = "harga", region_code = "wilayah"}
constants = {price_level = "konsumen"}
"""
PEOPLE = """
[[sources.mappings]]
contract = "population"
match = {title = "penduduk"}
columns = {district = "kecamatan", people = "jumlah"}
constants = {region_code = "99.71", year = "2025", sex = "total"}
"""


class Hand:
    """A clock that goes on by a millisecond whenever it is asked, and otherwise where it is put."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def prices(rows: int = 5, *, first: date = date(2026, 10, 13), price: int = 12_000, **columns: Sequence[str]) -> str:
    """A file of prices as an office writes it: one market, one commodity, a row a day."""
    table: dict[str, Sequence[str]] = {
        "tanggal": [(first + timedelta(days=i)).strftime("%d/%m/%Y") for i in range(rows)],
        "pasar": ["Pasar Sentral"] * rows,
        "komoditas": ["Beras"] * rows,
        "harga": [str(price + i) for i in range(rows)],
    }
    return csv(table | columns)


def people(*counts: int) -> str:
    """A file of population: one district a row."""
    return csv({"kecamatan": [f"Kecamatan {i}" for i in range(len(counts))], "jumlah": [str(n) for n in counts]})


def csv(columns: Mapping[str, Sequence[str]]) -> str:
    """Columns as the text of a semicolon-separated file."""
    lines = [";".join(columns), *(";".join(row) for row in zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


@dataclass
class Home:
    """One home; `harvest` runs the plain functions, `rows` and the rest look at what came of it."""

    folder: Path
    pool: CheckPool | None = None
    clock: Clock = field(default_factory=Hand)
    settings: dict[str, Any] = field(default_factory=dict)
    _granary: Granary | None = None
    _downloads: FetchLoop | None = None

    @property
    def granary(self) -> Granary:
        if self._granary is None:
            opened = open_granary(self.folder, clock=self.clock)
            opened.settings = opened.settings.model_copy(update=self.settings)
            opened._pool = self.pool
            self._granary = opened
        return self._granary

    @property
    def downloads(self) -> FetchLoop:
        if self._downloads is None:
            self._downloads = FetchLoop(self.granary.landing, self.granary.settings)
        return self._downloads

    def close(self) -> None:
        """Let go of everything; the next use opens the home anew, as another process would."""
        if self._downloads is not None:
            self._downloads.close()
        if self._granary is not None:
            if self.pool is not None:
                self._granary._pool = None  # the session's, shared by all tests
            self._granary.close()
        self._granary = self._downloads = None

    # -- what members write

    def member(self, text: str, code: str = CITY) -> None:
        """Give a member these sources, in place of any it had."""
        file = self.folder / "members" / f"{code}.toml"
        kept = file.read_text("utf-8").partition("[[sources]]")[0]
        file.write_text(f"{kept}\n{text}", encoding="utf-8")
        self.close()

    def drop(self, *mappings: str, id: str = "setoran", code: str = CITY, folder: str = "setoran") -> Path:
        """Give a member a folder source; the folder."""
        path = self.folder.parent / folder
        path.mkdir(exist_ok=True)
        self.member(f'[[sources]]\nid = "{id}"\nkind = "folder"\npath = "{path}"\n{"".join(mappings)}', code)
        return path

    def portal(self, url: str, *mappings: str, id: str = "portal", code: str = CITY, token_env: str = "") -> None:
        """Give a member a CKAN source on loopback."""
        self.member(ckan(url, *mappings, id=id, token_env=token_env), code)

    # -- harvesting

    def harvest(self, source: str | None = None, **more: Any) -> SourceReport:
        """Harvest a source, or the only one there is."""
        registry = self.granary.registry
        chosen = registry.source(source) if source else registry.sources[0]
        return harvest_source(self.granary, self.downloads, registry.member(chosen.member), chosen, **more)

    # -- looking

    def rows(
        self, contract: str, as_of: int | datetime | None = None, actor: Actor = SYSTEM, **only: Any
    ) -> list[dict[str, Any]]:
        """A data standard's rows as an actor reads them, in key order."""
        standard = self.granary.contracts[contract]
        with self.granary.sessions() as session:
            relation = relations.relation(session, self.granary.store, standard, as_of, actor=actor)
        return self._read(relation, scope(actor, standard))

    def text_rows(self, dataset: str, actor: Actor = SYSTEM, as_of: int | None = None) -> list[dict[str, Any]]:
        """The rows of a dataset without a standard as an actor reads them."""
        with self.granary.sessions() as session:
            found = session.get_one(Dataset, dataset)
            relation = relations.text_relation(session, self.granary.store, dataset_id=dataset, as_of=as_of)
        columns = [name for name, _ in relation.columns]
        seen = scope_text(actor, Classification(found.classification), found.member, columns)
        return self._read(relation, seen)

    def _read(self, relation: Any, seen: Any) -> list[dict[str, Any]]:
        duck = Duck([self.granary.settings.folder("snapshots")])
        try:
            columns = (*(name for name, _ in relation.columns), "_row", "_snapshot", "_dataset", "_member")
            page = duck.page(RowQuery(relation, columns, seen, first=1000), deadline=30)
        finally:
            duck.close()
        return [dict(zip(columns, row, strict=True)) for row in page.rows]

    def all(self, model: type[Any], *order: Any) -> list[Any]:
        """Every record of one table of the catalogue."""
        with self.granary.sessions() as session:
            return list(session.scalars(select(model).order_by(*order)))

    @property
    def snapshots(self) -> list[Snapshot]:
        return self.all(Snapshot, Snapshot.seq)

    @property
    def datasets(self) -> dict[str, Dataset]:
        """By title; of several generations the newest."""
        return {d.title: d for d in self.all(Dataset, Dataset.generation)}

    @property
    def resources(self) -> dict[str, Resource]:
        """By name."""
        return {r.name: r for r in self.all(Resource, Resource.id)}

    @property
    def runs(self) -> list[Run]:
        return self.all(Run, Run.started, Run.id)

    @property
    def errors(self) -> list[RunError]:
        return self.all(RunError, RunError.at, RunError.id)

    @property
    def reviews(self) -> list[ReviewItem]:
        return self.all(ReviewItem, ReviewItem.opened_at)

    @property
    def checks(self) -> list[CheckRecord]:
        return self.all(CheckRecord, CheckRecord.at, CheckRecord.id)

    @property
    def returned(self) -> list[QuarantineRow]:
        return self.all(QuarantineRow, QuarantineRow.batch_id, QuarantineRow.position)

    def sound(self) -> None:
        """Nothing damaged, nothing numbered twice or out of turn, no snapshot repeats the one before."""
        granary, found = self.granary, self.snapshots
        assert scrub(granary.sessions, granary.store) == []
        assert [s.seq for s in found] == sorted({s.seq for s in found})
        for stream in {s.stream_id for s in found}:
            identities = [s.identity for s in found if s.stream_id == stream]
            assert all(a != b for a, b in pairwise(identities))


def ckan(url: str, *mappings: str, id: str = "portal", token_env: str = "") -> str:
    """A CKAN source on loopback, with the exceptions that it needs."""
    port = url.rpartition(":")[2]
    token = f'token_env = "{token_env}"\n' if token_env else ""
    granted = 'by = "Sri Admin", reason = "uji", until = 2999-01-01'
    return (
        f'[[sources]]\nid = "{id}"\nkind = "ckan"\nurl = "{url}"\n{token}allow = [\n'
        f'  {{what = "private_address", value = "127.0.0.1", {granted}}},\n'
        f'  {{what = "http", {granted}}},\n  {{what = "port", value = "{port}", {granted}}},\n]\n{"".join(mappings)}'
    )


def new_home(folder: Path, database: Path, pool: CheckPool | None = None, province: str = "99", **more: Any) -> Home:
    """A home of a pack with a migrated database."""
    home = init_home(folder / "rumah", province, [PACKS])
    shutil.copyfile(database, home / "lumbung.db")
    return Home(home, pool, **more)


def write(folder: Path, name: str, text: str | bytes, *, at: datetime | None = None) -> Path:
    """Put a file into a folder, as new as can be: the folder's listing always shows the change."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{new_id()}"
    partial.write_bytes(text if isinstance(text, bytes) else text.encode())
    if at is not None:
        os.utime(partial, (at.timestamp(), at.timestamp()))
    partial.replace(file)
    return file


@dataclass
class Counted:
    """An app with a count of what it was asked, that can be told to fail."""

    app: ASGIApp
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(scope["path"])
        await self.app(scope, receive, send)


@dataclass
class Portal:
    """A running node over a folder: its address, and the paths it was asked for."""

    folder: Path
    url: str
    counted: Counted

    @property
    def asked(self) -> list[str]:
        return self.counted.asked


@contextmanager
def portal(folder: Path, member: str = CITY, around: Callable[[ASGIApp], ASGIApp] | None = None) -> Iterator[Portal]:
    """The regency's own program over a folder, which sees every change of the folder at once."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = create_app(folder, member, "Portal", url=url, refresh_seconds=0.0)
    counted = Counted(around(app) if around else app)
    with running([NodeSpec(folder, member, "Portal", port=port, url=url, around=lambda _: counted)]):
        yield Portal(folder, url, counted)
