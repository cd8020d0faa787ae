"""The checking processes: typed outcomes and errors come back, a killed process costs nothing but time."""

import os
import pickle
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.reference import CodeList, code_list
from core.verdict import Verdict
from quality.errors import CheckFailed, CheckWorkerLost
from quality.lists import Lists, SentList
from quality.pool import CheckPool
from quality.worker import Checker
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


def _known(checker: Checker, sent: SentList) -> tuple[int, str, CodeList]:
    """What a process knows of a list, and which process and suite-keeper that is."""
    return os.getpid(), checker.memory, sent.open()


def test_a_code_list_is_sent_once_and_read_in_the_process_as_it_was(pool: CheckPool) -> None:
    codes = code_list("region", [(f"33.{i:02}.{j:02}", f"Kecamatan {i} {j}", []) for i in range(40) for j in range(20)])
    sent = pool.lists.send(codes)
    assert pool.lists.send(codes) == sent
    assert len(pickle.dumps(sent)) < 1_000 < len(pickle.dumps(codes))
    process, memory, known = pool.call(_known, sent, file=sent.path).result(WAIT)
    assert (process != os.getpid(), memory, known) == (True, "512MB", codes)


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


def test_code_lists_lie_where_leftovers_are_removed_and_are_written_again_where_they_were(tmp_path: Path) -> None:
    lists, codes = Lists(tmp_path), CodeList("satuan", {"kg": "kilogram"}, {"kilo": ("kg",)}, {})
    sent = lists.send(codes)
    assert sent.path.parent.parent == tmp_path
    shutil.rmtree(sent.path.parent)  # somebody took it for a killed process's
    assert lists.send(codes).open().codes == {"kg": "kilogram"}
    lists.close()
    assert list(tmp_path.iterdir()) == []
