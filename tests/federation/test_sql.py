"""Databases of members: one SELECT over a connection that can only read, landed so that a replay asks nobody."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text

from federation.connectors.sql import SqlConnector
from federation.errors import (
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    SqlCursorUnfit,
    SqlFailed,
    SqlRefused,
    SqlTooManyRows,
    TokenMissing,
)
from federation.fetched import Fetched, NotModified
from federation.member import SourceConfig, SourceKind
from federation.member_errors import MemberValueInvalid
from federation.members_edit import add_source
from federation.members_file import parse_member
from federation.readers import read
from federation.registry import Registry
from federation.sql_spec import SqlSpec, fault_of
from tests import postgres
from tests.federation.fetch_factories import fetcher, landing
from tests.federation.registry_factories import PLAIN, home

ENV = "LUMBUNG_SQL_DISDAG"
TABLE = (
    "CREATE TABLE harga (id INTEGER PRIMARY KEY, komoditas VARCHAR(40), harga NUMERIC(12,3), tanggal DATE, "
    "diubah VARCHAR(30), catatan TEXT)"
)


@dataclass
class Database:
    """An office's database, written by the office and only read by us."""

    address: str
    engine: Engine

    def write(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def price(
        self, number: int, price: str = "14500.125", changed: str = "2026-11-20", note: str | None = None
    ) -> None:
        self.write(
            "INSERT INTO harga VALUES (:id, 'Beras', :price, '2026-11-20', :changed, :note)",
            id=number, price=price, changed=changed, note=note,
        )  # fmt: skip

    def count(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM harga")).scalar_one())


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    server: postgres.Server | None = None
    name = f"t_{uuid4().hex}"
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'dinas.db'}"
    else:
        server = request.getfixturevalue("pg_server")
        server.execute(f"CREATE DATABASE {name}")
        address = server.url(name)
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    held = Database(address, engine)
    held.write(TABLE)
    monkeypatch.setenv(ENV, address)
    yield held
    engine.dispose()
    if server is not None:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def source(query: str = "SELECT * FROM harga ORDER BY id", **more: Any) -> SourceConfig:
    spec = SqlSpec(ENV, query, **more)
    return SourceConfig("db", SourceKind.SQL, "sql:db", "33.74", title="Harga", sql=spec)


async def asked(folder: Path, config: SourceConfig, **more: Any) -> Fetched | NotModified:
    (dataset,) = (await SqlConnector(config).crawl(None)).datasets
    async with fetcher(folder, **more) as one:
        return await one.fetch(config, dataset.id, dataset.resources[0])


def rows_of(got: Fetched | NotModified) -> list[dict[str, Any]]:
    (table,) = read(got.path, "harga.json").tables
    return [dict(row) for row in table.data.to_pylist()]


async def test_rows_are_landed_as_text_just_as_the_database_has_them(database: Database, tmp_path: Path) -> None:
    database.price(1, note="a 'b' \"c\" 12:30 100%\nbaris")
    database.price(33, "122.831")
    got = await asked(tmp_path, source("SELECT *, '08:15 :x 50%' AS jam FROM harga -- semua\nORDER BY id"))
    first, second = rows_of(got)
    expected = {"id": "1", "komoditas": "Beras", "harga": "14500.125", "tanggal": "2026-11-20", "diubah": "2026-11-20"}
    assert first == {**expected, "catatan": "a 'b' \"c\" 12:30 100%\nbaris", "jam": "08:15 :x 50%"}
    assert (second["harga"], second["catatan"]) == ("122.831", None)
    (arrival,) = landing(tmp_path).replay()
    assert arrival.sha256 == got.sha256 and arrival.url == "sql:db"


async def test_an_unchanged_answer_is_said_to_still_hold(database: Database, tmp_path: Path) -> None:
    database.price(1)
    first = await asked(tmp_path, source())
    assert isinstance(first, Fetched)
    assert isinstance(await asked(tmp_path, source()), NotModified)


async def test_by_a_growing_number_only_what_is_new_is_asked_for_and_the_file_is_the_whole(
    database: Database, tmp_path: Path
) -> None:
    config = source("SELECT * FROM harga", cursor_column="id")
    database.price(1)
    database.price(2)
    await asked(tmp_path, config)
    database.write("UPDATE harga SET komoditas = 'tidak terlihat' WHERE id = 1")
    database.price(3)
    got = await asked(tmp_path, config)
    assert [(row["id"], row["komoditas"]) for row in rows_of(got)] == [("1", "Beras"), ("2", "Beras"), ("3", "Beras")]
    assert isinstance(await asked(tmp_path, config), NotModified)


async def test_by_time_of_change_and_key_a_changed_row_replaces_its_older_self(
    database: Database, tmp_path: Path
) -> None:
    config = source("SELECT * FROM harga", cursor_column="diubah", key=("id",))
    database.price(1, changed="2026-11-20")
    database.price(2, changed="2026-11-21")
    await asked(tmp_path, config)
    database.price(3, changed="2026-11-21")  # came late, within the last moment
    database.write("UPDATE harga SET harga = 99, diubah = '2026-11-22' WHERE id = 1")
    got = await asked(tmp_path, config)
    assert [(row["id"], float(row["harga"])) for row in rows_of(got)] == [("1", 99), ("2", 14500.125), ("3", 14500.125)]


async def test_another_question_reads_everything_anew(database: Database, tmp_path: Path) -> None:
    database.price(1)
    await asked(tmp_path, source("SELECT id FROM harga", cursor_column="id"))
    got = await asked(tmp_path, source("SELECT id, komoditas FROM harga", cursor_column="id"))
    assert rows_of(got) == [{"id": "1", "komoditas": "Beras"}]


async def test_moments_and_numbers_of_postgresql_are_kept_as_cursors(
    pg_server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENV, pg_server.url("postgres"))
    for expression in ("timestamptz '2026-11-22 04:00+07' + n * interval '1 h'", "n * 1.5", "date '2026-11-22' + n"):
        query = f"SELECT n, {expression} AS waktu FROM generate_series(1, 3) AS n"
        config = source(query, cursor_column="waktu", key=("n",))
        first = await asked(tmp_path, config)
        assert len(rows_of(first)) == 3
        assert isinstance(await asked(tmp_path, config), NotModified)


# -- what is refused ------------------------------------------------------------------------------------------

STATEMENTS = [
    "DELETE FROM harga",
    "SELECT 1; DELETE FROM harga",
    "WITH x AS (DELETE FROM harga RETURNING *) SELECT * FROM x",
    "SELECT * INTO salinan FROM harga",
    "SELECT * FROM harga FOR UPDATE",
    "/* SELECT */ DROP TABLE harga",
    "PRAGMA writable_schema = 1",
    "ATTACH '/tmp/x.db' AS x",
    "COPY harga TO '/tmp/x'",
    "",
    "SELECT 'tidak tertutup",
]


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_whatever_is_not_one_select_is_refused(statement: str, database: Database, tmp_path: Path) -> None:
    database.price(1)
    with pytest.raises(SqlRefused) as refused:
        await asked(tmp_path, source(statement))
    assert refused.value.values["reason"] == "sql_statement" and database.count() == 1


@pytest.mark.parametrize("statement", STATEMENTS[:-2])
async def test_the_connection_itself_can_only_read(
    statement: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.price(1)
    monkeypatch.setattr("federation.sql_read.fault_of", lambda query: None)
    with pytest.raises(SqlFailed):
        await asked(tmp_path, source(statement))
    assert database.count() == 1
    assert list(landing(tmp_path).replay()) == []


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x;",
        "-- catatan\nSELECT 'delete; into' AS \"update\" /* ; */ ; -- akhir",
        "SELECT $$; delete$$, E'\\'; drop'",
        "SELECT updated_at, deleted FROM t",
    ],
)
def test_one_select_is_known_in_whatever_dress(query: str) -> None:
    assert fault_of(query) is None


