"""A source's harvests, one after another: what is published, what is asked, and what nobody has to do twice."""

from datetime import date
from pathlib import Path

from core.access import ANONYMOUS, Actor, Role
from core.verdict import Verdict
from tests.services import factories as make
from tests.services.factories import PEOPLE, PRICES, Hand, Home

MEMBER = Actor(id="t1", name="Walidata Batu Garam", roles=frozenset({Role.STEWARD}), member="99.02")


def test_a_first_harvest_publishes_every_mapped_file_and_keeps_the_rest_as_text(home: Home) -> None:
    drop = home.drop(PRICES, PEOPLE)
    make.write(drop, "harga beras.csv", make.prices(5))
    make.write(drop, "penduduk.csv", make.people(100, 200))
    make.write(drop, "jalan rusak.csv", "ruas;panjang\nJl. Melati;1,5\n")
    report = home.harvest()
    assert (report.state, report.new, report.snapshots, report.rows_published) == ("ok", 3, 3, 8)
    assert [row["price"] for row in home.rows("commodity_price")] == [12_000, 12_001, 12_002, 12_003, 12_004]
    assert {row["region_code"] for row in home.rows("commodity_price")} == {"99.71"}
    assert [row["people"] for row in home.rows("population")] == [100, 200]
    assert home.text_rows(home.datasets["jalan rusak"].id)[0]["panjang"] == "1,5"
    home.sound()


def test_a_second_harvest_publishes_nothing_and_reads_nothing(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices())
    first = home.harvest()
    again = home.harvest()
    assert (first.snapshots, again.snapshots, again.fetched, again.skipped) == (1, 0, 0, True)
    assert (again.datasets, again.resources, again.state) == (1, 1, "ok")
    assert len(home.checks) == 1


def test_an_unchanged_portal_is_asked_one_question(home: Home, tmp_path: Path) -> None:
    make.write(tmp_path / "simpul", "harga.csv", make.prices())
    make.write(tmp_path / "simpul", "catatan.csv", "a;b\n1;2\n")
    with make.portal(tmp_path / "simpul") as portal:
        home.portal(portal.url, PRICES)
        assert home.harvest().snapshots == 2
        portal.asked.clear()
        again = home.harvest()
        assert (again.state, again.snapshots, again.skipped) == ("ok", 0, True)
        assert portal.asked == ["/api/action/package_search"]


def test_a_changed_file_makes_one_snapshot_and_as_of_shows_both(home: Home) -> None:
    drop = home.drop(PRICES, PEOPLE)
    make.write(drop, "harga.csv", make.prices(3))
    make.write(drop, "penduduk.csv", make.people(100, 200))
    home.harvest()
    before = home.snapshots[-1].seq
    make.write(drop, "penduduk.csv", make.people(100, 250, 300))
    report = home.harvest()
    assert (report.changed, report.snapshots, report.rows_published) == (1, 1, 3)
    assert [row["people"] for row in home.rows("population")] == [100, 250, 300]
    assert [row["people"] for row in home.rows("population", as_of=before)] == [100, 200]
    assert len(home.rows("commodity_price")) == 3
    home.sound()


def test_as_of_a_moment_shows_what_was_published_then(home: Home) -> None:
    clock = home.clock
    assert isinstance(clock, Hand)
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1))
    home.harvest()
    then = clock.now
    clock.forward(days=1)
    make.write(drop, "penduduk.csv", make.people(2))
    home.harvest()
    assert [row["people"] for row in home.rows("population", as_of=then)] == [1]
    assert [row["people"] for row in home.rows("population", as_of=clock.now)] == [2]


def test_an_upsert_publishes_what_is_new_and_corrected_and_keeps_history(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(10))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(10, first=date(2026, 10, 16), price=12_003))  # a window rolled on
    report = home.harvest()
    assert (report.snapshots, report.rows_published) == (1, 3)  # 23 to 25 October; the others are as they were
    rows = home.rows("commodity_price")
    assert [row["date"].day for row in rows] == list(range(13, 26))
    assert [row["price"] for row in rows] == [12_000 + i for i in range(13)]


