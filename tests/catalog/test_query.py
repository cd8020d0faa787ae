"""Reading the catalogue: pages that neither skip nor repeat, filters, and nobody sees what is not theirs to see."""

import base64
import json
from datetime import timedelta

import pytest

from catalog import query, runs
from catalog.datasets import SeenDataset
from catalog.decisions import withdraw
from catalog.drafts import CheckDraft, QuarantineDraft, ReturnedRow
from catalog.errors import AsOfUnknown, SnapshotMissing
from catalog.lineage import derived_from, of
from catalog.models import DatasetState, RunState
from catalog.query import DatasetFilter, RunFilter
from core.access import ANONYMOUS, SYSTEM, Actor, Role
from core.contract import Classification
from core.rows_errors import CursorInvalid, PageInvalid
from core.verdict import Verdict
from tests.catalog.factories import DAY, NOW, REPLACE, Catalogue, rows, seen, text_file

KUDUS = Actor(id="k", name="Walidata Kudus", roles=frozenset({Role.STEWARD}), member="33.19")
SEMARANG = Actor(id="s", name="Walidata Semarang", roles=frozenset({Role.STEWARD}), member="33.74")
COORDINATOR = Actor(id="c", name="Koordinator", roles=frozenset({Role.COORDINATOR}))
EVERYONE = [ANONYMOUS, KUDUS, SEMARANG, COORDINATOR]


def of_class(name: str, classification: Classification | None) -> SeenDataset:
    return seen(name, classification=classification)


@pytest.fixture
def filled(catalogue: Catalogue) -> Catalogue:
    catalogue.crawl(
        of_class("terbuka", Classification.OPEN),
        of_class("terbatas", Classification.LIMITED),
        of_class("tertutup", Classification.CLOSED),
        of_class("belum", None),
    )
    return catalogue


@pytest.mark.parametrize(
    ("actor", "names"),
    [
        (ANONYMOUS, {"terbuka"}),
        (KUDUS, {"terbuka", "belum"}),
        (SEMARANG, {"terbuka", "belum", "terbatas", "tertutup"}),
        (COORDINATOR, {"terbuka", "belum", "terbatas"}),
    ],
    ids=lambda value: value.name if isinstance(value, Actor) else "",
)
def test_each_sees_the_datasets_of_its_classes_in_lists_counts_and_by_id(
    filled: Catalogue, actor: Actor, names: set[str]
) -> None:
    with filled.sessions() as session:
        everything = query.datasets(session, SEMARANG).items
        found = query.datasets(session, actor)
        assert {d.origin_id for d in found.items} == names
        assert query.count_datasets(session, actor) == len(names)
        ids = [d.id for d in everything]
        assert {d.origin_id for d in query.datasets_by_id(session, actor, ids).values()} == names
        shown = query.resources(session, actor, ids)
        assert {d.origin_id for d in everything if shown[d.id]} == names


def test_pages_follow_each_other_while_others_write(catalogue: Catalogue) -> None:
    catalogue.crawl(*(seen(f"d{n:02}", title="Sama" if n % 2 else f"Judul {n:02}") for n in range(25)))
    got: list[str] = []
    after = None
    while True:
        with catalogue.sessions() as session:
            page = query.datasets(session, SEMARANG, first=4, after=after)
        got += [d.origin_id for d in page.items]
        catalogue.crawl(seen(f"new{len(got)}", title="A sebelum semua"), complete=False)
        if not page.has_next:
            break
        after = page.end
    assert sorted(got) == [f"d{n:02}" for n in range(25)]


def cursor(*place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "%%%",
        cursor(),
        cursor("a"),
        cursor(1, 2),
        cursor({"t": "gestern"}, "a"),
        cursor(None, None),
        cursor("a\0", "b"),
        cursor("\ud800", "b"),
    ],
)
def test_a_cursor_that_was_not_given_out_is_refused(catalogue: Catalogue, wrong: str) -> None:
    with catalogue.sessions() as session, pytest.raises(CursorInvalid):
        query.datasets(session, SEMARANG, after=wrong)


