"""The reading pool runs one SELECT until its deadline, in its own folders, and nothing else."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.duck import Duck
from core.rows import RowQuery, Scope
from core.rows_errors import QueryBusy, QueryTimeout, QueryTooLarge, SnapshotUnreadable, StatementRefused
from tests.core import row_factories as rf

ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "snapshots"
    rf.write(path / "a.parquet", rf.COLUMNS, [{"kode": "a"}])
    return path


@pytest.fixture
def duck(folder: Path) -> Iterator[Duck]:
    pool = Duck([folder], size=1, threads=1, memory="100MB")
    yield pool
    pool.close()


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{folder}/x.csv'",
        "SELECT 1; COPY (SELECT 1) TO '{folder}/x.csv'",
        "SELECT 1; SELECT 2",
        "CREATE TABLE t (a INT)",
        "INSTALL httpfs",
        "SET threads = 8",
        "ATTACH '{folder}/x.db'",
        "PRAGMA version",
        "EXPORT DATABASE '{folder}/x'",
        "not sql at all",
        "",
    ],
)
def test_d14_only_a_single_select_is_run(duck: Duck, folder: Path, sql: str) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(StatementRefused):
        duck.select(sql.format(folder=folder), deadline=5)
    assert sorted(folder.iterdir()) == before


def test_files_outside_the_folder_are_out_of_reach(duck: Duck, folder: Path) -> None:
    outside = rf.write(folder.parent / "b.parquet", rf.COLUMNS, [])
    with pytest.raises(SnapshotUnreadable):
        duck.select("SELECT * FROM read_parquet($1)", [str(outside)], deadline=5)
    with pytest.raises(SnapshotUnreadable):
        duck.select("SELECT * FROM read_text($1)", [f"{folder}/../b.parquet"], deadline=5)


def test_d15_runaway_sql_is_interrupted_and_the_connection_serves_on(duck: Duck) -> None:
    begin = time.monotonic()
    with pytest.raises(QueryTimeout):
        duck.select(ENDLESS, deadline=0.2)
    assert time.monotonic() - begin < 5
    assert duck.select("SELECT 1", deadline=5) == [(1,)]


def test_a_full_pool_answers_busy_at_the_deadline(duck: Duck) -> None:
    began = threading.Event()

    def hold() -> None:
        began.set()
        with pytest.raises(QueryTimeout):
            duck.select(ENDLESS, deadline=1.0)

    thread = threading.Thread(target=hold)
    thread.start()
    began.wait()
    while duck.free:  # until the other has taken the only connection
        time.sleep(0.001)
    with pytest.raises(QueryBusy):
        duck.select("SELECT 1", deadline=0.05)
    thread.join()


def test_a_query_beyond_the_memory_limit_is_refused_and_nothing_is_spilled(duck: Duck) -> None:
    with pytest.raises(QueryTooLarge):
        duck.select("SELECT list(range) FROM range(100000000)", deadline=20)


def test_d07_a_missing_snapshot_file_is_named_as_such(duck: Duck, folder: Path) -> None:
    relation = rf.relation([rf.part(folder / "gone.parquet", 1)])
    with pytest.raises(SnapshotUnreadable):
        duck.page(RowQuery(relation, ("kode",), Scope(frozenset({"kode"}))), deadline=5)


def test_d05_a_cut_snapshot_file_is_named_as_such(duck: Duck, folder: Path) -> None:
    path = rf.write(folder / "cut.parquet", rf.COLUMNS, [{"kode": "a"}])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SnapshotUnreadable):
        duck.page(RowQuery(rf.relation([rf.part(path, 1)]), ("kode",), Scope(frozenset({"kode"}))), deadline=5)


def test_results_come_as_arrow_too(duck: Duck) -> None:
    table = duck.arrow("SELECT 1 AS a, 'x' AS b", deadline=5)
    assert table.to_pylist() == [{"a": 1, "b": "x"}]
