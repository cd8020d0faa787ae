"""Killed at any point, a harvest loses nothing that was acknowledged, repeats nothing, and leaves nothing lying about."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog import maintenance
from catalog.models import RowFile, SourceLease
from services.intake.tidy import tidy
from tests.services import factories as make
from tests.services.factories import NOW, PEOPLE, PRICES, Home

ROOT = Path(__file__).parents[2]
STREAMS = 4  # prices, two of population, and a table without a standard


@dataclass
class Dying:
    """The process whose children die."""

    process: "subprocess.Popen[str]"

    def harvest(self, home: Path, turn: int, point: int = 0) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        now = (NOW + timedelta(minutes=turn)).isoformat()
        self.process.stdin.write(f"{home} {point} {now}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'graphql'}"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.services.dying"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Dying(process)
        assert process.stdin is not None
        process.stdin.close()


def deliver(drop: Path, turn: int) -> None:
    """The files of a turn: every table differs from the one before, one row of the prices is wrong."""
    text = make.prices(12, price=12_000 + 100 * turn)
    make.write(drop, "harga.csv", text + f"01/10/2026;Pasar Sentral;Beras;mahal {turn}\n")
    make.write(drop, "penduduk kota.csv", make.people(*range(100 + turn, 120 + turn)))
    make.write(drop, "kota/penduduk lama.csv", make.people(*range(turn, turn + 5)))
    make.write(drop, "catatan.csv", f"a;b\n{turn};x\n{turn};y\n")
    make.write(drop, "laporan.pdf", f"%PDF-1.7 {turn}\n%%EOF".encode())


def as_delivered(home: Home, turn: int) -> None:
    """What readers get is what an undisturbed harvest of that turn gives."""
    found = [(row["date"], row["price"]) for row in home.rows("commodity_price")]
    assert found == [(date(2026, 10, 13) + timedelta(days=i), 12_000 + 100 * turn + i) for i in range(12)]
    counts = sorted(row["people"] for row in home.rows("population"))
    assert counts == sorted([*range(100 + turn, 120 + turn), *range(turn, turn + 5)])
    assert [row["a"] for row in home.text_rows(home.datasets["catatan"].id)] == [str(turn)] * 2
    assert [row.original["harga"] for row in home.returned][-1:] and {
        row.original["harga"] for row in home.returned
    } == {f"mahal {n}" for n in range(turn + 1)}


def kill_series(dying: Dying, home: Home, kills: int, seed: int) -> None:
    drop = home.drop(PRICES, PEOPLE)
    for turn in range(2):  # the first makes folders that later ones find
        deliver(drop, turn)
        first = dying.harvest(home.folder, turn)
        assert first["report"] == {"state": "ok", "snapshots": STREAMS, "error": None}
    chance = random.Random(seed)  # it chooses moments, not secrets
    points = first["passed"]
    chosen = [1 + (points * i + chance.randrange(points)) // kills for i in range(kills)]  # spread over all phases
    turn = 1
    for place in chosen:
        point = place
        while True:
            turn += 1
            deliver(drop, turn)
            died = dying.harvest(home.folder, turn, point)
            if died["killed"]:
                break
            point -= 12  # several arrivals may share one commit, so that this harvest had fewer moments
        assert died["report"] is None
        known = {s.seq for s in home.snapshots}
        assert set(died["seqs"]) <= known  # whatever was acknowledged is there
        home.sound()
        after = dying.harvest(home.folder, turn)
        assert (after["killed"], after["report"]["state"], after["report"]["error"]) == (False, "ok", None)
        found = home.snapshots
        assert known <= {s.seq for s in found}
        assert [s.seq for s in found] == list(range(1, STREAMS * (turn + 1) + 1))  # each table once a turn
        as_delivered(home, turn)
        home.sound()
    states = [(r.state, r.resumes) for r in home.runs]
    crashed = [r.id for r in home.runs if r.state == "crashed"]
    assert {s for s, _ in states} <= {"ok", "crashed"}
    assert {resumed for _, resumed in states} == {None, *crashed}  # each crash was seen and taken up
    # some die before their run began or, over the files and tables that a harvest tidies at its end, after it ended
    assert kills / 2 - 2 <= len(crashed) <= kills
    assert home.all(SourceLease) == []
    home.close()
    nothing_left(home)


def nothing_left(home: Home) -> None:
    """After maintenance there is no file that nobody refers to."""
    granary = home.granary
    tidy(granary, older_than_seconds=0)
    maintenance.sweep_orphans(granary.sessions, granary.store, older_than_seconds=0)
    maintenance.sweep_orphans(granary.sessions, granary.returned, quarantine=True, older_than_seconds=0)
    assert list(granary.staging.iterdir()) == []
    assert list(granary.store.leftovers()) == list(granary.returned.leftovers()) == []
    assert list((home.folder / "landing" / "tmp").iterdir()) == []
    named = {s.content_sha256 for s in home.snapshots} | {f.sha256 for f in home.all(RowFile)}
    assert set(granary.store.names()) == named


def test_P01_P03_D01_killed_at_four_points_a_harvest_loses_and_repeats_nothing(dying: Dying, home: Home) -> None:
    kill_series(dying, home, kills=4, seed=71)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_P01_P03_D01_killed_at_fifty_points_a_harvest_loses_and_repeats_nothing(
    dying: Dying, home: Home, seed: int
) -> None:
    kill_series(dying, home, kills=50, seed=seed)