@pytest.mark.parametrize("first", [0, -1, 1001, 2**31])
def test_G17_a_page_size_outside_the_limits_is_refused(catalogue: Catalogue, first: int) -> None:
    with catalogue.sessions() as session, pytest.raises(PageInvalid):
        query.datasets(session, SEMARANG, first=first)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("harga", {"a", "b"}),
        ("HARGA  beras", {"a"}),
        ("béras", {"a"}),
        ("%", {"a", "b", "c"}),
        ("_ar_a", {"a", "b"}),
        ("harga' OR 1=1 --", set()),
        ("dinas-perdagangan", {"a", "b", "c"}),
    ],
)
def test_R03_search_finds_every_word_whatever_its_case_and_reads_no_pattern(
    catalogue: Catalogue, text: str, found: set[str]
) -> None:
    catalogue.crawl(
        seen("a", name="x", title="Harga Beras"),
        seen("b", name="y", title="Harga cabai"),
        seen("c", name="z", title="Curah hujan", tags=()),
    )
    with catalogue.sessions() as session:
        assert {d.origin_id for d in query.datasets(session, SEMARANG, DatasetFilter(text=text)).items} == found


def test_filters_narrow_and_withdrawn_datasets_are_asked_for_by_name(catalogue: Catalogue) -> None:
    catalogue.crawl(seen("a"), seen("b", organisation="bpbd"))
    catalogue.crawl(seen("c"), source="kudus", member="33.19")
    catalogue.commit(catalogue.resource("a"), rows(("beras", 1, 1)))
    with catalogue.sessions() as session:
        b = query.datasets(session, SEMARANG, DatasetFilter(organisation="bpbd")).items[0]
    withdraw(catalogue.sessions, b.id, actor=SYSTEM, reason="uji", now=NOW)
    cases = {
        "a": DatasetFilter(member="33.74"),
        "b": DatasetFilter(states=frozenset({DatasetState.WITHDRAWN})),
        "c": DatasetFilter(source="kudus"),
        "ac": DatasetFilter(),
        "a ": DatasetFilter(contract="price"),
        " a": DatasetFilter(mapped=True),
        " c": DatasetFilter(mapped=False),
        "c ": DatasetFilter(classification=Classification.UNCLASSIFIED),
    }
    with catalogue.sessions() as session:
        for wanted, asked in cases.items():
            found = query.datasets(session, SEMARANG, asked).items
            assert "".join(sorted(d.origin_id for d in found)) == wanted.strip(), asked
            assert query.count_datasets(session, SEMARANG, asked) == len(found)


def commit_with_returned_rows(catalogue: Catalogue, run_id: str | None = None) -> str:
    resource = catalogue.resource("belum")
    kept = catalogue.store.put(text_file(catalogue.folder / "q", ["a"], [["NIK 3374"]] * 3))
    first = [ReturnedRow(n, {"a": "NIK 3374"}, ["unknown_region"]) for n in (2, 3, 4)]
    returned = QuarantineDraft(kept, 3, {"unknown_region": 3}, first)
    check = CheckDraft(statistics={"rows": 4}, result=b"{}")
    catalogue.commit(resource, rows(("beras", 1, 1)), check=check, quarantine=returned, run_id=run_id)
    return resource


