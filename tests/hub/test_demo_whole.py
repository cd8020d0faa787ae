"""`lumbung demo` for Jawa Tengah, whole: what was planted is what is found, in 35 regencies."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hub.demo import Province
from tests.hub.test_cli import program

pytestmark = [pytest.mark.long, pytest.mark.prefect]


def test_35_regencies_and_their_province_are_harvested_and_every_planted_fault_is_found(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    words = ("--home", home, "demo", "--once", "--json")
    first = json.loads(program(*words).stdout.splitlines()[-1])
    province = Province.load(home / "simulasi")
    expected = province.expected()
    assert first["members"] == expected["members"] == 36
    assert first["datasets"] == expected["datasets"]
    assert first["failed_sources"] == [f"simulasi-{code}" for code in province.dead]
    done = program("--home", home, "runs", "--limit", "100", "--json")
    counts = [run["counts"] for run in json.loads(done.stdout)]
    assert sum(c["verdicts"].get("held", 0) for c in counts if c) == expected["held"]
    published = [r for r in _rows(home) if r is not None]
    assert sum(published) == expected["published"]
    held = {one["dataset"] for one in json.loads(program("--home", home, "held", "--json").stdout)}
    failed = _opened(home)
    assert len([line for line in failed if line["dataset"] not in held]) == expected["quarantined"]
    _contradicted(home, province)
    second = json.loads(program(*words).stdout.splitlines()[-1])
    assert (second["snapshots"], second["rows_published"]) == (0, 0)


def _contradicted(home: Path, province: Province) -> None:
    """Of sums and of what sources say differently there is what was planted, and nothing else."""
    kinds = {"sum_off": "sum", "price_differs": "disagree"}
    planted = sorted((kinds[p.kind], re.sub(r"\D", "", p.value)) for p in province.planted if p.expect == "finding")
    findings = json.loads(program("--home", home, "findings", "--json").stdout)["findings"]
    found = [one for one in findings if one["kind"] in kinds.values()]
    assert len(found) == len(planted) == province.expected()["findings"]
    for one, (kind, value) in zip(sorted(found, key=lambda one: one["kind"]), planted, strict=True):
        sides = [one["seen"], *one["expected"]]
        assert one["kind"] == kind and value in {str(side["value"]) for side in sides}


def _opened(home: Path) -> list[dict[str, Any]]:
    """The rows behind the province's validity; they are as many as its counts say."""
    [card] = json.loads(program("--home", home, "scores", "--level", "province", "--json").stdout)["scores"]
    validity = card["dimensions"]["validity"]
    lines: list[dict[str, Any]] = json.loads(program("--home", home, *validity["opens"].split()[1:], "--json").stdout)
    assert sum(line["count"] for line in lines) == validity["measured"] - validity["passed"]
    return lines


def _rows(home: Path) -> list[int | None]:
    done = program("--home", home, "datasets", "--limit", "1000", "--json")
    datasets = json.loads(done.stdout)["datasets"]
    return [r["rows"] for d in datasets for r in d["resources"] if r["contract"] is not None]