def test_S22_the_same_rows_in_another_file_make_no_new_version(home: Home) -> None:
    drop = home.drop(PRICES, PEOPLE)
    make.write(drop, "harga.csv", make.prices(5))
    make.write(drop, "penduduk.csv", make.people(1, 2))
    home.harvest()
    lines = make.prices(5).splitlines()
    make.write(drop, "harga.csv", "\r\n".join([lines[0], *reversed(lines[1:])]))
    make.write(drop, "penduduk.csv", make.people(1, 2))  # the very bytes, written again
    report = home.harvest()
    assert (report.changed, report.fetched, report.snapshots) == (2, 2, 0)
    assert len(home.snapshots) == 2


def test_a_document_for_people_is_catalogued_as_not_machine_readable(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "laporan.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    report = home.harvest()
    assert (report.state, report.snapshots, dict(report.verdicts)) == ("ok", 0, {"not_machine_readable": 1})
    resource = home.resources["laporan.pdf"]
    assert (resource.machine_readable, resource.last_verdict) == (False, Verdict.DOCUMENT.value)
    assert home.granary.landing.open(str(resource.landed_sha256)).read_bytes().startswith(b"%PDF")
    assert home.harvest().fetched == 0


def test_an_unmapped_dataset_is_read_by_members_and_not_by_the_public(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "jalan.csv", "ruas;panjang\nJl. Melati;1,5\n")
    home.harvest()
    dataset = home.datasets["jalan"]
    assert (dataset.contract, dataset.classification) == (None, "belum diklasifikasi")
    assert [row["ruas"] for row in home.text_rows(dataset.id, MEMBER)] == ["Jl. Melati"]
    assert home.text_rows(dataset.id, ANONYMOUS) == []


def test_a_file_of_several_sheets_publishes_the_mapped_one_and_keeps_the_others(home: Home, tmp_path: Path) -> None:
    import openpyxl

    drop = home.drop(PRICES)
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Petugas"
    for row in (("nama", "nip"), ("Sari", "1"), ("Budi", "2")):
        first.append(row)
    second = book.create_sheet("Harga")
    for line in make.prices(3).splitlines():
        second.append(line.split(";"))
    book.save(tmp_path / "harga.xlsx")
    make.write(drop, "harga.xlsx", (tmp_path / "harga.xlsx").read_bytes())
    report = home.harvest()
    assert (report.snapshots, dict(report.verdicts)) == (2, {"unmapped": 1, "published": 1})
    assert len(home.rows("commodity_price")) == 3
    assert [s.table for s in home.snapshots] == ["Petugas", ""]


def test_a_dry_run_looks_and_writes_nothing(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices())
    report = home.harvest(dry_run=True)
    assert (report.new, report.datasets, report.run) == (1, 1, None)
    assert not (home.runs or home.snapshots or home.datasets)
    home.harvest()
    make.write(drop, "harga.csv", make.prices(6))
    make.write(drop, "baru.csv", "a\n1\n")
    again = home.harvest(dry_run=True)
    assert (again.new, again.changed, again.missing) == (1, 1, 0)


def test_every_run_leaves_its_record(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(4, harga=["12000", "12000", "mahal", "12000"]))
    report = home.harvest()
    [run] = home.runs
    assert (run.id, run.source, run.member, run.state, run.error) == (report.run, "setoran", "99.71", "ok", None)
    assert (run.counts["rows_published"], run.counts["rows_quarantined"]) == (3, 1)
    assert run.counts["reasons"] == {"price.integer": 1}
    [snapshot] = home.snapshots
    assert (snapshot.run_id, snapshot.verdict, snapshot.rows) == (run.id, "published_with_warnings", 3)
    [row] = home.returned
    assert (row.row, row.original["harga"]) == (4, "mahal")
