"""`lumbung demo` for Jawa Tengah, whole: what was planted is what is found, in 35 regencies."""

import json
from pathlib import Path

import pytest

from hub.demo import Province
from tests.hub.test_cli import program

pytestmark = [pytest.mark.long, pytest.mark.prefect]


def test_35_regencies_are_harvested_and_every_planted_fault_is_found(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    words = ("--home", home, "demo", "--once", "--json")
    first = json.loads(program(*words).stdout.splitlines()[-1])
    province = Province.load(home / "simulasi")
    expected = province.expected()
    assert first["members"] == expected["members"] == 35
    assert first["datasets"] == expected["datasets"]
    assert first["failed_sources"] == [f"simulasi-{code}" for code in province.dead]
    done = program("--home", home, "runs", "--limit", "100", "--json")
    counts = [run["counts"] for run in json.loads(done.stdout)]
    assert sum(c["verdicts"].get("held", 0) for c in counts if c) == expected["held"]
    published = [r for r in _rows(home) if r is not None]
    assert sum(published) == expected["published"]
    second = json.loads(program(*words).stdout.splitlines()[-1])
    assert (second["snapshots"], second["rows_published"]) == (0, 0)


def _rows(home: Path) -> list[int | None]:
    done = program("--home", home, "datasets", "--limit", "1000", "--json")
    datasets = json.loads(done.stdout)["datasets"]
    return [r["rows"] for d in datasets for r in d["resources"] if r["contract"] is not None]
