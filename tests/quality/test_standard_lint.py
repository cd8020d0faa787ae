"""A standard says everything that its readers need, or lint says what is missing, where, and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from core.contracts import load_contract
from core.reference import code_list
from quality.errors import StandardExists, StandardNameInvalid
from quality.standard import new
from quality.standard.lint import Finding, Level, lint

SHIPPED = sorted((Path(__file__).parents[2] / "quality" / "contracts").glob("*.yaml"))
Change = Callable[[dict], object]  # type: ignore[type-arg]  # YAML as it is


def errors(found: tuple[Finding, ...]) -> dict[str, str]:
    """Code to path of what stands in the way."""
    return {one.code: one.path for one in found if one.level is Level.ERROR}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A skeleton whose blanks somebody has filled."""
    path = new.create(tmp_path / "contracts", "harga_ikan")
    path.write_text(path.read_text("utf-8").replace(new.BLANK, "Isi"), "utf-8")
    return path


def changed(path: Path, change: Change) -> Path:
    data = yaml.safe_load(path.read_text("utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    return path


def column(data: dict, name: str) -> dict:  # type: ignore[type-arg]  # YAML as it is
    return next(c for c in data["schema"][0]["properties"] if c["name"] == name)  # type: ignore[no-any-return]  # likewise


def test_the_shipped_standards_have_no_errors() -> None:
    assert {(f.file.name, f.code) for path in SHIPPED for f in lint(path) if f.level is Level.ERROR} == set()


def test_a_skeleton_names_its_blanks_and_is_a_standard_once_they_are_filled(tmp_path: Path, filled: Path) -> None:
    fresh = new.create(tmp_path / "baru", "harga_ikan")
    found = lint(fresh)
    assert {f.code for f in found} == {"blank"}
    assert "/schema/0/properties/value/customProperties/unit/value" in {f.path.replace("schema/harga_ikan", "schema/0") for f in found}  # fmt: skip
    assert lint(filled) == ()
    assert load_contract(filled).key == ("region_code", "date")


def test_names_are_kept_and_never_written_over(tmp_path: Path, filled: Path) -> None:
    with pytest.raises(StandardExists):
        new.create(filled.parent, "harga_ikan")
    for name in ("Harga Ikan", "../x", "1a", ""):
        with pytest.raises(StandardNameInvalid):
            new.create(tmp_path, name)


@pytest.mark.parametrize(
    ("code", "path", "change"),
    [
        ("example_broken", "/schema/0/properties/value/examples", lambda d: column(d, "value").update(examples=[-3])),
        ("example_broken", "/schema/0/properties/region_code/examples", lambda d: column(d, "region_code").update(examples=["3374"])),
        ("label_missing", "/schema/0/properties/category/enum/satu", lambda d: column(d, "category")["enum"][0].pop("label")),
        ("label_repeated", "/schema/0/properties/category/enum", lambda d: column(d, "category")["enum"][0].update(label="PILIHAN dua")),
        ("title_repeated", "/schema/0/properties", lambda d: column(d, "category").update(businessName="Nilai")),
        ("no_release", "/customProperties/release", lambda d: d.update(customProperties=[p for p in d["customProperties"] if p["property"] != "release"])),
        ("no_producer", "/customProperties/producer", lambda d: d.update(customProperties=[p for p in d["customProperties"] if p["property"] != "producer"])),
        ("unit_missing", "/schema/0/properties/value/unit", lambda d: column(d, "value").update(customProperties=[p for p in column(d, "value")["customProperties"] if p["property"] not in ("unit", "satuan")] + [{"property": "satuan", "value": {"id": "Tanpa satuan", "en": "No unit"}}])),
        ("personal_open", "/schema/0/properties/category/classification", lambda d: column(d, "category")["customProperties"].append({"property": "personal", "value": True})),
        ("bounds_crossed", "/schema/0/properties/value/quality/value.range", lambda d: column(d, "value").update(logicalTypeOptions={"minimum": 9, "maximum": 1}, examples=[])),
        ("invalid", "/version", lambda d: d.update(version="satu")),
    ],
)  # fmt: skip
def test_each_contradiction_is_named_with_its_path(filled: Path, code: str, path: str, change: Change) -> None:
    assert errors(lint(changed(filled, change)))[code] == path
    for one in lint(filled):
        assert "?" not in one.what and "{" not in one.what and one.fix != f"standard.lint.{one.code}.fix"


def test_an_example_of_a_code_is_looked_up_where_the_list_is_at_hand(filled: Path) -> None:
    known = code_list("region", [("33.74", "Kota Semarang", [])])
    assert lint(filled, {"region": known}) == ()
    other = code_list("region", [("99.71", "Kota Muara Padi", [])])
    assert errors(lint(filled, {"region": other})) == {"example_broken": "/schema/0/properties/region_code/examples"}
