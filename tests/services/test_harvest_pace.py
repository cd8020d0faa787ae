"""A batch goes on with what is there: nobody waits for a slow file or for one that the catalogue refuses."""

import asyncio

from aiohttp import web

from services.intake.source import BATCH
from tests.federation.fetch_factories import serving
from tests.services import factories as make
from tests.services.factories import PEOPLE, PRICES, Home
from tests.services.offices import Office, harvest


async def test_S02_what_has_landed_is_committed_while_one_file_still_does_not_come(home: Home, office: Office) -> None:
    async def late(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("penduduk-c.csv"):
            for _ in range(400):
                if len(home.snapshots) == 2:
                    break
                await asyncio.sleep(0.02)
            else:
                return web.Response(status=404)
        return await office(request)

    async with serving(late) as url:
        office.offer(url, "penduduk-a", "penduduk-b", "penduduk-c")
        home.portal(url, PEOPLE)
        report = await harvest(home)
    assert (report.state, report.snapshots, report.errors) == ("ok", 3, [])
    home.sound()


def test_D06_tables_that_the_catalogue_refuses_fail_alone_in_their_batch(home: Home) -> None:
    """What was committed together under one standard lies in one file: both price lists stand on the damaged one."""
    drop = home.drop(PRICES, PEOPLE)
    for name in ("harga a", "harga b"):
        make.write(drop, f"{name}.csv", make.prices(5))
    make.write(drop, "penduduk.csv", make.people(1, 2))
    assert home.harvest().snapshots == 3
    damaged = next(s for s in home.snapshots if s.resource_id == home.resources["harga a.csv"].id)
    file = home.granary.store.path(damaged.content_sha256)
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    for name in ("harga a", "harga b"):
        make.write(drop, f"{name}.csv", make.prices(6))
    make.write(drop, "penduduk.csv", make.people(1, 2, 3))
    report = home.harvest()
    assert (report.state, report.snapshots) == ("partial", 1)
    codes = [error["code"] for error in report.errors]  # missing, once the damaged file has been set aside
    assert len(codes) == 2 and set(codes) <= {"SNAPSHOT_DAMAGED", "SNAPSHOT_MISSING"}
    assert sorted(e.code for e in home.errors) == sorted(codes)
    assert home.runs[-1].state == "partial"


def test_several_batches_are_under_way_at_once_and_all_of_them_arrive(home: Home) -> None:
    drop = home.drop(PEOPLE)
    for n in range(BATCH * 2 + 1):
        make.write(drop, f"penduduk {n:02}.csv", make.people(n))
    told: list[int] = []
    report = home.harvest(watch=lambda progress: told.append(progress.done))
    assert (report.state, report.snapshots, report.errors) == ("ok", BATCH * 2 + 1, [])
    assert told == [0, BATCH, BATCH * 2, BATCH * 2 + 1]
    assert home.harvest().snapshots == 0
    home.sound()