@given(st.text(max_size=80))
def test_no_text_is_too_odd_to_be_judged(query: str) -> None:
    assert fault_of(query) is None or isinstance(fault_of(query), str)
    assert fault_of("INSERT INTO t " + query) is not None


async def test_S03_a_question_that_takes_too_long_is_cut_off(database: Database, tmp_path: Path) -> None:
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS banyak FROM n"
    with pytest.raises(SourceTooSlow):
        await asked(tmp_path, source(forever, seconds=1))


async def test_more_rows_or_bytes_than_allowed_are_refused(database: Database, tmp_path: Path) -> None:
    for number in range(4):
        database.price(number)
    with pytest.raises(SqlTooManyRows):
        await asked(tmp_path, source(max_rows=3))
    with pytest.raises(SourceTooLarge):
        await asked(tmp_path, source(), limits={"body": 100})
    assert len(rows_of(await asked(tmp_path, source(max_rows=4)))) == 4


async def test_a_cursor_that_would_lose_rows_is_refused(database: Database, tmp_path: Path) -> None:
    database.price(1)
    for config in (
        source("SELECT id, NULL AS diubah FROM harga", cursor_column="diubah"),
        source("SELECT id FROM harga", cursor_column="diubah"),
        source("SELECT diubah FROM harga", cursor_column="diubah", key=("id",)),
    ):
        with pytest.raises((SqlCursorUnfit, SqlFailed)):
            await asked(tmp_path, config)


