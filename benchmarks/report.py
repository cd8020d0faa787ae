"""The weekly report's bars: a year's half of a whole province, many small suites, and ten million rows in one pass.

The province is `benchmarks/_report_province.py`; gathering, measuring and writing are the real ones. Each bar has a
process of its own, so that its memory is its own.
"""

import json
import multiprocessing
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks._bar import Bar
from benchmarks._report_province import MEMBERS, MONDAY, STANDARDS, WEEKS, fill, make_home

SUITES = 350
ROWS = 10_000_000
WEEK = "2026-W47"


def _peak_mb() -> int:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _alone(work: Callable[..., dict[str, Any]], *args: Any) -> dict[str, Any]:
    """What a function gives in a new process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_told, args=(there, work, args))
    child.start()
    there.close()
    answer = json.loads(here.recv())
    child.join()
    return dict(answer)


def _told(pipe: Any, work: Callable[..., dict[str, Any]], args: tuple[Any, ...]) -> None:
    pipe.send(json.dumps({**work(*args), "peak_mb": _peak_mb()}))
    pipe.close()


# -- a province of half a year


def _weekly(home: str, folder: str) -> dict[str, Any]:
    """One report over the whole province, measured and written from nothing: seconds of each part, sizes."""
    from quality.score import Week
    from services.granary import open_granary
    from services.review.documents import write_report

    granary = open_granary(Path(home), clock=lambda: MONDAY + timedelta(days=7, hours=6))
    start = time.perf_counter()
    made = write_report(granary, Week.parse(WEEK), folder=Path(folder))
    first = time.perf_counter() - start
    start = time.perf_counter()
    again = write_report(granary, Week.parse(WEEK), folder=Path(folder))
    granary.close()
    report = made.report
    return {
        "seconds": first,
        "again_seconds": round(time.perf_counter() - start, 2),
        "same_bytes": made.issued.digest == again.issued.digest,
        "members": len(report.members),
        "datasets": report.totals.datasets,
        "scored": len(report.scores),
        "measured": sum(m is not None for s in report.scores for c in s.cards if c for m in c.dimensions.values()),
        "rows_changed": sum(change.changed for one in report.changes for change in one.members),
        "decisions": len(report.items),
        "html_kb": made.html.stat().st_size // 1024,
        "xlsx_kb": made.xlsx.stat().st_size // 1024,
        "json_kb": made.json.stat().st_size // 1024,
    }


def _province() -> Iterator[tuple[str, Bar]]:
    with _folder() as folder:
        home = make_home(folder)
        filled = fill(home)
        found = _alone(_weekly, str(home), str(folder / "kertas"))
    seconds, peak = found.pop("seconds"), found.pop("peak_mb")
    facts = {**found, **filled, "standards": STANDARDS, "weeks": WEEKS}
    whole = found["members"] >= MEMBERS and found["same_bytes"] and found["measured"] and found["rows_changed"]
    yield "report_seconds", Bar(round(seconds, 2), "<= 30", seconds <= 30 and bool(whole), facts)
    yield "report_memory_mb", Bar(peak, "<= 1024", peak <= 1024)


# -- many small suites


def _suites() -> dict[str, Any]:
    """Import Great Expectations, build a suite for each table and judge it by one query."""
    start = time.perf_counter()
    from benchmarks.quality import contract
    from quality import onepass

    connection = duckdb.connect()
    table = _table(connection, 500)
    standard = contract()
    rules = 0
    for number in range(SUITES):
        connection.register("t", table.slice(number % 100))
        compiled = onepass.compile_suite(standard)  # anew each time, as for 350 standards
        rules += len(compiled.checks)
        result, _ = onepass.evaluate(compiled, connection, "t", order="_at")
        onepass.as_json(compiled, result)
    connection.close()
    return {"seconds": time.perf_counter() - start, "suites": SUITES, "expectations": rules}


def _table(connection: duckdb.DuckDBPyConnection, rows: int) -> pa.Table:
    from benchmarks.quality import _fill as fill

    fill(connection, rows)
    return connection.sql("SELECT * FROM t").to_arrow_table()


# -- ten million rows


def _one_pass(runs: int, path: str) -> dict[str, Any]:
    """The bare query (`runs` 0: not at all) and the judged pass over the same rows, in turns; median seconds."""
    from benchmarks.quality import BARE, contract
    from quality import onepass

    connection = duckdb.connect()
    connection.execute(f"SET threads = {min(4, os.cpu_count() or 1)}")
    connection.execute("SET memory_limit = '1500MB'")
    connection.execute(f"SET temp_directory = '{Path(path).parent}'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{path}')")
    compiled = onepass.compile_suite(contract())
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(runs + 1):
        if runs:
            start = time.perf_counter()
            connection.execute(BARE).fetchall()
            bare.append(time.perf_counter() - start)
        start = time.perf_counter()
        result, _ = onepass.evaluate(compiled, connection, "t", order="_at")
        onepass.as_json(compiled, result)
        ours.append(time.perf_counter() - start)
    connection.close()
    return {"ours": statistics.median(ours[1:] or ours), "bare": statistics.median(bare[1:]) if runs else None}


def _make_rows(path: str) -> dict[str, Any]:
    from benchmarks.quality import _fill as fill

    connection = duckdb.connect(config={"memory_limit": "1500MB", "temp_directory": str(Path(path).parent)})
    connection.execute("SET enable_progress_bar = false")
    fill(connection, ROWS)
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    connection.close()
    return {}


def _ten_million(full: bool) -> Iterator[tuple[str, Bar]]:
    with _folder() as folder:
        path = str(folder / "rows.parquet")
        _alone(_make_rows, path)
        runs = 7 if full else 3
        timed = _alone(_one_pass, runs, path)
        single = _alone(_one_pass, 0, path)
    ratio = timed["ours"] / timed["bare"]
    facts = {
        "rows": ROWS,
        "ours_seconds": round(timed["ours"], 2),
        "bare_seconds": round(timed["bare"], 2),
        "runs": runs,
    }
    yield "one_pass_ratio", Bar(round(ratio, 3), "<= 1.5", ratio <= 1.5, facts)
    yield "one_pass_memory_mb", Bar(single["peak_mb"], "<= 2048", single["peak_mb"] <= 2048)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lumbung-report-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(*, full: bool = False) -> dict[str, Bar]:
    """The three bars, each in processes of its own."""
    bars = dict(_province())
    suites = _alone(_suites)
    seconds = suites.pop("seconds")
    bars["small_suites_seconds"] = Bar(round(seconds, 2), "<= 20", seconds <= 20, suites)
    return bars | dict(_ten_million(full))
