"""`lumbung harvest` has all sources under way together: those that hang are waited for by nobody but themselves."""

import threading
from collections import Counter

from federation.member import SourceConfig
from hub.cli.harvest import Turns, harvest_sources
from services.intake.fetching import aside
from services.intake.outcome import SourceReport
from services.intake.source import Watch
from tests.federation.fetch_factories import source

SOURCES = [source("http://127.0.0.1:1", id=f"portal-{n:02}", member=f"33.{n:02}") for n in range(35)]
HANGING = {"portal-00", "portal-01", "portal-02"}


def test_P07_three_of_thirty_five_hang_and_the_others_finish_before_them() -> None:
    through: Counter[str] = Counter()
    lock, all_good = threading.Lock(), threading.Event()

    def one(asked: SourceConfig, watch: Watch) -> list[SourceReport]:
        if asked.id in HANGING:
            state = "failed" if all_good.wait(20) else "waited for the good ones in vain"
            return [SourceReport(source=asked.id, member=asked.member, state=state)]
        with lock:
            through[asked.id] += 1
            if len(through) == len(SOURCES) - len(HANGING):
                all_good.set()
        return [SourceReport(source=asked.id, member=asked.member)]

    reports = harvest_sources(SOURCES, one, at_once=len(HANGING) + 1, quiet=True)
    assert [report.source for report in reports] == [asked.id for asked in SOURCES]
    assert {report.source for report in reports if report.state == "failed"} == HANGING
    assert {report.state for report in reports} == {"ok", "failed"} and set(through.values()) == {1}


def test_no_more_sources_are_under_way_than_asked_for() -> None:
    now, most, lock = 0, 0, threading.Lock()
    met = threading.Barrier(4)  # breaks unless four are under way together

    def one(asked: SourceConfig, watch: Watch) -> list[SourceReport]:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        met.wait(20)
        with lock:
            now -= 1
        return [SourceReport(source=asked.id, member=asked.member)]

    assert len(harvest_sources(SOURCES[:32], one, at_once=4, quiet=True)) == 32
    assert most == 4


def test_P07_a_flow_run_whose_portal_does_not_answer_lets_the_others_have_its_turn() -> None:
    turns, answered = Turns(1), threading.Event()
    order: list[str] = []

    def hanging() -> None:
        with turns.mine():
            with aside.get()():
                waits.set()
                answered.wait(20)
            order.append("hanging")

    waits = threading.Event()
    thread = threading.Thread(target=hanging)
    thread.start()
    assert waits.wait(20)
    for name in ("a", "b"):
        with turns.mine():
            order.append(name)
    answered.set()
    thread.join(20)
    assert order == ["a", "b", "hanging"]
