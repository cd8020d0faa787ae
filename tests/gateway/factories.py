"""A small seeded province for the doors' tests: three members, mapped and unmapped datasets, closed ones among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine
from starlette.applications import Starlette

from catalog import datasets, findings, runs
from catalog.datasets import dataset_id, resource_id
from catalog.models import RunState
from catalog.seen import SeenDataset, SeenResource
from catalog.snapshots import CheckDraft, Commit, Draft, QuarantineDraft, ReturnedRow, commit
from catalog.store import SnapshotStore
from core import tokens
from core.access import SYSTEM, Role
from core.arrow import ARROW
from core.contract import Classification, Contract
from core.contracts import load_contracts
from core.db import make_sessions
from core.duck import Duck
from core.reference_files import Commodity, Gauge
from core.region import Regions
from core.rows_duckdb import SQL_TYPES
from core.settings import Settings
from core.verdict import Verdict
from federation.member import Allowance, AllowanceKind, Contact, Member, MemberKind, SourceConfig, SourceKind
from federation.models import SourceState
from federation.registry import Registry
from gateway.context import Listed, Services
from gateway.sdl import shipped_contracts
from hub.web import make_app

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
CITY, REGENCY, DEMAK = "33.74", "33.22", "33.21"
KINDS = {CITY: MemberKind.CITY, REGENCY: MemberKind.REGENCY, DEMAK: MemberKind.REGENCY}
SECRET_CELL = "rahasia-sekali"


def source_id(member: str) -> str:
    return f"portal-{member}"


def member(code: str, regions: Regions) -> Member:
    allowed = Allowance(AllowanceKind.HTTP, "Sri Admin", "portal belum punya sertifikat", date(2026, 12, 31))
    past = replace(allowed, until=date(2026, 1, 1))
    source = SourceConfig(
        source_id(code), SourceKind.CKAN, f"http://data.{code}.contoh.go.id", code, title=f"Portal {code}",
        allow=(allowed, past),
    )  # fmt: skip
    name = regions.region(code).name
    return Member(
        code, name, KINDS[code], frozenset({code}), Contact("Budi", "budi@contoh.go.id"), (source,), "0 5 * * *"
    )


@dataclass
class Province:
    """A seeded home with its services and its doors."""

    folder: Path
    services: Services
    app: Starlette

    def token(self, *roles: Role, member: str | None = None) -> str:
        """The secret of a new token."""
        issued = tokens.issue(
            self.services.sessions, name="uji", roles=roles, by=SYSTEM, now=NOW, member=member, regions=()
        )
        return issued.secret

    def dataset(self, member: str, name: str, source: str | None = None) -> str:
        return dataset_id(source or source_id(member), f"{name}-{member}")

    def resource(self, member: str, name: str, source: str | None = None) -> str:
        return resource_id(self.dataset(member, name, source), f"{name}-{member}-1")

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://lumbung.test", headers=headers)

    async def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The whole body of an answer."""
        async with self.client(token) as client:
            answer = await client.post("/graphql", json={"query": query, "variables": variables})
            body: dict[str, Any] = answer.json()
            return body

    async def data(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        body = await self.ask(query, token, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def see(self, code: str, *seen: SeenDataset, now: datetime = NOW, source: str | None = None) -> None:
        own, policy = source or source_id(code), self.services.settings
        datasets.apply_crawl(self.services.sessions, own, code, seen, complete=True, now=now, policy=policy)

    def commit(
        self,
        code: str,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        contract: Contract | None = None,
        *,
        now: datetime = NOW,
        source: str | None = None,
        **more: Any,
    ) -> Commit:
        """Commit rows to a dataset's resource, as intake does."""
        columns = {c.name: c.type for c in contract.columns} if contract else dict.fromkeys(rows[0])
        arrays = {
            n: pa.array([r.get(n) for r in rows], ARROW[kind] if kind else pa.string()) for n, kind in columns.items()
        }
        arrays["_row"] = pa.array(range(2, len(rows) + 2), pa.int64())
        path = self.folder / "draft.parquet"
        pq.write_table(pa.table(arrays), path)
        draft = Draft(
            resource_id=self.resource(code, name, source),
            contract=contract,
            rows=path,
            verdict=more.pop("verdict", Verdict.PUBLISHED if contract else Verdict.UNMAPPED),
            landed_sha256=None,
            fetched_at=now - timedelta(minutes=5),
            columns=() if contract else tuple(columns),
            **more,
        )
        return commit(self.services.sessions, self.services.store, draft, now=now)


def seen(code: str, name: str, title: str, **more: Any) -> SeenDataset:
    resource = SeenResource(f"{name}-{code}-1", f"{name}.csv", f"http://data.{code}.contoh.go.id/{name}.csv", "CSV")
    return SeenDataset(
        origin_id=f"{name}-{code}", name=f"{name}-{code}", title=title, organisation="dinas-x",
        organisation_title="Dinas X", tags=("pangan",), resources=(resource,), **more,
    )  # fmt: skip


def price(
    region: str, day: int, rupiah: int, commodity: str = "cabai_rawit", market: str | None = "Pasar Johar"
) -> Any:
    return {
        "region_code": region, "date": date(2026, 2, day), "market": market, "commodity_code": commodity,
        "price_level": "konsumen", "price": rupiah, "unit": "kg",
    }  # fmt: skip


def listed() -> Listed:
    """One gauge and two commodities."""
    gauge = Gauge(
        code="garang_hulu", name="Garang Hulu", river="Garang", river_system="Jratun", region_code=REGENCY,
        lat=-7.1, lon=110.4, unit="m", scale="siaga", level_low=2.0, level_mid=2.5, level_high=None,
        severity_polarity="3=worst", original="", source="contoh", aliases=(),
    )  # fmt: skip
    goods = [Commodity("cabai_rawit", "Cabai rawit", "kg", ("cabe rawit",), "contoh")]
    goods.append(Commodity("beras_medium", "Beras medium", "kg", (), "contoh"))
    return Listed({gauge.code: gauge}, {good.code: good for good in goods})


def empty_province(folder: Path, engine: Engine, **settings: Any) -> Province:
    """Members, contracts and doors over an empty catalogue."""
    chosen = Settings(home=folder, query_memory="300MB", **settings)
    regions = Regions.load()
    store = SnapshotStore(chosen.folder("snapshots"))
    services = Services(
        settings=chosen,
        sessions=make_sessions(engine),
        duck=Duck([store.folder], size=2, threads=2, memory="300MB"),
        registry=Registry(tuple(member(code, regions) for code in sorted(KINDS))),
        contracts=load_contracts(shipped_contracts()),
        store=store,
        regions=regions,
        clock=lambda: NOW,
        listed=listed(),
    )
    return Province(folder, services, make_app(services))


def seed(province: Province) -> Province:
    """Prices of two members in two commits, stages, a text dataset not classified yet, closed ones, checks, returns."""
    prices, stages = province.services.contracts["commodity_price"], province.services.contracts["river_stage"]
    stock = province.services.contracts["commodity_stock"]
    before = NOW - timedelta(days=1)
    province.see(
        CITY,
        seen(CITY, "harga", "Harga pangan Kota Semarang"),
        seen(CITY, "pegawai", "Jumlah pegawai"),
        seen(CITY, "stok", "Stok pangan"),
        now=before,
    )
    province.see(
        REGENCY,
        seen(REGENCY, "harga", "Harga pangan Kabupaten Semarang"),
        seen(REGENCY, "tma", "Tinggi muka air"),
        seen(REGENCY, "rahasia", "Data tertutup", classification=Classification.CLOSED),
        seen(REGENCY, "terbatas", "Data terbatas", classification=Classification.LIMITED),
        now=before,
    )
    province.commit(CITY, "harga", [price(CITY, d, 40_000 + d) for d in range(1, 6)], prices, now=before)
    province.commit(
        REGENCY, "harga", [price(REGENCY, d, 38_000 + d, market=None) for d in range(1, 4)], prices, now=before
    )
    returned = province.folder / "returned.parquet"
    pq.write_table(pa.table({"price": ["sepuluh ribu"]}), returned)
    kept = SnapshotStore(province.services.settings.folder("quarantine")).put(returned)
    province.commit(
        CITY,
        "harga",
        [price(CITY, 5, 52_000), price(CITY, 6, 55_000)],
        prices,
        verdict=Verdict.WARNED,
        check=CheckDraft({"rows": 3, "returned": 1}, (), ({"rule": "usual"},), b'{"success": false}'),
        quarantine=QuarantineDraft(
            kept, 1, {"CAST_INTEGER": 1}, (ReturnedRow(4, {"price": SECRET_CELL}, ["CAST_INTEGER"]),)
        ),
    )
    province.commit(
        CITY,
        "stok",
        [
            {
                "region_code": CITY, "date": date(2026, 2, 1), "warehouse": "Gudang A", "commodity_code": "beras_medium",
                "stock_kg": 1000, "need_kg_per_day": 10.0, "capacity_kg": 5000, "warehouse_address": SECRET_CELL,
            }
        ],
        stock,
    )  # fmt: skip
    moments = [datetime(2026, 2, 1, hour, tzinfo=UTC) for hour in range(4)]
    province.commit(
        REGENCY,
        "tma",
        [
            {"gauge_code": "garang_hulu", "region_code": REGENCY, "observed_at": m, "stage_m": 1.5 + i / 10, "status": None}
            for i, m in enumerate(moments)
        ],
        stages,
    )  # fmt: skip
    province.commit(CITY, "pegawai", [{"Dinas": "Dinas X", "Jumlah": "12"}, {"Dinas": "Dinas Y", "Jumlah": "1.234"}])
    province.commit(REGENCY, "rahasia", [{"Nama": SECRET_CELL}])
    province.commit(REGENCY, "terbatas", [{"Nama": SECRET_CELL}])
    _sources(province)
    return province


def noted(province: Province, number: int, code: str, name: str, *, value: object, **more: Any) -> findings.Noted:
    """A finding about one price of a member's dataset, held against those of the city's."""
    row = {"member": code, "source": source_id(code), "dataset": province.dataset(code, name),
           "resource": province.resource(code, name), "row": 3}  # fmt: skip
    beside = row | {
        "member": CITY,
        "dataset": province.dataset(CITY, "harga"),
        "resource": province.resource(CITY, "harga"),
    }
    facts: dict[str, Any] = {
        "id": f"{number:016x}", "kind": "disagree", "contract": "commodity_price", "rule": "agree", "member": code,
        "dataset": province.dataset(code, name), "weight": float(number), "standing": "1", "message": "finding.disagree",
        "columns": ["price"], "key": {"region_code": code},
        "seen": {"what": "finding.side.source", "value": value, "rows": [row], "count": 1},
        "expected": [{"what": "finding.side.source", "value": 40_003, "rows": [beside], "count": 1}],
        "values": {"column": "Harga", "group": "cabai rawit", "one": value, "other": 40_003, "tolerance": 5,
                   "one_source": "Portal A", "other_source": "Portal B", "one_row": 3, "other_row": 3},
        "concerns": [province.dataset(code, name), province.dataset(CITY, "harga")],
    }  # fmt: skip
    return findings.Noted(**(facts | more))


def found(province: Province, *noted_: findings.Noted, now: datetime = NOW) -> None:
    """What a look at all standards has found; what it found before and does not now is over."""
    with province.services.sessions.begin() as session:
        for contract in province.services.contracts:
            mine = [one for one in noted_ if one.contract == contract]
            kinds = {"disagree", "sum", "typo"}
            findings.note(session, contract, mine, kinds=kinds, seq=3, now=now)


def _sources(province: Province) -> None:
    sessions = province.services.sessions
    failed = {"code": "SOURCE_UNREACHABLE", "values": {"source": source_id(REGENCY), "detail": "10.0.0.7"}}
    with sessions.begin() as session:
        session.add(SourceState(source=source_id(CITY), last_attempt=NOW, last_ok=NOW))
        session.add(
            SourceState(source=source_id(REGENCY), last_attempt=NOW, last_ok=NOW - timedelta(days=2), last_error=failed)
        )
    lease = runs.start(sessions, source=source_id(CITY), member=CITY, now=NOW)
    runs.finish(sessions, lease, RunState.OK, now=NOW, counts={"datasets": 3})


assert set(ARROW) == set(SQL_TYPES)