def test_checks_are_for_members_and_returned_rows_for_their_owner(filled: Catalogue) -> None:
    resource = commit_with_returned_rows(filled)
    with filled.sessions() as session:
        assert {a.name for a in EVERYONE if query.checks(session, a, resource_id=resource).items} == {
            a.name for a in (KUDUS, SEMARANG, COORDINATOR)
        }
        assert list(query.latest_checks(session, SEMARANG, [resource])) == [resource]
        assert query.latest_checks(session, ANONYMOUS, [resource]) == {}
        (batch,) = query.batches(session, SEMARANG, member="33.74").items
        assert {a.name for a in EVERYONE if query.batches(session, a).items} == {SEMARANG.name, COORDINATOR.name}
        page = query.quarantine_rows(session, SEMARANG, batch.id, first=2)
        assert ([r.row for r in page.items], page.has_next) == ([2, 3], True)
        rest = query.quarantine_rows(session, SEMARANG, batch.id, first=2, after=page.end)
        assert ([r.row for r in rest.items], rest.has_next) == ([4], False)
        assert query.quarantine_rows(session, KUDUS, batch.id).items == ()


def test_runs_are_for_members_their_errors_for_the_owner(catalogue: Catalogue) -> None:
    for number, source in enumerate(["semarang", "kudus", "semarang"]):
        lease = runs.start(
            catalogue.sessions, source=source, member="33.74" if source == "semarang" else "33.19",
            now=NOW + timedelta(minutes=number),
        )  # fmt: skip
        runs.record_error(catalogue.sessions, lease.run_id, SnapshotMissing(file="x"), now=NOW)
        if number < 2:
            runs.finish(catalogue.sessions, lease, RunState.OK, now=NOW + DAY)
    with catalogue.sessions() as session:
        newest = query.runs(session, KUDUS, first=1)
        assert (newest.items[0].id, newest.has_next) == (lease.run_id, True)
        assert len(query.runs(session, KUDUS, first=5, after=newest.end).items) == 2
        assert query.runs(session, ANONYMOUS).items == ()
        assert len(query.runs(session, KUDUS, RunFilter(source="semarang", state=RunState.RUNNING)).items) == 1
        assert {a.name for a in EVERYONE if query.errors(session, a, lease.run_id).items} == {
            SEMARANG.name, COORDINATOR.name,
        }  # fmt: skip


def test_a_source_shows_its_last_runs_and_whether_it_is_stale(filled: Catalogue) -> None:
    lease = runs.start(filled.sessions, source="semarang", member="33.74", now=NOW)
    runs.finish(filled.sessions, lease, RunState.OK, now=NOW)
    again = runs.start(filled.sessions, source="semarang", member="33.74", now=NOW + DAY)
    with filled.sessions() as session:
        found = query.sources(session, SEMARANG, ["semarang", "baru"], now=NOW + DAY, stale_hours=25)
        status = found["semarang"]
        assert status.last_run is not None
        assert (status.datasets, status.running, status.stale, status.last_ok) == (4, True, False, NOW)
        assert (status.last_run.id, status.member) == (again.run_id, "33.74")
        assert (found["baru"].stale, found["baru"].last_run, found["baru"].datasets) == (True, None, 0)
        late = query.sources(session, ANONYMOUS, ["semarang"], now=NOW + 2 * DAY, stale_hours=25)["semarang"]
        assert (late.stale, late.datasets) == (True, 1)


def test_snapshots_are_listed_newest_first_and_lead_back_to_their_bytes(filled: Catalogue) -> None:
    resource = commit_with_returned_rows(filled)
    filled.commit(resource, rows(("beras", 1, 2)), mapping={"price": "Harga"}, landed_sha256="b" * 64)
    with filled.sessions() as session:
        assert [s.seq for s in query.snapshots(session, SEMARANG, resource).items] == [2, 1]
        assert list(query.snapshots_by_seq(session, SEMARANG, [1, 2, 3])) == [1, 2]
        way = of(session, 2)
        assert (way.source, way.landed_sha256, way.mapping) == ("semarang", "b" * 64, {"price": "Harga"})
        assert (way.contract, way.contract_version, way.verdict) == ("price", REPLACE.version, Verdict.PUBLISHED)
        assert of(session, 1).check_id is not None
        assert derived_from(session, "b" * 64) == (2,)
        with pytest.raises(AsOfUnknown):
            of(session, 3)
