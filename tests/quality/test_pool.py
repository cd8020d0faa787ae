"""The checking processes: typed outcomes and errors come back, a killed process costs nothing but time."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.verdict import Verdict
from quality.errors import CheckFailed, CheckWorkerLost
from quality.pool import CheckPool
from tests.quality import factories as make

PRICE = make.CONTRACTS["commodity_price"]
WAIT = 120


@pytest.fixture(scope="module")
def pool() -> Iterator[CheckPool]:
    with CheckPool(workers=1, memory="512MB", threads=1) as made:
        yield made


def test_outcomes_come_back_from_the_process(pool: CheckPool, tmp_path: Path) -> None:
    answers = [pool.submit(make.job(tmp_path / str(n), make.source(make.prices(n)), PRICE)) for n in (1, 20, 100)]
    outcomes = [answer.result(WAIT) for answer in answers]
    assert [(o.verdict, o.accepted_rows) for o in outcomes] == [(Verdict.PUBLISHED, n) for n in (1, 20, 100)]
    assert all(o.accepted is not None and o.accepted.is_file() for o in outcomes)


def test_typed_errors_come_back_with_their_values(pool: CheckPool, tmp_path: Path) -> None:
    job = make.job(tmp_path, make.source(make.prices(1)), PRICE)
    job.table.unlink()
    with pytest.raises(CheckFailed) as caught:
        pool.submit(job).result(WAIT)
    assert caught.value.values["file"] == job.table


def test_P05_a_delivery_whose_process_was_killed_is_checked_by_the_next(pool: CheckPool, tmp_path: Path) -> None:
    os.kill(pool.warm().result(WAIT), signal.SIGKILL)
    outcome = pool.submit(make.job(tmp_path, make.source(make.prices(3)), PRICE)).result(WAIT)
    assert outcome.verdict is Verdict.PUBLISHED


def _die(_job: object) -> None:
    os._exit(9)


def test_P05_a_delivery_that_kills_every_process_fails_alone_and_closing_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CheckPool(workers=1, memory="512MB", threads=1) as pool:
        monkeypatch.setattr("quality.pool._check", _die)
        lost = pool.submit(make.job(tmp_path, make.source(make.prices(1)), PRICE))
        with pytest.raises(CheckWorkerLost):
            lost.result(WAIT)
        monkeypatch.undo()
        pid = pool.warm().result(WAIT)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
