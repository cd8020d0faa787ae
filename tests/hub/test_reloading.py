"""A serving process follows the members' files: an edit is taken up without a restart, a slip changes nothing."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.messages import use_locale
from federation.members_edit import add_source
from federation.packs import init_home
from federation.registry import SourceKind
from hub.home import services_of
from hub.reloading import Reloading
from hub.web import make_app
from services.granary import open_granary

PACKS = Path(__file__).parents[1] / "packs"
Served = tuple[Path, Reloading]


@pytest.fixture
def served(tmp_path: Path, sqlite_template: Path) -> Iterator[Served]:
    home = init_home(tmp_path / "rumah", "99", [PACKS])
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    granary = open_granary(home)
    services = services_of(granary)
    yield home, Reloading(services)
    services.duck.close()
    granary.close()


def add(home: Path, name: str, code: str = "99.71") -> None:
    (home / "kiriman").mkdir(exist_ok=True)
    add_source(home, code, source_id=name, kind=SourceKind.FOLDER, location=str(home / "kiriman"))


def sources(reloading: Reloading) -> set[str]:
    return set(reloading.services().sources)


def test_a_source_that_was_added_is_there_at_the_next_look(served: Served) -> None:
    home, reloading = served
    reloading.look()
    before = reloading.services()
    assert not reloading.look(), "nothing has changed, nothing is read"
    add(home, "gudang")
    assert reloading.look() and sources(reloading) == {"gudang"}
    assert before.sources == {}, "a request under way goes on with what it took"
    assert reloading.services().sessions is before.sessions


def test_a_member_whose_file_has_a_slip_stays_as_it_was_and_the_others_move_on(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    home, reloading = served
    add(home, "gudang")
    reloading.look()
    city = home / "members" / "99.71.toml"
    good = city.read_text("utf-8")
    city.write_text(good.replace('kind = "folder"', 'kind = "laci"'), encoding="utf-8")
    add(home, "pasar", "99.01")
    reloading.look()
    assert sources(reloading) == {"gudang", "pasar"}
    assert [p.code for p in reloading.problems] == ["MEMBER_VALUE_INVALID"]
    captured = capsys.readouterr()
    lines = (captured.out + captured.err).splitlines()
    assert any("members.unusable" in line and "99.71.toml" in line for line in lines)
    city.write_text(good, encoding="utf-8")
    reloading.look()
    assert reloading.problems == () and sources(reloading) == {"gudang", "pasar"}


def test_a_removed_file_removes_its_member_and_a_missing_folder_none(served: Served) -> None:
    home, reloading = served
    reloading.look()
    count = len(reloading.services().members)
    (home / "members" / "99.02.toml").unlink()
    reloading.look()
    assert len(reloading.services().members) == count - 1
    (home / "members").rename(home / "dilepas")
    reloading.look()
    assert len(reloading.services().members) == count - 1


def test_an_unusable_regions_file_leaves_the_regions_as_they_were(served: Served) -> None:
    home, reloading = served
    reloading.look()
    file = home / "reference" / "regions.csv"
    good = file.read_text("utf-8")
    file.write_text(good + "99.81,,city,99,,,,,,,x\n", encoding="utf-8")
    reloading.look()
    assert [p.code for p in reloading.problems] == ["REGIONS_FILE_INVALID"]
    assert reloading.services().regions.known("99.71") and not reloading.services().regions.known("99.81")
    file.write_text(good + "99.81,Kota Baru,city,99,,,,,,,x\n", encoding="utf-8")
    reloading.look()
    assert reloading.problems == () and reloading.services().regions.known("99.81")


def test_a_line_added_to_a_reference_list_is_there_at_the_next_look(served: Served) -> None:
    home, reloading = served
    reloading.look()
    assert "jagung" not in reloading.services().listed.commodities
    file = home / "reference" / "commodity.csv"
    heading, *_ = file.read_text("utf-8").splitlines()
    line = ",".join(
        {"code": "jagung", "name": "Jagung", "unit": "kg", "source": "x"}.get(c, "") for c in heading.split(",")
    )
    file.write_text(file.read_text("utf-8").rstrip() + f"\n{line}\n", encoding="utf-8")
    reloading.look()
    assert reloading.services().listed.commodities["jagung"].name == "Jagung"


async def test_the_doors_show_the_new_source_and_health_counts_what_is_unusable(served: Served) -> None:
    home, reloading = served
    app = make_app(reloading.services())
    transport = httpx.ASGITransport(app)

    async def ask(client: httpx.AsyncClient) -> tuple[list[str], Any]:
        answer = (await client.post("/graphql", json={"query": "{ sources { id } }"})).json()
        return [s["id"] for s in answer["data"]["sources"]], (await client.get("/health/ready")).json()["warnings"]

    async def until(expected: Callable[[list[str], Any], bool]) -> tuple[list[str], Any]:
        while not expected(*(found := await ask(client))):
            await asyncio.sleep(0)
        return found

    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        use_locale("id")
        add(home, "gudang")
        await asyncio.wait_for(until(lambda ids, _: ids == ["gudang"]), 30)
        (home / "members" / "99.02.toml").write_text("code = ", encoding="utf-8")
        ids, warnings = await asyncio.wait_for(until(lambda _, found: bool(found)), 30)
    assert ids == ["gudang"]
    assert (warnings[0]["part"], warnings[0]["count"]) == ("members", 1)
    assert "lumbung members check" in warnings[0]["reason"] and str(home) not in str(warnings)
