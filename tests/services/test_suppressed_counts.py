"""Small counts of people are kept by the bytes that were sent and by nothing that is served or exported."""

import pyarrow.parquet as pq

from catalog import holds
from catalog.holds import Decision
from core.access import Actor, Role
from tests.services import factories as make
from tests.services.factories import Home
from tests.services.standard_files_governance import maternal_health


def test_no_committed_file_holds_a_count_that_is_not_shown(home: Home) -> None:
    sent = maternal_health()
    make.write(home.drop(sent.mapping, code=sent.code), sent.file, sent.content)
    assert home.harvest().rows_published == sent.published
    files = [path for path in home.folder.rglob("*.parquet") if "deaths" in pq.read_schema(path).names]
    assert files
    for path in files:
        rows = pq.read_table(path, columns=["deaths", "suppressed", "district"]).to_pylist()
        assert {row["suppressed"] for row in rows} == {True, False}
        assert [row["deaths"] is None for row in rows] == [row["suppressed"] for row in rows]
    shown = {(row["district"], row["cause"]): row["deaths"] for row in home.rows("maternal_health")}
    assert shown["Rejeki", "total"] == 32
    assert shown["Rejeki", "perdarahan"] is None is shown["Pesisir", "perdarahan"]


def test_what_one_resource_hides_no_other_may_tell(home: Home) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, sent.file, sent.content)
    home.harvest()
    make.write(drop, "kematian_ibu_ringkas.csv", sent.content.replace(b"62", b"63"))
    assert dict(home.harvest().holds) == {"TABLE_TOLD_TWICE": 1}
    assert len(home.rows("maternal_health")) == sent.published
    make.write(drop, "kematian_ibu_lama.csv", sent.content.replace(b"2025", b"2024"))
    assert dict(home.harvest().holds) == {}
    assert len(home.rows("maternal_health")) == 2 * sent.published


def test_two_that_come_at_once_do_not_both_pass(home: Home) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, "a.csv", sent.content)
    make.write(drop, "b.csv", sent.content.replace(b"62", b"63"))
    assert dict(home.harvest().holds) == {"TABLE_TOLD_TWICE": 1}
    assert len(home.rows("maternal_health")) == sent.published


def test_an_edition_that_tells_other_figures_waits_for_a_person(home: Home) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, sent.file, sent.content)
    home.harvest()
    before = home.rows("maternal_health")
    corrected = sent.content.replace(b"Semua tempat;30", b"Semua tempat;31").replace(
        b"Semua tempat;32", b"Semua tempat;33"
    )
    make.write(drop, sent.file, corrected.replace(b";62", b";63").replace(b";40", b";41"))
    assert dict(home.harvest().holds) == {"TABLE_TOLD_OTHERWISE": 1}
    assert home.rows("maternal_health") == before
    [why] = home.checks[-1].holds
    assert (why["values"]["tables"], why["values"]["cells"] > 0) == ("2025", True)
    make.write(drop, sent.file, sent.content + b"Hulu;2024;Semua sebab;Semua tempat;9\r\n")  # another year is no change
    assert dict(home.harvest().holds) == {}


def test_a_person_lets_the_correction_pass_and_it_is_on_record(home: Home) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, sent.file, sent.content)
    home.harvest()
    content = sent.content
    infections = b"Rejeki;2025;Infeksi;Semua tempat;3"
    for was, corrected in (
        (b";62", b";63"),
        (b";40", b";41"),
        (b";32", b";33"),
        (infections + b"0", infections + b"1"),
    ):
        content = content.replace(was, corrected)
    make.write(drop, sent.file, content)
    home.harvest()
    granary = home.granary
    [dataset] = home.datasets.values()
    actor = Actor(id="t:1", name="Rina", roles=frozenset({Role.COORDINATOR}))
    holds.decide(
        granary.sessions, granary.contracts, dataset.id, Decision.RELEASED, reason="koreksi jumlah provinsi",
        actor=actor, now=granary.clock(),
    )  # fmt: skip
    assert dict(home.harvest().holds) == {}
    assert "HOLD_RELEASED" in {warned["code"] for warned in home.checks[-1].warnings}
    assert 63 in {row["deaths"] for row in home.rows("maternal_health")}
