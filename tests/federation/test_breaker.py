"""S07: a host that mostly fails is left alone, tried once after a pause, and trusted again when that went well."""

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from federation.breaker import Breaker, State


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def call(breaker: Breaker, ok: bool | None) -> None:
    ticket = breaker.admit()
    assert ticket is not None
    breaker.done(ticket, ok)


def test_S07_it_opens_at_half_of_twenty_calls_and_not_before() -> None:
    breaker = Breaker(Clock())
    for _ in range(19):
        call(breaker, False)
    assert breaker.state is State.CLOSED
    call(breaker, True)
    assert breaker.state is State.OPEN
    assert breaker.admit() is None


def test_S07_failures_older_than_a_minute_do_not_count() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(19):
        call(breaker, False)
    clock.now += 61
    call(breaker, False)
    assert breaker.state is State.CLOSED


def test_S07_after_thirty_seconds_one_trial_decides() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(20):
        call(breaker, False)
    clock.now += 30
    trial = breaker.admit()
    assert trial is not None
    assert breaker.admit() is None, "only one trial at a time"
    breaker.done(trial, False)
    assert breaker.state is State.OPEN
    clock.now += 30
    call(breaker, True)
    assert breaker.state is State.CLOSED


def test_a_cancelled_trial_leaves_room_for_the_next() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(20):
        call(breaker, False)
    clock.now += 30
    call(breaker, None)
    assert breaker.admit() is not None


class AnyCalls(RuleBasedStateMachine):
    """Whatever order calls begin and end in, the breaker agrees with a model that keeps every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock)
        self.flying: list[tuple[int, int]] = []  # ticket, the model's era when it left
        self.era = 0
        self.answers: deque[tuple[float, bool]] = deque()
        self.opened_at: float | None = None
        self.trial: int | None = None

    @rule(seconds=st.floats(0.1, 45))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def a_call_begins(self) -> None:
        ticket = self.breaker.admit()
        due = self.opened_at is not None and self.clock.now >= self.opened_at + 30 and self.trial is None
        assert (ticket is not None) == (self.opened_at is None or due)
        if ticket is not None:
            if self.opened_at is not None:
                self.era += 1
                self.trial = self.era
            self.flying.append((ticket, self.era))

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), ok=st.sampled_from([True, False, False, None]))
    def a_call_ends(self, data: st.DataObject, ok: bool | None) -> None:
        ticket, era = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self.breaker.done(ticket, ok)
        if era != self.era:
            return
        if self.trial is not None:
            self.trial = None
            if ok is not None:
                self.turn(None if ok else self.clock.now)
        elif self.opened_at is None and ok is not None:
            self.answers.append((self.clock.now, ok))
            recent = [a for t, a in self.answers if t > self.clock.now - 60]
            if len(recent) >= 20 and recent.count(False) * 2 >= len(recent):
                self.turn(self.clock.now)

    @rule(n=st.integers(5, 25), ok=st.booleans())
    def many_calls(self, n: int, ok: bool) -> None:
        for _ in range(n):
            if self.opened_at is None:
                self.a_call_begins()
                ticket, _ = self.flying.pop()
                self.breaker.done(ticket, ok)
                self.answers.append((self.clock.now, ok))
                recent = [a for t, a in self.answers if t > self.clock.now - 60]
                if len(recent) >= 20 and recent.count(False) * 2 >= len(recent):
                    self.turn(self.clock.now)

    def turn(self, opened_at: float | None) -> None:
        self.opened_at = opened_at
        self.answers.clear()
        self.era += 1

    @invariant()
    def states_agree(self) -> None:
        assert (self.breaker.state is State.CLOSED) == (self.opened_at is None)
        assert (self.breaker.wait() > 0) <= (self.opened_at is not None)


TestAnyCalls = AnyCalls.TestCase
TestAnyCalls.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
