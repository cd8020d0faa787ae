"""The readers' bars: F1 of records on polluted files beside pandas, DuckDB and frictionless, and speed beside them.

How a file is scored: the records that a tool gives are compared as a multiset with those of the clean twin, cells
stripped, no hints about the file. The header is a record like any other: a tool's header counts where the tool says
that it found one, and several header rows joined must be joined as the twin joins them. Where a file holds two tables,
its twin holds the first, so a tool's first table is scored; `f1_all_tables` counts the records of every table it gives.
A file without any record is read right by giving none, or by a refusal that says so. The score is the mean of F1.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import _reading
from benchmarks._bar import Bar

ROOT = Path(__file__).resolve().parents[1]
POLLOCK = ROOT.parent / "shared" / "data" / "pollock"
PEERS = ("pandas", "duckdb", "frictionless")
#: A program's Python in whose environment frictionless may be found; it is no part of ours.
PEERS_ENV = "LUMBUNG_BENCH_PEERS"
#: frictionless reads about a megabyte a second: it gets the first so many bytes of the large file.
SLOW_BYTES = 4_000_000

Records = Counter[tuple[str, ...]]


def python_of(tool: str) -> tuple[str | None, str]:
    """The Python that can import a tool, or None and why there is none."""
    if tool == "lumbung" or find_spec(tool) is not None:
        return sys.executable, ""
    other = os.environ.get(PEERS_ENV)
    if not other:
        return None, f"{tool} is not installed here, and {PEERS_ENV} names no Python that has it"
    probe = subprocess.run([other, "-c", f"import {tool}"], capture_output=True, check=False)
    return (other, "") if probe.returncode == 0 else (None, f"{PEERS_ENV} cannot import {tool}")


def _child(python: str, arguments: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """The lines that one tool printed, and what it died of, if it did."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [python, str(ROOT / "benchmarks" / "_reading.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return lines, "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1][:200]


def _records(tool: str, variant: str, python: str, files: Sequence[Path]) -> list[dict[str, Any]]:
    """What a tool makes of each file; whatever it raises, it did not read that one."""
    out: list[dict[str, Any]] = []
    while len(out) < len(files):
        answers, error = _child(python, [tool, variant, "records", *map(str, files[len(out) :])])
        out += answers
        if len(out) < len(files):
            out.append({"error": error})
    return out


def f1(got: Records, truth: Records) -> float:
    """The harmonic mean of precision and recall; 1 where neither side has a record."""
    if not got and not truth:
        return 1.0
    return 2 * (got & truth).total() / (got.total() + truth.total())


def _truth(name: str) -> Records:
    with (POLLOCK / "clean" / name).open(newline="", encoding="utf-8") as file:
        return Counter(tuple(cell.strip() for cell in row) for row in csv.reader(file))


def _counted(tables: Sequence[Sequence[Sequence[str]]]) -> Records:
    return Counter(tuple(record) for table in tables for record in table)


def _scores(tool: str, python: str, files: Sequence[Path]) -> dict[str, Any]:
    """The best variant of a tool, its mean and its figure for every file."""
    best: dict[str, Any] = {}
    means: dict[str, float] = {}
    for variant in _reading.VARIANTS[tool]:
        answers = _records(tool, variant, python, files)
        scores: dict[str, float] = {}
        every: list[float] = []
        for path, answer in zip(files, answers, strict=True):
            truth, tables = _truth(path.name), answer.get("tables", [])
            scores[path.stem] = round(f1(_counted(tables[:1]), truth), 4)
            every.append(f1(_counted(tables), truth))
        means[variant] = round(sum(scores.values()) / len(scores), 4)
        if not best or means[variant] > best["mean"]:
            refused = {p.stem: a["error"] for p, a in zip(files, answers, strict=True) if "error" in a}
            best = {
                "mean": means[variant], "variant": variant, "files": scores, "refused": refused,
                "f1_all_tables": round(sum(every) / len(every), 4),
            }  # fmt: skip
    return {**best, "variants": means}


def _pollock() -> dict[str, Bar]:
    names = ["pollock_f1", *(f"pollock_above_{peer}" for peer in PEERS)]
    if not POLLOCK.is_dir():
        return {name: Bar(None, ">= 0.92", None, {"reason": "../shared/data/pollock is absent"}) for name in names}
    files = sorted((POLLOCK / "csv").iterdir())
    ours = _scores("lumbung", sys.executable, files)
    bars = {"pollock_f1": Bar(ours["mean"], ">= 0.92", ours["mean"] >= 0.92, ours)}
    for peer in PEERS:
        python, reason = python_of(peer)
        if python is None:
            bars[f"pollock_above_{peer}"] = Bar(None, "ours above it", None, {"reason": reason})
            continue
        theirs = _scores(peer, python, files)
        bars[f"pollock_above_{peer}"] = Bar(theirs["mean"], f"< {ours['mean']}", ours["mean"] > theirs["mean"], theirs)
    return bars


