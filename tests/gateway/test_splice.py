"""Lists made as JSON text answer exactly as the long way does: data, order of keys, errors with their places."""

import asyncio
import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from catalog.current import follow
from core.access import ANONYMOUS, Actor, Role
from core.contract import Classification, Column, ColumnType, Contract, Mode
from gateway import splice
from gateway.context import Context
from gateway.execution import Request, run
from gateway.offload import Deadline, Offload
from gateway.pieces import written
from gateway.schema import make_schema
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, Province

STEWARD = Actor(id="w", roles=frozenset({Role.STEWARD}), member=REGENCY, regions=frozenset({REGENCY}))
TEXTS = ['"', "\\", "\u2028", "\x07", "</script>", "é😀", "", None, "null", "Pasar\nJohar"]
NUMBERS = [0.1, -0.0, 1e22, 5e-324, None, 3.0, 1.7976931348623157e308, -2.5]


def column(name: str, kind: ColumnType, *, key: bool = False, **more: Any) -> Column:
    return Column(name, kind, {"id": name, "en": name}, {}, key=key, required=key, **more)


def standard(name: str) -> Contract:
    """Every type of column; one that is sure, one that is limited, one that reads like GraphQL."""
    return Contract(
        name=name, version="1.0.0", title={"id": "Hal", "en": "Things"}, description={}, rules=(), mode=Mode.UPSERT,
        columns=(
            column("kode_wilayah", ColumnType.TEXT, key=True),
            column("nomor", ColumnType.INTEGER, key=True),
            column("nama", ColumnType.TEXT),
            column("besar", ColumnType.INTEGER),
            column("ukuran", ColumnType.NUMBER),
            column("hari", ColumnType.DATE),
            column("saat", ColumnType.MOMENT),
            column("aktif", ColumnType.BOOLEAN),
            column("alamat", ColumnType.TEXT, classification=Classification.LIMITED),
        ),
        owner="catalog", classification=Classification.OPEN, region_column="kode_wilayah", sha256="7" * 64,
    )  # fmt: skip


def rows(region: str, count: int, seed: int, numbers: list[float | None]) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "kode_wilayah": region, "nomor": n, "nama": chance.choice(TEXTS),
            "besar": chance.choice([None, 2**63 - 1, -(2**63), 0, 2**53 + 1]), "ukuran": chance.choice(numbers),
            "hari": chance.choice([None, date(1900, 1, 1) + timedelta(days=n)]),
            "saat": chance.choice([None, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=n * 500_000)]),
            "aktif": chance.choice([None, True, False]), "alamat": "Jl. Rahasia 1",
        }
        for n in range(count)
    ]  # fmt: skip


