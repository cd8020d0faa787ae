"""The reference folder checked as a whole: every error at once, with its file, line, column and what to do."""

from pathlib import Path

import pytest

from core.errors import LumbungError
from core.reference_check import check_reference, sound_regions
from core.region import Regions

ROOT = Path(__file__).parents[2]
COMMODITY = "code,name,unit,aliases,source\n"
GAUGE = (
    "code,name,river,river_system,region_code,lat,lon,unit,level_low,level_mid,level_high,severity_polarity,source\n"
)
TRAVEL = "from_place,to_place,from_gauge,to_gauge,hours_low,hours_high,source\n"
POPULATION = "code,year,population,source\n"


def found(folder: Path) -> list[tuple[str, object, object]]:
    """(file, line, column) of every error, each with a sentence of what to do in both languages."""
    regions, faults = sound_regions(folder)
    problems: list[LumbungError] = [*faults, *check_reference(folder, regions)]
    for problem in problems:
        assert "?" not in problem.what("id") + problem.fix("id") + problem.what("en") + problem.fix("en")
    return [(Path(str(p.values["file"])).name, p.values["row"], p.values["key"]) for p in problems]


@pytest.mark.parametrize("pack", [ROOT / "federation/packs/33", ROOT / "tests/packs/99"], ids=["33", "99"])
def test_the_packs_own_lists_are_sound(pack: Path) -> None:
    assert found(pack / "reference") == []


def test_every_faulty_line_of_every_file_is_named_not_the_first_alone(tmp_path: Path) -> None:
    (tmp_path / "commodity.csv").write_text(
        COMMODITY + "beras,Beras,kg,,x\nberas,Beras lagi,kg,,x\ngula,,kg,,x\nminyak,Minyak,galon,,x\n"
    )
    (tmp_path / "population.csv").write_text(
        POPULATION + "33.74,2025,1700000,x\n33.74,2025,1,x\n33.99,2025,5,x\n33.73,25,5,x\n"
    )
    (tmp_path / "regions.csv").write_text(
        "code,name,kind,province,source\n99.1,Satu,regency,99,x\n98,Dua,provinsi,98,x\n"
    )
    assert found(tmp_path) == [
        ("regions.csv", 2, "code"),
        ("regions.csv", 3, "kind"),
        ("commodity.csv", 3, "code"),
        ("commodity.csv", 4, "name"),
        ("commodity.csv", 5, "unit"),
        ("population.csv", 3, "code"),
        ("population.csv", 4, "code"),
        ("population.csv", 5, "year"),
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("a,A,r,r,33.99,,,m,,,,,x", "region_code"),
        ("a,A,r,r,,-91,,m,,,,,x", "lat"),
        ("a,A,r,r,,,,cm,,,,,x", "unit"),
        ("a,A,r,r,,,,m,nan,,,,x", "level_low"),
        ("a,A,r,r,,,,m,2.0,,1.0,,x", "level_high"),
        ("a,A,r,r,,,,m,,,,worst=1,x", "severity_polarity"),
    ],
)
def test_a_gauge_has_a_known_region_a_unit_and_rising_levels(tmp_path: Path, line: str, column: str) -> None:
    (tmp_path / "gauge.csv").write_text(GAUGE + line + "\n")
    assert found(tmp_path) == [("gauge.csv", 2, column)]


def test_a_travel_time_joins_listed_gauges_in_a_window_of_hours(tmp_path: Path) -> None:
    (tmp_path / "gauge.csv").write_text(GAUGE + "a,A,r,r,,,,m,,,,,x\n")
    (tmp_path / "travel_time.csv").write_text(TRAVEL + "A,B,a,,1,2,x\nA,B,a,b,1,2,x\nA,B,,,3,2,x\nA,B,,,0,2,x\n")
    assert found(tmp_path) == [
        ("travel_time.csv", 3, "to_gauge"), ("travel_time.csv", 4, "hours_high"), ("travel_time.csv", 5, "hours_low"),
    ]  # fmt: skip


def test_a_heading_misspelt_missing_or_doubled_is_said_once_and_a_file_of_no_known_name_too(tmp_path: Path) -> None:
    (tmp_path / "commodity.csv").write_text("code,nama,unit,unit,source\nberas,Beras,kg,kg,x\ngula,Gula,kg,kg,x\n")
    (tmp_path / "comodity.csv").write_text(COMMODITY)
    assert found(tmp_path) == [
        ("commodity.csv", 1, "name"), ("commodity.csv", 1, "unit"), ("commodity.csv", 1, "nama"),
        ("comodity.csv", 1, "-"),
    ]  # fmt: skip


def test_F18_a_file_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "commodity.csv").write_bytes(COMMODITY.encode() + b"beras,Beras,kg,,x\ngula,Gul\xe9,kg,,x\n")
    assert found(tmp_path) == [("commodity.csv", 3, "-")]
    (tmp_path / "regions.csv").write_bytes(b"code,name,kind,province,source\n99,Bar\xe9,province,99,x\n")
    assert {file for file, _, _ in found(tmp_path)} == {"regions.csv", "commodity.csv"}


def test_one_faulty_region_hides_none_of_the_sound_ones(tmp_path: Path) -> None:
    (tmp_path / "regions.csv").write_text(
        "code,name,kind,province,source\n99,Baru,province,99,x\n99.01,Satu,regency,99,x\n99.02,,regency,99,x\n"
    )
    regions, faults = Regions.load_sound(tmp_path / "regions.csv")
    assert regions.known("99.01") and not regions.known("99.02") and len(faults) == 1
