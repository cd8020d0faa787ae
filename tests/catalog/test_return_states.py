"""A return moves only as the regulation has it: any order of moves keeps to it, and a refused one changes nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from catalog.return_errors import ReturnMoveRefused
from catalog.return_states import MOVES, State, moved


@given(st.lists(st.sampled_from(State), max_size=40))
def test_whatever_is_asked_a_return_is_only_where_a_move_leads(asked: list[State]) -> None:
    state, been = State.RECEIVED, [State.RECEIVED]
    for to in asked:
        try:
            state = moved("c", state, to)
        except ReturnMoveRefused as error:
            assert to not in MOVES[state]
            assert error.values == {"case": "c", "state": state.value, "to": to.value}
            continue
        been.append(state)
    assert all(after in MOVES[before] for before, after in pairwise(been))
    assert been.count(State.ACCEPTED) <= 1 and (State.ACCEPTED not in been or been[-1] is State.ACCEPTED)
    assert State.RECEIVED not in been[1:]


def test_every_state_but_the_last_leads_somewhere_and_all_can_be_reached() -> None:
    assert {state for state, to in MOVES.items() if not to} == {State.ACCEPTED}
    seen, todo = {State.RECEIVED}, [State.RECEIVED]
    while todo:
        new = MOVES[todo.pop()] - seen
        seen |= new
        todo += new
    assert seen == set(State)


def test_what_is_repaired_is_judged_before_anything_else() -> None:
    assert MOVES[State.REPAIRED] == {State.CHECKED, State.ACCEPTED}
