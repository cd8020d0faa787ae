"""A mapping or a data standard that changes: landed bytes are read again, nothing is downloaded, nothing is guessed."""

import pytest

from tests.federation.fetch_factories import serving
from tests.services import factories as make
from tests.services.factories import PEOPLE, PRICES, SHIPPED, Home
from tests.services.offices import Office, harvest


def test_a_new_mapping_is_applied_to_what_is_landed(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "penduduk.csv", make.people(10, 20))
    home.harvest()
    dataset = home.datasets["penduduk"].id
    assert len(home.text_rows(dataset)) == 2
    home.drop(PEOPLE)
    report = home.harvest()
    assert (report.state, report.snapshots) == ("ok", 1)
    assert [row["people"] for row in home.rows("population")] == [10, 20]
    assert home.text_rows(dataset) == []  # the table is now known by its standard
    assert home.datasets["penduduk"].classification == "terbuka"
    assert {s.landed_sha256 for s in home.snapshots} == {home.snapshots[0].landed_sha256}


async def test_a_new_mapping_needs_no_download_and_no_source(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk")
        home.portal(url)
        await harvest(home)
        assert office.downloads == 1
        home.portal(url, PEOPLE)
        assert (await harvest(home)).snapshots == 1
        assert office.downloads == 1
        home.portal(url, PEOPLE.replace('year = "2025"', 'year = "2024"'))
    report = await harvest(home)  # the portal is gone by now
    assert (report.state, report.snapshots) == ("failed", 1)
    assert report.error is not None and report.error["code"] == "SOURCE_UNREACHABLE"
    assert {row["year"] for row in home.rows("population")} == {2024}


def test_a_dataset_that_is_missing_at_its_source_follows_a_new_mapping(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(10, 20))
    make.write(drop, "lain.csv", "a\n1\n2\n")
    home.harvest()
    (drop / "penduduk.csv").unlink()
    home.harvest()
    home.drop(PEOPLE.replace('year = "2025"', 'year = "2024"'))
    report = home.harvest()
    assert (report.state, report.snapshots) == ("ok", 1)
    assert home.datasets["penduduk"].state == "hilang_di_sumber"
    assert {row["year"] for row in home.rows("population")} == {2024}


def test_landed_bytes_that_are_gone_are_fetched_again(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "penduduk.csv", make.people(10, 20))
    home.harvest()
    landing = home.granary.landing
    landing.path(str(home.resources["penduduk.csv"].landed_sha256)).unlink()
    home.drop(PEOPLE)
    report = home.harvest()
    assert (report.snapshots, report.fetched, report.replayed) == (1, 1, 0)
    assert len(home.rows("population")) == 2


@pytest.mark.parametrize("before", ["nothing", "unmapped", "mapped"])
def test_a_mapping_that_names_an_unknown_standard_is_said_on_every_harvest(home: Home, before: str) -> None:
    drop = home.drop(*([PEOPLE] if before == "mapped" else []))
    make.write(drop, "penduduk.csv", make.people(10, 20))
    make.write(drop, "lain.csv", "a;b\n1;2\n")
    if before != "nothing":
        home.harvest()
    home.drop(PEOPLE.replace("population", "penduduk"))
    for _ in range(2):
        report = home.harvest()
        assert (report.state, [e["code"] for e in report.errors]) == ("partial", ["CONTRACT_UNKNOWN"])
        values = report.errors[0]["values"]
        assert (values["contract"], values["dataset"]) == ("penduduk", "penduduk") and "population" in values["known"]
    assert len(home.rows("population")) == (2 if before == "mapped" else 0)
    assert home.datasets["lain"].contract is None and len(home.text_rows(home.datasets["lain"].id)) == 1


def test_two_mappings_that_claim_one_file_differently_are_refused_not_chosen(home: Home) -> None:
    drop = home.drop(PEOPLE, PEOPLE.replace('year = "2025"', 'year = "2024"'))
    make.write(drop, "penduduk.csv", make.people(10, 20))
    report = home.harvest()
    assert [e["code"] for e in report.errors] == ["MAPPING_AMBIGUOUS"] and not home.snapshots


def test_P09_a_new_version_of_a_standard_is_taken_up_by_the_next_harvest(home: Home) -> None:
    drop = home.drop(PEOPLE, PRICES)
    make.write(drop, "penduduk.csv", make.people(10, 20))
    make.write(drop, "harga.csv", make.prices())
    home.harvest()
    own = home.folder / "contracts"
    own.mkdir()
    text = (SHIPPED / "population.yaml").read_text("utf-8")
    (own / "population.yaml").write_text(text.replace("version: 1.0.0", "version: 1.1.0"), "utf-8")
    home.close()  # the program is started anew
    report = home.harvest()
    assert (report.snapshots, report.due, report.fetched, report.replayed) == (1, 1, 0, 1)
    newest = home.snapshots[-1]
    assert (newest.contract, newest.contract_version) == ("population", "1.1.0")
    assert [row["people"] for row in home.rows("population")] == [10, 20]
    assert home.harvest().snapshots == 0


def test_P09_another_program_that_starts_meanwhile_waits_for_its_turn(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(10, 20))
    deployed = Home(home.folder, home.pool, home.clock)
    refused = []

    def meanwhile(_: object) -> None:
        refused.append(deployed.harvest().error)

    try:
        assert home.harvest(watch=meanwhile).snapshots == 1
        assert refused[0] is not None and {e["code"] for e in refused if e} == {"RUN_ALREADY_ACTIVE"}
        assert deployed.harvest().snapshots == 0
    finally:
        deployed.close()