class Two:
    """One province asked both ways."""

    def __init__(self, province: Province, contracts: list[Contract]) -> None:
        self.services = replace(province.services, contracts={c.name: c for c in contracts})
        self.schema = make_schema(self.services.contracts)._schema

    async def ask(self, actor: Actor, query: str, variables: dict[str, Any], *, spliced: bool) -> Any:
        offload = Offload(self.services.sessions, sql=2, duck=2)
        try:
            context = Context(self.services, offload, Deadline(30), actor, spliced=spliced)
            body = await run(self.schema, context, parse(query), Request(query, variables))
            return ordered(orjson.loads(b"".join(written(body))))
        finally:
            offload.close()

    async def same(self, actor: Actor, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The answer, which is the same both ways."""
        short = await self.ask(actor, query, variables or {}, spliced=True)
        assert short == await self.ask(actor, query, variables or {}, spliced=False)
        return short


def ordered(value: Any) -> Any:
    """JSON with the order of keys as part of it, and without the number that an error's log entry has."""
    if isinstance(value, dict):
        if value.get("code") == "INTERNAL":
            return "INTERNAL"
        return [(key, ordered(inner)) for key, inner in value.items() if key != "message"]
    return [ordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def two(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    import shutil

    from core.db import make_engine

    home = tmp_path_factory.mktemp("splice")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine: Engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    province = factories.empty_province(home, engine)
    followed, filed, odd = standard("hal_tabel"), standard("hal_berkas"), standard("hal_aneh")
    names = ("tabel", "berkas", "aneh")
    for code in (CITY, REGENCY):
        province.see(code, *(factories.seen(code, name, name) for name in names))
        province.commit(code, "tabel", rows(code, 70, 1, NUMBERS), followed)
        follow(province.services.sessions, province.services.store)
    for code in (CITY, REGENCY):  # these wait in files: the table stands where it stood
        province.commit(code, "berkas", rows(code, 130, 2, NUMBERS), filed)
        province.commit(code, "berkas", rows(code, 20, 3, NUMBERS), filed, now=NOW + timedelta(hours=1))
        province.commit(code, "aneh", rows(code, 3, 4, [math.nan, math.inf]), odd)
    yield Two(province, [followed, filed, odd])
    province.services.duck.close()
    engine.dispose()


PLAIN = st.sampled_from(
    ["kodeWilayah", "nomor", "nama", "besar", "ukuran", "hari", "saat", "aktif", "alamat", "__typename"]
)
PROVENANCE = st.lists(st.sampled_from(["seq", "row", "fetchedAt", "verdict", "__typename"]), min_size=1, max_size=3)
WHEN = st.sampled_from(
    ["", "", "", " @skip(if: $ya)", " @include(if: $ya)", " @include(if: $tidak)", " @skip(if: false)"]
)


@st.composite
def selections(draw: st.DrawFn, *, long_way: bool = True) -> str:
    parts = []
    for n in range(draw(st.integers(1, 6))):
        name = draw(PLAIN)
        alias = draw(st.sampled_from(["", "", f"x{n}: "]))
        parts.append(f"{alias}{name}{draw(WHEN)}")
    if draw(st.booleans()):
        parts.append(f"provenance{draw(WHEN)} {{ {' '.join(draw(PROVENANCE))} }}")
    if draw(st.booleans()):
        parts.append(f"... on %s{draw(WHEN)} {{ {draw(PLAIN)} }}")
    if draw(st.booleans()):
        parts.append("...Isi")
    if long_way and draw(st.integers(0, 7)) == 0:
        parts.append("region { name }")
    return " ".join(draw(st.permutations(parts)))


SIZES = [1, 7, 60, 1000, 0]


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind, field = draw(st.sampled_from([("HalTabel", "halTabels"), ("HalBerkas", "halBerkas")]))
    parts = []
    for n in range(draw(st.integers(1, 4))):
        inner = draw(selections()).replace("%s", kind)
        parts.append(
            draw(
                st.sampled_from(
                    [
                        f"nodes{draw(WHEN)} {{ {inner} }}",
                        f"n{n}: nodes {{ {inner} }}",
                        f"edges {{ cursor node {{ {inner} }} __typename }}",
                        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }",
                        f"p{n}: pageInfo {{ akhir: endCursor __typename }}",
                        "totalCount",
                        "seq",
                        "__typename",
                        "...Isi2",
                    ]
                )
            )
        )
    document = (
        f"query ($where: {kind}Filter, $orderBy: [{kind}Order!], $first: Int, $last: Int, $after: String, $ya: "
        f"Boolean!, $tidak: Boolean!) {{ {field}(where: $where, orderBy: $orderBy, first: $first, last: $last, "
        f"after: $after) "
        f"{{ {' '.join(parts)} __typename }} __typename }} "
        f"fragment Isi on {kind} {{ nama isi: besar provenance {{ nomor: row }} }} "
        f"fragment Isi2 on {kind}Connection {{ nodes {{ ...Isi }} pageInfo {{ hasNextPage }} }}"
    )
    where = draw(
        st.sampled_from(
            [None, {"kodeWilayah": {"eq": CITY}}, {"nomor": {"gte": 100}}, {"nama": {"isNull": True}}, {"or": []},
             {"alamat": {"eq": "x"}}, {"besar": {"eq": None}}]
        )
    )  # fmt: skip
    order = draw(
        st.sampled_from(
            [
                None,
                [{"column": "NOMOR", "direction": "DESC"}],
                [{"column": "NAMA"}, {"column": "SAAT"}],
                [{"column": "REGION_NAME"}],
            ]
        )
    )
    return document, {
        "where": where,
        "orderBy": order,
        **draw(st.sampled_from([{}, {"first": 3, "last": 3}, *({w: n} for w in ("first", "last") for n in SIZES)])),
        "after": draw(st.sampled_from([None, None, None, "rusak"])),
        "ya": draw(st.booleans()),
        "tidak": draw(st.booleans()),
    }


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions(), actor=st.sampled_from([ANONYMOUS, STEWARD]))
def test_any_question_is_answered_alike(two: Two, question: tuple[str, dict[str, Any]], actor: Actor) -> None:
    query, variables = question
    if "...Isi " not in query.partition("fragment")[0] and "...Isi2" not in query.partition("fragment")[0]:
        query = query.partition("fragment")[0]  # unused fragments are refused before anything is executed
    asyncio.run(two.same(actor, query, variables))


async def test_what_json_cannot_hold_has_the_error_of_the_long_way(two: Two) -> None:
    answer = dict(await two.same(ANONYMOUS, "{ halAnehs { nodes { nomor ukuran } } }"))
    assert len(answer["errors"]) == 6
    plain = await two.same(ANONYMOUS, "{ halAnehs { nodes { nomor nama } } }")
    assert [key for key, _ in plain] == ["data"]


async def test_pages_follow_each_other_both_ways_alike(two: Two) -> None:
    query = "query ($after: String) { halBerkas(first: 90, after: $after) { edges { cursor node { nomor } } pageInfo { endCursor hasPreviousPage } } }"
    after, seen = None, 0
    while True:
        answer = dict(await two.same(STEWARD, query, {"after": after}))
        page = dict(dict(answer["data"])["halBerkas"])
        seen += len(page["edges"])
        if not page["edges"]:
            break
        after = dict(page["pageInfo"])["endCursor"]
        assert dict(page["edges"][-1])["cursor"] == after
    assert seen == 260


async def test_pages_come_before_each_other_both_ways_alike(two: Two) -> None:
    query = """query ($before: String, $last: Int) { halBerkas(last: $last, before: $before) {
        edges { cursor node { nomor nama } } pageInfo { startCursor hasPreviousPage hasNextPage } } }"""
    whole = dict(dict(dict(await two.same(STEWARD, query.replace("last: $last", "first: 1000")))["data"])["halBerkas"])
    before, seen = None, []
    for last in (7, 250, 9):  # row by row, and column by column
        page = dict(dict(dict(await two.same(STEWARD, query, {"before": before, "last": last}))["data"])["halBerkas"])
        info = dict(page["pageInfo"])
        assert info["hasNextPage"] is (before is not None)
        seen[:0] = page["edges"]
        before = info["startCursor"]
    assert seen == whole["edges"]
    assert info["hasPreviousPage"] is False


async def test_two_lists_and_an_error_beside_them(two: Two) -> None:
    query = """{ a: halTabels(first: 2) { nodes { nama } } b: halTabels(first: 0) { nodes { nama } }
                 c: halBerkas(first: 3) { nodes { nama region { code } } seq } }"""
    answer = dict(await two.same(STEWARD, query))
    assert dict(answer["data"])["b"] is None
    assert len(answer["errors"]) == 1


@pytest.mark.parametrize("by", ["[]", "[KODE_WILAYAH, HARI]", "[SAAT]", "[UKURAN]", "[NAMA, AKTIF]"])
async def test_groups_are_the_same_both_ways(two: Two, by: str) -> None:
    measures = "[{op: SUM, column: BESAR}, {op: MAX, column: SAAT}, {op: AVG, column: NOMOR}, {op: MIN, column: HARI}]"
    query = f"""query ($ya: Boolean!) {{ halBerkas(where: {{nomor: {{lt: 40}}}}) {{ aggregate(groupBy: {by}, measures: {measures}) {{
        k: groups {{ count key {{ kodeWilayah h: hari saat ukuran @skip(if: $ya) nama aktif __typename }} v: values }}
        groups {{ n: count @include(if: $ya) ...G }} hasMore __typename }} seq }} }}
        fragment G on HalBerkasGroup {{ __typename values }}"""
    for ya in (True, False):
        await two.same(STEWARD, query, {"ya": ya})
    await two.same(STEWARD, query.replace("nama aktif", "region { code }"), {"ya": True})


def test_plain_selections_do_take_the_short_way(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[splice.Plan] = []
    whole = splice.answer

    async def counted(*given: Any, **more: Any) -> Any:
        taken.append(given[3])
        return await whole(*given, **more)

    monkeypatch.setattr(splice, "answer", counted)
    plain = "{ halTabels { edges { cursor node { nama provenance { seq } } } totalCount } }"
    asyncio.run(two.ask(STEWARD, plain, {}, spliced=True))
    assert [plan.columns for plan in taken] == [("nama", "_snapshot")]
    asyncio.run(two.ask(STEWARD, "{ halTabels { nodes { region { name } } } }", {}, spliced=True))
    asyncio.run(two.ask(STEWARD, plain, {}, spliced=False))
    assert len(taken) == 1