async def test_two_columns_of_one_name_are_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(SqlRefused, match="id"):
        await asked(tmp_path, source("SELECT a.id, b.id FROM harga a JOIN harga b ON a.id = b.id"))


async def test_a_table_that_is_not_there_is_named_without_the_address(database: Database, tmp_path: Path) -> None:
    with pytest.raises(SqlFailed) as failed:
        await asked(tmp_path, source("SELECT * FROM tidak_ada"))
    assert "tidak_ada" in failed.value.what() and database.address not in str(failed.value)


async def test_S01_a_database_that_cannot_be_reached_and_what_is_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENV, raising=False)
    with pytest.raises(TokenMissing, match=ENV):
        await asked(tmp_path, source())
    for address, error in (
        ("postgresql://pembaca:rahasia@127.0.0.1:9/harga", SourceUnreachable),
        ("mysql://pembaca:rahasia@127.0.0.1/harga", SqlRefused),
        ("bukan alamat rahasia", SqlRefused),
        ("sqlite:///relatif-rahasia/../x.db", SqlRefused),
        ("sqlite://", SqlRefused),
    ):
        monkeypatch.setenv(ENV, address)
        with pytest.raises(error) as failed:
            await asked(tmp_path, source())
        assert "rahasia" not in str(failed.value)


async def test_a_files_other_tables_cannot_be_written_through_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dinas.db"
    sqlite3.connect(file).execute("CREATE TABLE t (a)").connection.close()
    monkeypatch.setenv(ENV, f"sqlite:///{file}")
    for query in ("SELECT load_extension('x')", "SELECT * FROM pragma_table_info('t')"):
        with pytest.raises(SqlFailed):
            await asked(tmp_path, source(query))


# -- what a member's file may say -----------------------------------------------------------------------------

MEMBER = """
code = "33.74"
name = "Kota Semarang"
kind = "city"
regions = ["33.74"]

[[sources]]
id = "harga-db"
kind = "sql"
title = "Harga dari basis data"

[[sources.mappings]]
contract = "commodity_price"
match = {title = "harga"}

[sources.sql]
"""


def test_a_members_file_declares_the_question(tmp_path: Path) -> None:
    text = MEMBER + f'url_env = "{ENV}"\nquery = "SELECT 1 AS a; -- akhir"\ncursor_column = "a"\nkey = ["a"]\n'
    (config,) = parse_member(text, tmp_path / "a.toml", tmp_path).sources
    assert config.sql == SqlSpec(ENV, "SELECT 1 AS a", "a", ("a",)) and config.url == "sql:harga-db"
    assert config.mappings[0].number_style == "en"  # a database writes 122.831 for a hundred and twenty-two


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('url_env = "LUMBUNG_DATABASE_URL"\nquery = "SELECT 1"', "sources[1].sql.url_env"),
        ('url_env = "postgresql://a:rahasia@b/c"\nquery = "SELECT 1"', "sources[1].sql.url_env"),
        (f'url_env = "{ENV}"\nquery = "DROP TABLE t"', "sources[1].sql.query"),
        (f'url_env = "{ENV}"\nquery = "SELECT 1"\nkey = ["a"]', "sources[1].sql.key"),
        (f'url_env = "{ENV}"\nquery = "SELECT 1"\nmax_rows = 0', "sources[1].sql.max_rows"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_named_without_its_secret(lines: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(MemberValueInvalid) as refused:
        parse_member(MEMBER + lines, tmp_path / "a.toml", tmp_path)
    assert refused.value.values["key"] == key and "rahasia" not in str(refused.value)


def test_a_database_is_added_by_the_name_of_its_variable(tmp_path: Path) -> None:
    folder = home(tmp_path, kab=PLAIN)
    added = add_source(folder, "33.22", source_id="db", kind=SourceKind.SQL, location=ENV, query="SELECT * FROM harga")
    assert added == Registry.load(folder).source("db")
    assert added.sql == SqlSpec(ENV, "SELECT * FROM harga") and replace(added, sql=None).url == "sql:db"