def generate(path: Path, size: int, *, uneven: bool = False) -> int:
    """Write a price list as offices export it until it has `size` bytes; its rows are returned.

    Quoted names with commas, prices with `Rp`, a note that runs over two lines now and then; `uneven` rows lack their
    last cells, every third one, so that no parser of even tables can take it.
    """
    goods = ("Beras Medium", "Cabai Rawit Merah", '"Minyak Goreng, curah"', "Bawang Putih (Bonggol)", "Telur Ayam Ras")
    row, written = 0, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        written += file.write("No,Tanggal,Kode Wilayah,Nama Wilayah,Pasar,Komoditas,Satuan,Harga,Keterangan\r\n")
        while written < size:
            lines: list[str] = []
            for _ in range(5_000):
                row += 1
                note = '"harga naik,\r\nstok tipis"' if row % 40 == 0 else "" if row % 3 else "stabil"
                price = 8_000 + row * 7919 % 90_000
                cells = [
                    str(row), f"{row % 28 + 1:02}/{row % 12 + 1:02}/2024", f"33.{row % 35 + 1:02}", f"Kab. {row % 35}",
                    f"Pasar Induk {row % 400}", goods[row % 5], "kg", f"Rp {price // 1000}.{price % 1000:03}", note,
                ]  # fmt: skip
                lines.append(",".join(cells[: 7 if uneven and row % 3 == 0 else 9]))
            written += file.write("\r\n".join(lines) + "\r\n")
    return row


def _timed(tool: str, variant: str, python: str, path: Path, runs: int) -> dict[str, Any]:
    """The best of some readings, each in a process of its own."""
    taken = [_child(python, [tool, variant, "time", str(path)])[0][0] for _ in range(runs)]
    best = min(taken, key=lambda one: one["seconds"])
    rate = path.stat().st_size / 1e6 / best["seconds"]
    return {
        "mb_per_second": round(rate, 1), "seconds": round(best["seconds"], 2),
        "peak_mb": max(one["peak_mb"] for one in taken), "rows": best["rows"], "runs": runs,
    }  # fmt: skip


def _speed(folder: Path, size: int, runs: int) -> dict[str, Bar]:
    whole, part = folder / "whole.csv", folder / "part.csv"
    rows = generate(whole, size)
    generate(part, SLOW_BYTES)
    ours = _timed("lumbung", "read", sys.executable, whole, runs)
    facts: dict[str, Any] = {**ours, "mb": round(whole.stat().st_size / 1e6), "load": round(os.getloadavg()[0], 1)}
    bars: dict[str, Bar] = {}
    # pandas in its default for a comma file, which is faster, and finding the delimiter itself as we do
    for name, tool, variant, path in (
        ("pandas", "pandas", "default", whole), ("duckdb", "duckdb", "auto", whole),
        ("pandas_sniffing", "pandas", "sniff", part), ("frictionless", "frictionless", "rows", part),
    ):  # fmt: skip
        python, reason = python_of(tool)
        if python is None:
            bars[f"speed_to_{name}"] = Bar(None, ">= 1", None, {"reason": reason})
            continue
        theirs = {"variant": variant, **_timed(tool, variant, python, path, runs)}
        ratio = round(ours["mb_per_second"] / theirs["mb_per_second"], 2)
        if name == "duckdb":  # faster on two threads, and no bar: it is the one that drops and merges records
            facts["to_duckdb"], facts["duckdb"] = ratio, theirs
        else:
            bars[f"speed_to_{name}"] = Bar(ratio, ">= 1", ratio >= 1, theirs)
    facts["all_rows_read"] = ours["rows"] == rows
    return {"speed": Bar(ours["mb_per_second"], "no bar: MB/s, ratios below", ours["rows"] == rows, facts), **bars}


def _uneven(folder: Path, size: int, runs: int) -> Bar:
    path = folder / "uneven.csv"
    rows = generate(path, size, uneven=True)
    taken = _timed("lumbung", "read", sys.executable, path, runs)
    times = taken["peak_mb"] / (path.stat().st_size / 1e6)
    facts = {**taken, "mb": round(path.stat().st_size / 1e6), "all_rows_read": taken["rows"] == rows}
    return Bar(round(times, 1), "<= 6 bytes of memory a byte of file", times <= 6 and taken["rows"] == rows, facts)


def run(*, full: bool = False) -> dict[str, Bar]:
    """The readers' bars; `full` reads 400 MB and takes the best of five."""
    size, runs = (400_000_000, 5) if full else (100_000_000, 3)
    bars = _pollock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bars |= _speed(folder, size, runs)
        bars["uneven_memory"] = _uneven(folder, size, 1)
    return bars
