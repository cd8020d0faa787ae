"""Schedules come from the members' files, in the province's time, and Prefect's server really plans runs for them."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core import settings
from core.errors import SettingsInvalid
from federation.packs import init_home
from federation.registry import Registry

PACKS = Path(__file__).parents[1] / "packs"

#: What every home has.
UPKEEP = {
    "tutup-hari": ("15 * * * *", "Asia/Makassar", None),
    "malam": ("30 4 * * *", "Asia/Makassar", None),
    "temuan": ("30 23 * * *", "Asia/Makassar", None),
    "laporan-mingguan": ("0 6 * * 1", "Asia/Makassar", None),
}

pytestmark = pytest.mark.prefect


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in WITA: the city is harvested nightly, one of its two sources hourly."""
    made = init_home(tmp_path / "home", "99", [PACKS])
    (tmp_path / "kiriman").mkdir()
    city = made / "members" / "99.71.toml"
    sources = f"""
schedule = "30 2 * * *"

[[sources]]
id = "dini-hari"
kind = "folder"
path = "{tmp_path / "kiriman"}"

[[sources]]
id = "tiap-jam"
kind = "folder"
path = "{tmp_path / "kiriman"}"
schedule = "5 * * * *"
"""
    city.write_text(city.read_text("utf-8") + sources, encoding="utf-8")
    return made


def planned(home: Path) -> dict[str, tuple[str | None, str, str | None]]:
    from flows.schedules import deployments

    return {
        one.name: (one.schedule.cron, str(one.schedule.timezone), one.parameters.get("source"))
        for one in deployments(Registry.load(home), settings.load(home))
    }


def test_T04_a_source_with_its_own_schedule_has_its_own_deployment_in_local_time(home: Path) -> None:
    assert planned(home) == {
        "dini-hari": ("30 2 * * *", "Asia/Makassar", "dini-hari"),
        "tiap-jam": ("5 * * * *", "Asia/Makassar", "tiap-jam"),
        **UPKEEP,
    }


def test_sources_that_follow_their_member_share_one_deployment(home: Path) -> None:
    city = home / "members" / "99.71.toml"
    city.write_text(city.read_text("utf-8").replace('schedule = "5 * * * *"\n', ""), encoding="utf-8")
    assert planned(home) == {"99.71": ("30 2 * * *", "Asia/Makassar", None), **UPKEEP}


def test_the_nights_compaction_is_planned_when_the_home_says_and_may_be_left_out(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUMBUNG_COMPACT_SCHEDULE", "0 1 * * 0")
    assert planned(home)["malam"] == ("0 1 * * 0", "Asia/Makassar", None)
    monkeypatch.setenv("LUMBUNG_COMPACT_SCHEDULE", "")
    assert "malam" not in planned(home)
    monkeypatch.setenv("LUMBUNG_COMPACT_SCHEDULE", "jam satu")
    with pytest.raises(SettingsInvalid, match="compact_schedule"):
        planned(home)


def test_closing_days_of_readings_is_planned_hourly_and_may_be_left_to_harvests(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUMBUNG_CLOSE_SCHEDULE", "")
    assert "tutup-hari" not in planned(home)
    monkeypatch.setenv("LUMBUNG_CLOSE_SCHEDULE", "tiap jam")
    with pytest.raises(SettingsInvalid, match="close_schedule"):
        planned(home)


def test_a_member_without_a_schedule_is_harvested_only_when_asked(home: Path) -> None:
    assert "99.01" not in planned(home)


@pytest.mark.parametrize("which", [0, -3, -2, -1], ids=["harvest", "compaction", "findings", "report"])
def test_the_server_plans_runs_of_a_schedule(prefect: str, home: Path, which: int) -> None:
    """Where Prefect's bulk insert and SQLAlchemy disagree, every schedule stays silent (docs/adr/0005)."""
    from prefect.client.orchestration import get_client

    from flows.schedules import deployments

    async def plan() -> list[Any]:
        made = list(deployments(Registry.load(home), settings.load(home)))
        harvests = ["harvest-member"] * 2
        assert [one.flow.name for one in made] == [*harvests, "close-days", "compact", "look-beyond", "weekly-report"]
        one = made[which]
        deployment = await one.flow.ato_deployment(name=one.name, parameters=one.parameters, schedule=one.schedule)
        deployment_id: Any = await deployment.aapply()
        async with get_client() as client:
            answer = await client._client.post(f"/deployments/{deployment_id}/schedule", json={"max_runs": 3})
            answer.raise_for_status()
            runs = await client._client.post(
                "/flow_runs/filter", json={"deployments": {"id": {"any_": [str(deployment_id)]}}}
            )
            return list(runs.json())

    runs = asyncio.run(plan())
    assert len(runs) >= 3
    assert {run["state_type"] for run in runs} == {"SCHEDULED"}
    assert len({date.fromisoformat(run["expected_start_time"][:10]) for run in runs}) >= 3


def test_the_limit_across_members_is_set_on_the_server(prefect: str) -> None:
    from prefect.client.orchestration import get_client

    from flows.harvest import LIMIT
    from flows.schedules import limit_harvests

    async def limit() -> int:
        async with get_client() as client:
            return int((await client.read_global_concurrency_limit_by_name(LIMIT)).limit)

    limit_harvests(3)
    assert asyncio.run(limit()) == 3
