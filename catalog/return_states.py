"""The states of a return and the moves between them (Perpres 39/2019 arts. 34-35); who moves it is `returns.py`'s."""

from collections.abc import Mapping
from enum import StrEnum

from catalog.return_errors import ReturnMoveRefused


class State(StrEnum):
    """Where a return is between the delivery that was found wrong and the one that is right."""

    RECEIVED = "received"
    CHECKED = "checked"  # what is wrong is known; it waits to be sent back
    RETURNED = "dikembalikan"
    REPAIRED = "repaired"  # a delivery came in which something is right that was wrong
    ACCEPTED = "accepted"  # nothing is wrong any more
    SUSPENDED = "ditangguhkan"  # an official has put the deadline off, until a day


#: From each state where a return may go. What came repaired is either right or has been checked once more.
MOVES: Mapping[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.CHECKED}),
    State.CHECKED: frozenset({State.RETURNED, State.REPAIRED, State.ACCEPTED, State.SUSPENDED}),
    State.RETURNED: frozenset({State.CHECKED, State.REPAIRED, State.ACCEPTED, State.SUSPENDED}),
    State.REPAIRED: frozenset({State.CHECKED, State.ACCEPTED}),
    State.SUSPENDED: frozenset({State.CHECKED, State.RETURNED, State.REPAIRED, State.ACCEPTED, State.SUSPENDED}),
    State.ACCEPTED: frozenset(),
}


def moved(case: str, before: State, to: State) -> State:
    """The state after a move.

    Raises:
        ReturnMoveRefused: there is no such move.
    """
    if to not in MOVES[before]:
        raise ReturnMoveRefused(case=case, state=before.value, to=to.value)
    return to
