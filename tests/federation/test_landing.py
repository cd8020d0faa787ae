"""Landing: every fetched byte once, durable before it is acknowledged, verified when it is read, replayable."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from federation.errors import LandingDamaged, LandingMissing
from federation.landing import Arrival, Landing, kept_headers
from tests.federation.fetch_factories import landing

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def arrival(sha256: str, resource: str = "r1", **more: object) -> Arrival:
    values = {"source": "s", "dataset": "d", "resource": resource, "url": "https://x/a", "sha256": sha256, "size": 4}
    return Arrival(**(values | {"at": AT} | more))  # type: ignore[arg-type]  # any field


@pytest.fixture
def home(tmp_path: Path, sessions: sessionmaker[Session]) -> Landing:
    return Landing(tmp_path / "landing", sessions)


def test_S22_the_same_bytes_are_kept_once_however_often_they_come(home: Landing) -> None:
    first, second = home.put(b"data"), home.put(b"data")
    assert first == second == hashlib.sha256(b"data").hexdigest()
    files = [p for p in home.folder.rglob("*") if p.is_file()]
    assert files == [home.folder / first[:2] / first]
    assert not files[0].stat().st_mode & 0o222, "kept bytes are read-only"
    home.record([arrival(first), arrival(first, "r2")])
    assert [a.resource for a in home.replay()] == ["r1", "r2"]


def test_damaged_or_missing_bytes_are_never_given_out(home: Landing) -> None:
    sha256 = home.put(b"data")
    assert home.open(sha256).read_bytes() == b"data"
    path = home.path(sha256)
    path.chmod(0o644)
    path.write_bytes(b"dat4")
    with pytest.raises(LandingDamaged):
        home.open(sha256)
    path.unlink()
    with pytest.raises(LandingMissing):
        home.open(sha256)
    with pytest.raises(LandingMissing):
        home.open("../../etc/passwd")


def test_fetching_the_right_bytes_again_heals_damaged_ones(home: Landing) -> None:
    sha256 = home.put(b"data")
    home.path(sha256).chmod(0o644)
    home.path(sha256).write_bytes(b"dat4")
    home.put(b"data")
    assert home.open(sha256).read_bytes() == b"data"


def test_a_prior_fetch_counts_only_for_its_address_and_while_its_bytes_are_there(home: Landing) -> None:
    sha256 = home.put(b"data")
    home.record([arrival(sha256, etag='"a"', last_modified="Sun, 22 Nov 2026 08:00:00 GMT")])
    prior = home.prior("s", "d", "r1", "https://x/a")
    assert prior is not None and (prior.sha256, prior.etag) == (sha256, '"a"')
    assert home.prior("s", "d", "r1", "https://x/moved") is None
    assert home.prior("s", "d", "r2", "https://x/a") is None
    home.path(sha256).unlink()
    assert home.prior("s", "d", "r1", "https://x/a") is None


def test_replay_gives_the_newest_bytes_of_every_resource_in_the_order_they_came(home: Landing) -> None:
    old, new, page = home.put(b"old"), home.put(b"new"), home.put(b"{}")
    home.record([arrival(old), arrival(old, "r2"), arrival(page, "", dataset="")])
    home.record([arrival(new, at=AT + timedelta(days=1)), arrival(new, source="other")])
    assert [(a.source, a.resource, a.sha256) for a in home.replay()] == [
        ("s", "r2", old),
        ("s", "r1", new),
        ("other", "r1", new),
    ]
    assert [a.sha256 for a in home.replay("other")] == [new]


def test_a_confirmed_fetch_leaves_the_first_bytes_and_their_size(home: Landing) -> None:
    sha256 = home.put(b"data")
    home.record([arrival(sha256)])
    home.record([arrival(sha256, status=304, size=0)])
    (only,) = home.replay()
    assert (only.status, only.sha256, only.size) == (304, sha256, 4)


def test_headers_that_are_no_text_are_recorded_without_what_is_none(home: Landing) -> None:
    headers = kept_headers({"ETag": '"a\udcff\x00"', "Set-Cookie": "rahasia", "Content-Type": "text/csv"})
    assert headers == {"etag": '"a?"', "content-type": "text/csv"}
    home.record([arrival(home.put(b"data"), headers=headers, etag=headers["etag"])])


def test_leftovers_of_killed_fetches_are_swept_and_running_ones_are_not(home: Landing) -> None:
    old, fresh = home.temporary(), home.temporary()
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert home.sweep() == 1
    assert not old.exists() and fresh.exists()


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
import federation.landing as module
from tests.federation.fetch_factories import landing
from tests.federation.test_landing import arrival
home = landing(Path({home!r}))
steps = 0
def step(work):
    def inner(*args, **kwargs):
        global steps
        steps += 1
        if steps == {stop}:
            os._exit(9)
        return work(*args, **kwargs)
    return inner
Path.write_bytes, Path.chmod, Path.replace, Path.mkdir, module.sync = map(
    step, (Path.write_bytes, Path.chmod, Path.replace, Path.mkdir, module.sync))
home.record = step(home.record)
for n in range(3):
    data = b"data %d" % n
    sha256 = home.put(data)
    home.record([arrival(sha256, "r%d" % n, size=len(data))])
    print(sha256, flush=True)  # acknowledged
"""


@pytest.mark.parametrize("stop", [1, 2, 3, 5, 6, 7, 8, 11, 14])
def test_D01_a_kill_between_any_two_steps_loses_nothing_that_was_acknowledged(tmp_path: Path, stop: int) -> None:
    code = KILLED.format(root=str(ROOT), home=str(tmp_path), stop=stop)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 9, done.stderr
    acknowledged = done.stdout.split()
    home = landing(tmp_path)
    known = [a.sha256 for a in home.replay()]
    assert known[: len(acknowledged)] == acknowledged
    for sha256 in known:
        assert home.open(sha256)
    for n in range(3):  # the work is simply done again
        data = b"data %d" % n
        sha256 = home.put(data)
        home.record([arrival(sha256, f"r{n}", size=len(data))])
    assert len({a.sha256 for a in home.replay()}) == 3
    home.sweep(-1.0)
    assert list((home.folder / "tmp").iterdir()) == []
