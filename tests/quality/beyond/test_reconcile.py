"""Sums, parts, sources against each other and freshness, over rows of shipped standards."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.contract import Contract
from core.contract_checks import Agree, Checks, Parts, Reconcile
from core.contracts import load_contract
from quality.beyond import disagree, fresh, parts, reconcile
from quality.beyond.finding import Check, Due, Found, Kind, Outcome, Tally, Unmade
from tests.quality.beyond.factories import ArrowRows, settings

SHIPPED = Path(__file__).resolve().parents[3] / "quality" / "contracts"
REGENCIES = [r.code for r in settings().regions.children("33")]


def standard(name: str, **checks: object) -> Contract:
    contract = load_contract(SHIPPED / f"{name}.yaml")
    return replace(contract, metadata=replace(contract.metadata, checks=Checks(**checks)))  # type: ignore[arg-type]  # each test names its own


POPULATION = standard(
    "population",
    reconcile=(Reconcile("province", "people", "region_code", ("year", "sex"), {"district": None}),),
    parts=(Parts("sexes", "people", "sex", "total", ("region_code", "year", "district"), ("L", "P")),),
    agree=(Agree("sources", "people", ("region_code", "year", "sex", "district"), tolerance=0.01),),
    fresh=("year",),
)


def ask(
    check: Check, contract: Contract, *rows: Mapping[str, object], due: Mapping[str, Due] | None = None
) -> list[Outcome]:
    return list(check(contract, ArrowRows(contract, rows), settings(due=due, datasets=("d", "p", "q"))))


def person(region: str, people: int | None, **more: object) -> dict[str, object]:
    row = {"region_code": region, "year": 2025, "sex": "total", "people": people, "_member": region}
    return row | {"_dataset": f"of {region}", "_resource": f"r {region}"} | more


def found(outcomes: list[Outcome]) -> list[Found]:
    return [one for one in outcomes if isinstance(one, Found)]


def tallies(outcomes: list[Outcome]) -> list[Tally]:
    return [one for one in outcomes if isinstance(one, Tally)]


def test_a_province_that_is_the_sum_of_its_regencies_is_measured_and_nothing_is_found() -> None:
    rows = [person(code, 10) for code in REGENCIES]
    outcomes = ask(reconcile.check, POPULATION, *rows, person("33", 10 * len(REGENCIES)))
    assert outcomes == [Tally(Kind.SUM, "province", "of 33", 0, 1)]


def test_a_province_that_is_not_the_sum_names_both_numbers_their_rows_and_their_sources() -> None:
    rows = [person(code, 10, _row=7, _source=f"portal-{code}") for code in REGENCIES]
    outcomes = ask(reconcile.check, POPULATION, *rows, person("33", 400, _row=3))
    (one,) = found(outcomes)
    assert (one.kind, one.member, one.key) == (
        Kind.SUM, "33", {"region_code": "33", "year": 2025, "sex": "total"},
    )  # fmt: skip
    assert (one.seen.value, one.seen.rows[0].row, one.expected[0].value) == (400, 3, 350)
    assert one.expected[0].rows[0].source == f"portal-{REGENCIES[0]}" and one.expected[0].count == 35
    assert (one.values["difference"], one.values["tolerance"]) == (50, "0")
    assert tallies(outcomes) == [Tally(Kind.SUM, "province", "of 33", 1, 1)]
    assert len(one.concerns) == 36


def test_a_missing_regency_makes_the_sum_incomplete_and_not_wrong() -> None:
    rows = [person(code, 10) for code in REGENCIES[2:]]
    outcomes = ask(reconcile.check, POPULATION, *rows, person("33", 400))
    (one,) = found(outcomes)
    assert one.kind is Kind.SUM_INCOMPLETE
    assert one.values["missing"] == 2 and one.expected[0].value == ", ".join(REGENCIES[:2])
    assert not tallies(outcomes)  # not measured is not good


def test_every_sum_that_lacks_the_same_regencies_is_told_once() -> None:
    rows = [person(code, 10, year=year) for code in REGENCIES[1:] for year in (2024, 2025)]
    outcomes = ask(reconcile.check, POPULATION, *rows, person("33", 1, year=2024), person("33", 1))
    (one,) = found(outcomes)
    assert one.values["groups"] == 2 and one.as_of == date(2025, 1, 1)


def test_a_regencys_own_figure_counts_before_what_others_say_of_it() -> None:
    told = [person(code, 99, _member="33", _dataset="p", _resource="p") for code in REGENCIES]
    own = [person(code, 10) for code in REGENCIES]
    assert not found(ask(reconcile.check, POPULATION, *told, *own, person("33", 350)))


def test_without_a_figure_of_the_province_the_check_says_that_it_could_not_be_made() -> None:
    outcomes = ask(reconcile.check, POPULATION, person("33.74", 10))
    assert outcomes == [Unmade(Kind.SUM, "province", "finding.unmade.no_total", {"rule": "province"})]


def test_a_standard_without_declarations_is_not_looked_at() -> None:
    for check in (reconcile.check, parts.check, disagree.check, fresh.check):
        assert ask(check, standard("permit")) == []


@given(st.lists(st.integers(0, 1_000_000), min_size=35, max_size=35), st.integers(-5, 5))
@hypothesis_settings(max_examples=10, deadline=None)
def test_exactly_the_wrong_sums_are_found(people: list[int], off: int) -> None:
    rows = [person(code, n) for code, n in zip(REGENCIES, people, strict=True)]
    outcomes = ask(reconcile.check, POPULATION, *rows, person("33", sum(people) + off))
    assert bool(found(outcomes)) is (off != 0)


def test_sexes_that_do_not_add_up_to_their_total_are_found_in_the_file_that_states_it() -> None:
    rows = [person("33.74", n, sex=sex) for sex, n in (("L", 40), ("P", 41), ("total", 80))]
    (one,) = found(ask(parts.check, POPULATION, *rows))
    assert (one.kind, one.seen.value, one.expected[0].value) == (Kind.PARTS, 80, 81)
    assert one.dataset == "of 33.74" and len(one.expected[0].rows) == 2


def test_parts_of_another_file_are_not_taken_for_parts() -> None:
    rows = [person("33.74", 40, sex="L"), person("33.74", 41, sex="P", _resource="other"), person("33.74", 80)]
    (one,) = found(ask(parts.check, POPULATION, *rows))
    assert one.kind is Kind.PARTS_INCOMPLETE and one.values["names"] == "P"


def test_a_part_whose_count_is_not_shown_leaves_nothing_to_compare() -> None:
    rows = [person("33.74", None, sex="L"), person("33.74", 41, sex="P"), person("33.74", 80)]
    assert ask(parts.check, POPULATION, *rows) == []


def test_two_sources_that_disagree_beyond_the_tolerance_are_set_beside_each_other() -> None:
    mine, theirs = person("33.74", 1000), person("33.74", 1020, _member="33", _dataset="p", _source="provinsi")
    outcomes = ask(disagree.check, POPULATION, theirs, mine)
    (one,) = found(outcomes)
    assert (one.member, one.seen.value, one.expected[0].value) == ("33.74", 1000, 1020)  # its own first
    assert one.values["other_source"] == "Data p (provinsi)" and one.values["tolerance"] == "1"
    assert {t.dataset: (t.failed, t.measured) for t in tallies(outcomes)} == {"of 33.74": (1, 1), "p": (1, 1)}


def test_two_sources_within_the_tolerance_agree_and_are_measured() -> None:
    outcomes = ask(disagree.check, POPULATION, person("33.74", 1000), person("33.74", 1010, _dataset="p"))
    assert not found(outcomes) and [t.failed for t in tallies(outcomes)] == [0, 0]


def test_one_source_alone_is_not_measured_against_another() -> None:
    assert ask(disagree.check, POPULATION, person("33.74", 1000), person("33.75", 7, _dataset="p")) == []


def test_a_member_whose_newest_rows_are_older_than_what_was_due_is_stale() -> None:
    due = {"of 33.74": Due("2025", date(2025, 1, 1))}
    (one,) = found(ask(fresh.check, POPULATION, person("33.74", 1, year=2023), due=due))
    assert (one.kind, one.seen.value, one.expected[0].value) == (Kind.STALE, date(2023, 12, 31), date(2025, 1, 1))
    assert not ask(fresh.check, POPULATION, person("33.74", 1), due=due)


def test_an_archive_beside_the_living_table_is_not_stale_and_a_year_to_come_makes_nothing_fresh() -> None:
    due = {"q": Due("2025", date(2025, 1, 1))}
    archive, living = person("33.74", 1, year=2019), person("33.74", 1, _dataset="q")
    assert not ask(fresh.check, POPULATION, archive, living, due=due)
    (one,) = found(
        ask(
            fresh.check, POPULATION, person("33.74", 1, year=2019, _dataset="q"), person("33.74", 1, year=2030), due=due
        )
    )
    assert one.seen.value == date(2019, 12, 31)


@pytest.mark.parametrize("check", [reconcile.check, parts.check, disagree.check])
def test_a_rule_over_a_column_that_may_not_be_read_says_so(check: Check) -> None:
    rows = ArrowRows(POPULATION, [person("33.74", 1)])
    rows.columns -= {"people"}
    (one,) = check(POPULATION, rows, settings())
    assert isinstance(one, Unmade) and (one.message, one.values) == ("finding.unmade.closed", {"columns": "people"})


def test_a_finding_keeps_its_id_when_its_numbers_change_and_what_was_accepted_is_told_apart() -> None:
    first, second = (
        found(
            ask(parts.check, POPULATION, *[person("33.74", n, sex=s) for s, n in (("L", 40), ("P", 41), ("total", t))])
        )[0]
        for t in (80, 90)
    )
    assert first.id == second.id and first.standing != second.standing
