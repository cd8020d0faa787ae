"""A listing shows one commit on all of its pages, whatever lands, is compacted or moves into the current table meanwhile."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from catalog import current
from catalog.compaction import compact
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, Province, price

ASK = """query ($where: CommodityPriceFilter, $orderBy: [CommodityPriceOrder!], $first: Int, $after: String, $last: Int,
    $before: String) {
  commodityPrices(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { regionCode date market price } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}"""
Key = tuple[str, int, str | None]
rows = st.dictionaries(st.tuples(st.integers(1, 4), st.sampled_from(["A", "B", None])), st.integers(1, 9), max_size=5)


@dataclass
class Listing:
    """A listing that was begun: what all of its pages together must be, and how far it is.

    `back`: it is read from its end; `to`: the end of its pages to go on from, None where it is whole.
    """

    expected: list[Any]
    down: bool
    back: bool
    size: int
    to: str | None = None
    found: list[Any] = field(default_factory=list)
    around: tuple[str, str] | None = None  # the cursors at both ends of the page read last
    last: int = 0  # its rows


@pytest.fixture
def home(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Province]:
    made = factories.empty_province(tmp_path / "home", sqlite_engine)
    yield made
    made.services.duck.close()


def test_pages_are_of_one_commit_whatever_lands_between_them(home: Province) -> None:
    services = home.services
    standard = services.contracts["commodity_price"]
    examples = iter(range(1_000))

    class Pages(RuleBasedStateMachine):
        @initialize()
        def begins(self) -> None:
            self.name = f"harga-{next(examples)}"  # each example has datasets of its own
            for code in (CITY, REGENCY):
                home.see(code, factories.seen(code, self.name, "Harga"), now=NOW - timedelta(days=1))
            self.rows: dict[Key, int] = {}
            self.open: list[Listing] = []

        @rule(code=st.sampled_from([CITY, REGENCY]), new=rows)
        def lands(self, code: str, new: dict[tuple[int, str | None], int]) -> None:
            if new:
                days = [day for day, _ in new]  # a delivery tells its days anew: docs/adr/0003
                gone = {k for k in self.rows if k[0] == code and min(days) <= k[1] <= max(days)}
                self.rows = {k: p for k, p in self.rows.items() if k not in gone}
                home.commit(code, self.name, [price(code, d, p, market=m) for (d, m), p in new.items()], standard)
            self.rows |= {(code, d, m): p for (d, m), p in new.items()}

        @rule(down=st.booleans(), back=st.booleans(), size=st.integers(1, 3))
        def lists(self, down: bool, back: bool, size: int) -> None:
            expected = [
                {"regionCode": code, "date": f"2026-02-{day:02}", "market": market, "price": rupiah}
                for (code, day, market), rupiah in self.rows.items()
            ]
            expected.sort(key=lambda r: str(r["regionCode"]))
            expected.sort(key=lambda r: str(r["date"]), reverse=down)
            expected.sort(key=lambda r: (r["market"] is None, r["market"] or ""))
            self.open.append(one := Listing(expected, down, back, size))
            self.reads(one)

        @precondition(lambda self: any(one.to for one in self.open))
        @rule(which=st.integers(0, 9))
        def goes_on(self, which: int) -> None:
            left = [one for one in self.open if one.to]
            self.reads(left[which % len(left)])

        @precondition(lambda self: any(one.around for one in self.open))
        @rule(which=st.integers(0, 9))
        def turns_round(self, which: int) -> None:
            """The page before the page read last, or the one behind it where it was read from the end."""
            left = [one for one in self.open if one.around]
            one = left[which % len(left)]
            assert one.around is not None
            found = self.asked(one, {"after": one.around[1]} if one.back else {"before": one.around[0]}, not one.back)
            done = len(one.found) - one.last
            seen = one.found[one.last :] if one.back else one.found[:done]
            assert found["nodes"] == (seen[: one.size] if one.back else seen[max(done - one.size, 0) :])

        @rule()
        def is_compacted(self) -> None:
            compact(services.sessions, services.store, now=NOW)

        @rule()
        def current_rows_follow(self) -> None:
            current.follow(services.sessions, services.store)

        def asked(self, one: Listing, cursor: dict[str, str], back: bool) -> Any:
            ids = [home.dataset(code, self.name) for code in (CITY, REGENCY)]
            order = [{"column": "MARKET"}, {"column": "DATE", "direction": "DESC" if one.down else "ASC"}]
            answer = asyncio.run(
                home.data(
                    ASK,
                    where={"provenance": {"dataset": {"in": ids}}},
                    orderBy=[*order, {"column": "REGION_CODE"}],
                    **{"last" if back else "first": one.size},
                    **cursor,
                )
            )
            return answer["commodityPrices"]

        def reads(self, one: Listing) -> None:
            found = self.asked(one, {"before" if one.back else "after": one.to} if one.to else {}, one.back)
            info, one.last = found["pageInfo"], len(found["nodes"])
            more, passed = info["hasPreviousPage"], info["hasNextPage"]
            if not one.back:
                more, passed = passed, more
            assert passed is (one.to is not None)
            one.found = [*found["nodes"], *one.found] if one.back else [*one.found, *found["nodes"]]
            one.around = (info["startCursor"], info["endCursor"]) if one.last else None
            one.to = info["startCursor" if one.back else "endCursor"] if more else None
            expected = one.expected[-len(one.found) :] if one.back else one.expected[: len(one.found)]
            assert one.found == (expected if one.found else [])
            assert found["totalCount"] == len(one.expected)
            assert one.to or len(one.found) == len(one.expected)

        def teardown(self) -> None:
            for one in getattr(self, "open", []):
                while one.to:
                    self.reads(one)

    run_state_machine_as_test(
        Pages,
        settings=settings(
            max_examples=6,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # a step takes tens of milliseconds: shrinking would take minutes
        ),
    )
