"""`lumbung members check`: members' files and reference lists, every fault named at once."""

import json
from pathlib import Path

from typer.testing import CliRunner

from federation.packs import init_home
from hub.cli import app

PACKS = Path(__file__).parents[1] / "packs"


def test_the_check_names_faults_of_members_and_of_reference_lists_together(tmp_path: Path) -> None:
    home = init_home(tmp_path / "rumah", "99", [PACKS])
    run = CliRunner().invoke(app, ["--home", str(home), "members", "check"])
    assert run.exit_code == 0 and "daftar rujukannya dapat dipakai" in run.stdout
    reference = home / "reference"
    (reference / "commodity.csv").write_text("code,name,unit,aliases,source\nberas,Beras,kilo,,x\n", encoding="utf-8")
    regions = (reference / "regions.csv").read_text("utf-8")
    (reference / "regions.csv").write_text(regions + "99.81,,city,99,,,,,,,x\n", encoding="utf-8")
    (home / "members" / "99.71.toml").write_text('code = "99.71"\n', encoding="utf-8")
    run = CliRunner().invoke(app, ["--home", str(home), "members", "check", "--json"])
    problems = json.loads(run.stdout)["problems"]
    assert run.exit_code == 1
    assert [p["code"] for p in problems] == ["REGIONS_FILE_INVALID", "REFERENCE_FILE_INVALID", "MEMBER_KEY_MISSING"]
    assert problems[1]["values"]["row"] == 2 and "kg, liter" in problems[1]["fix"]
