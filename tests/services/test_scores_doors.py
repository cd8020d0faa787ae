"""Scores through the graph: the counts of the command line, for whoever may know of what was counted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, update

from catalog.models import Dataset
from core.access import Role
from core.contract import Classification
from tests.services import factories as make
from tests.services.doors import Graph
from tests.services.factories import CITY, Hand, Home

NOW = datetime(2024, 11, 24, 4, 0, tzinfo=UTC)  # the Sunday of week 47
MEASURE = "{ passed measured share opens }"
CARD = f"level id week validity {MEASURE} consistency {MEASURE} gates {{ standard codes }} mqa {{ points of band }}"


@pytest.fixture
def graph(home: Home) -> Iterator[Graph]:
    """The graph of a home with two deliveries of the city: ten rows of which three fail, and twenty sound ones."""
    home.clock = Hand(NOW)
    folder = home.drop(make.PRICES)
    cells = ["", "murah", *["12000"] * 8]
    faulty = make.prices(10, first=date(2024, 10, 13), harga=cells, komoditas=["Beras"] * 9 + ["Entah apa"])
    make.write(folder, "Harga pangan.csv", faulty, at=NOW)
    make.write(folder, "Harga beras.csv", make.prices(20, first=date(2024, 10, 13)), at=NOW)
    assert home.harvest().state == "ok"
    made = Graph(home)
    yield made
    made.close()


def member_scores(graph: Graph, token: str | None, **variables: Any) -> list[dict[str, Any]]:
    query = f"query($week: String, $weeks: Int! = 1) {{ members {{ code scores(week: $week, weeks: $weeks) {{ {CARD} }} }} }}"
    found = {one["code"]: one["scores"] for one in graph.data(query, token, **variables)["members"]}
    scores: list[dict[str, Any]] = found[CITY]
    return scores


def test_a_members_score_is_the_sum_of_its_datasets_and_opens_to_the_rows(graph: Graph) -> None:
    [card] = member_scores(graph, graph.token(Role.STEWARD, member=CITY))
    assert (card["level"], card["id"], card["week"]) == ("MEMBER", CITY, "2024-W47")
    opens = f"lumbung scores opens validity --level member --id {CITY} --week 2024-W47"
    assert card["validity"] == {"passed": 27, "measured": 30, "share": 0.9, "opens": opens}
    assert card["consistency"] is None, "what was not measured is neither nothing nor all"
    assert card["mqa"]["of"] == 405 and card["gates"]["standard"] is True


def test_datasets_and_levels_give_the_same_counts(graph: Graph) -> None:
    token = graph.token(Role.COORDINATOR)
    query = f"{{ datasets {{ nodes {{ id scores {{ {CARD} }} }} }} scores(level: DATASET) {{ nodes {{ {CARD} }} }} }}"
    found = graph.data(query, token)
    of_each = {one["id"]: one["scores"] for one in found["datasets"]["nodes"]}
    assert {id_: [card] for card in found["scores"]["nodes"] if (id_ := card["id"])} == of_each
    assert sorted(cards[0]["validity"]["measured"] for cards in of_each.values()) == [10, 20]


def test_weeks_come_oldest_first_and_one_before_anything_was_known_is_left_out(graph: Graph, home: Home) -> None:
    assert isinstance(home.clock, Hand)
    home.clock.forward(days=7)
    token = graph.token(Role.REVIEWER)
    assert [card["week"] for card in member_scores(graph, token, weeks=5)] == ["2024-W47", "2024-W48"]
    assert [card["week"] for card in member_scores(graph, token, week="2024-W47")] == ["2024-W47"]


def test_A14_scores_tell_nobody_of_a_dataset_that_it_may_not_know(graph: Graph, home: Home) -> None:
    query = "{ scores(level: DATASET) { nodes { id } } members { code scores { validity { measured } } } }"
    assert graph.data(query)["scores"]["nodes"] == [] == member_scores(graph, None)
    with home.granary.sessions.begin() as session:
        small = Dataset.title == "Harga pangan"
        session.execute(update(Dataset).where(small).values(classification=Classification.CLOSED.value))
    shown = {
        who: graph.data(query, graph.token(role, member=member))
        for who, role, member in (
            ("own", Role.STEWARD, CITY), ("other", Role.STEWARD, "99.02"), ("province", Role.COORDINATOR, None),
        )
    }  # fmt: skip
    assert {who: len(found["scores"]["nodes"]) for who, found in shown.items()} == {"own": 2, "other": 1, "province": 1}
    sums = {
        who: next(one["scores"][0]["validity"]["measured"] for one in found["members"] if one["code"] == CITY)
        for who, found in shown.items()
    }
    assert sums == {"own": 30, "other": 20, "province": 30}, "the province's report has the whole sum too"


@pytest.mark.parametrize(("argument", "code"), [('week: "2024-W53"', "WEEK_UNKNOWN"), ("weeks: 0", "PAGE_INVALID")])
def test_G17_a_week_or_a_number_of_weeks_that_cannot_be_is_named(graph: Graph, argument: str, code: str) -> None:
    with pytest.raises(AssertionError, match=code):
        graph.data(f"{{ members {{ scores({argument}) {{ week }} }} }}", graph.token(Role.COORDINATOR))


def test_scores_of_many_datasets_are_one_look(graph: Graph, home: Home) -> None:
    token, asked = graph.token(Role.COORDINATOR), list[str]()
    event.listen(home.granary.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = graph.data("{ datasets { nodes { scores { week } } } }", token)
    assert [len(one["scores"]) for one in found["datasets"]["nodes"]] == [1, 1]
    assert sum("FROM measured_week" in statement for statement in asked) == 1
