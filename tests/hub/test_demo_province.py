"""The simulated province: the same for the same seed, messy on purpose, and honest about what was planted."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from graphql import parse, validate

from core.contracts import load_contracts
from core.reference import fold
from core.table import TextTable
from federation.packs import Pack, find_pack, init_home
from federation.readers import ReadLimits, read
from federation.registry import Registry
from gateway.schema import make_schema
from hub.demo import (
    QUERIES,
    DemoDataset,
    DemoMember,
    Province,
    generate,
    queries,
    register,
    source_id,
    start_nodes,
)
from hub.demo.errors import DemoNodesFailed

TODAY = date(2026, 2, 10)
PACKS = Path(__file__).parents[1] / "packs"
CONTRACTS = Path(__file__).parents[2] / "quality" / "contracts"
#: Kinds of planted cells that are numbers, which a workbook keeps in its own way.
NUMBERS = {
    *("price_99", "price_920017", "negative_stock"),
    *("more_evacuees_than_people", "swapped_coordinates", "no_capacity", "over_budget", "sum_off", "price_differs"),
}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    return generate(tmp_path_factory.mktemp("demo") / "provinsi", find_pack("33"), today=TODAY, seed=7)


def wita() -> Pack:
    if not (PACKS / "99").is_dir():
        pytest.skip("tests/packs/99 is not there")
    return find_pack("99", [PACKS])


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def mapped(province: Province) -> Iterator[tuple[DemoMember, DemoDataset]]:
    for member in province.members:
        for dataset in member.datasets:
            if dataset.mapping is not None:
                yield member, dataset


def table_of(province: Province, member: DemoMember, dataset: DemoDataset) -> TextTable:
    """The one table of a file that has every header of the mapping, as our own reader reads it."""
    path = province.folder(member.code) / dataset.name / dataset.file
    assert dataset.mapping is not None
    wanted = {fold(header) for header in dataset.mapping["columns"].values()}
    tables = read(path, path.name, mime=None, limits=ReadLimits()).tables
    (fitting,) = [t for t in tables if wanted <= {fold(c) for c in t.columns}]
    return fitting


# --- the same again ---------------------------------------------------------------------------------------


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path: Path) -> None:
    pack = wita()
    first = generate(tmp_path / "a", pack, today=TODAY, seed=3)
    second = generate(tmp_path / "b", pack, today=TODAY, seed=3)
    one, two = files(tmp_path / "a"), files(tmp_path / "b")
    assert {k: v for k, v in one.items() if k != "province.json"} == {
        k: v for k, v in two.items() if k != "province.json"
    }
    assert first.planted == second.planted
    assert {p.suffix for p in (tmp_path / "a").rglob("*.*")} >= {".csv", ".json", ".pdf", ".toml"}


def test_another_seed_or_day_is_another_province(tmp_path: Path) -> None:
    pack = wita()
    generate(tmp_path / "a", pack, today=TODAY, seed=3)
    before = files(tmp_path / "a")
    generate(tmp_path / "a", pack, today=TODAY, seed=4)
    assert files(tmp_path / "a") != before
    generate(tmp_path / "a", pack, today=TODAY + timedelta(days=1), seed=4)
    assert Province.load(tmp_path / "a").today == TODAY + timedelta(days=1)
    leftovers = {p.name for p in (tmp_path / "a").rglob("SIMULASI_*")}
    listed = {d.file for m in Province.load(tmp_path / "a").members for d in m.datasets}
    assert leftovers == listed


def test_a_province_that_is_there_already_is_taken_as_it_is(province: Province) -> None:
    before = {k: p.stat().st_mtime_ns for k, p in ((p, p) for p in province.root.rglob("*") if p.is_file())}
    again = generate(province.root, find_pack("33"), today=TODAY, seed=7)
    assert again == Province.load(province.root)
    assert (again.planted, again.members) == (province.planted, province.members)
    assert before == {k: p.stat().st_mtime_ns for k, p in ((p, p) for p in province.root.rglob("*") if p.is_file())}


# --- what it consists of ----------------------------------------------------------------------------------


def test_thirty_five_governments_and_their_province_with_seven_or_more_datasets_each(province: Province) -> None:
    assert len(province.members) == 36  # the province itself is the last
    assert province.datasets >= 320
    assert all(7 <= len(m.datasets) <= 22 for m in province.members[:-1])
    assert Counter(m.role for m in province.members)["dead"] == 1
    assert {"slow", "stale"} <= {m.role for m in province.members}
    formats = Counter(d.file.rsplit(".", 1)[1] for m in province.members for d in m.datasets)
    assert formats["csv"] > formats["xlsx"] > 20 and formats["json"] > 20 and formats["pdf"] == 35


def test_everything_says_that_it_is_simulated(province: Province) -> None:
    for member in province.members:
        for dataset in member.datasets:
            assert dataset.file.startswith("SIMULASI_") and "SIMULASI" in dataset.title
            about = (province.folder(member.code) / dataset.name / "dataset.toml").read_text("utf-8")
            assert re.search(r'^notes = "SIMULASI', about, re.MULTILINE)
        assert "(SIMULASI)" in (province.folder(member.code) / "node.toml").read_text("utf-8")


def test_files_have_realistic_sizes_and_many_dialects(province: Province) -> None:
    sizes = {(m.code, d.contract): d.rows for m, d in mapped(province)}
    assert {rows for (_, contract), rows in sizes.items() if contract == "commodity_price"} == {1800, 12}
    raw = [p.read_bytes() for p in province.root.rglob("*.csv")]
    assert any(b.startswith(b"\xef\xbb\xbf") for b in raw)
    assert any(b"\x96" in b for b in raw)  # cp1252's dash
    assert any(b"Rp 4" in b for b in raw) and any(b" Januari 2026" in b for b in raw)
    assert any(b"\r\n" in b for b in raw) and any(b"\r\n" not in b for b in raw)
    assert any(re.search(rb";\d+,\d+", b) for b in raw)
    headers = {d.mapping["columns"]["date"] for _, d in mapped(province) if d.mapping and d.contract == "rainfall"}
    assert len(headers) > 4


def test_every_mapped_file_is_read_with_exactly_its_rows_and_every_planted_row_stands_where_it_is_said(
    province: Province,
) -> None:
    planted = {}
    for entry in province.planted:
        planted.setdefault((entry.member, entry.dataset), []).append(entry)
    for member, dataset in mapped(province):
        table = table_of(province, member, dataset)
        assert len(table) == dataset.rows, (member.code, dataset.file)
        at = {number: i for i, number in enumerate(table.row_numbers.to_pylist())}
        names = {fold(c): c for c in table.columns}
        for entry in planted.get((member.code, dataset.name), []):
            if entry.row is None:
                continue
            cell = table.data[names[fold(entry.header)]][at[entry.row]].as_py()
            if entry.kind in NUMBERS:
                assert re.sub(r"\D", "", cell).startswith(re.sub(r"\D", "", entry.value.split(".")[0])), (entry, cell)
            else:
                assert (cell or "") == entry.value, entry


def test_about_one_row_in_a_hundred_is_broken_and_one_file_is_held(province: Province) -> None:
    expected = province.expected()
    assert 0.007 < expected["quarantined"] / (expected["quarantined"] + expected["published"]) < 0.013
    assert (expected["held"], expected["members"], expected["findings"]) == (1, 36, 2)
    kinds = Counter(p.kind for p in province.planted)
    assert set(kinds) == {
        *("unknown_commodity", "price_99", "price_920017", "missing_price", "negative_stock", "bad_date"),
        *("empty_region", "total_row", "foreign_region"),
        *("reported_before_flood", "unknown_cause", "more_evacuees_than_people", "unknown_gauge"),
        *("swapped_coordinates", "issued_before_applied", "returned_before_departed", "letter_after_departure"),
        *("account_as_number", "account_as_date", "over_budget"),
        *("asset_code_cut", "closed_before_received", "unknown_indicator", "unknown_dimension"),
        *("address_without_scheme", "missing_count", "sum_off", "price_differs"),
    }
    assert len({(p.member, p.file, p.row) for p in province.planted}) == len(province.planted)
    dead = set(province.dead)
    living = sum(len(m.datasets) for m in province.members if m.code not in dead)
    assert expected["datasets"] == living


def test_the_further_standards_are_kept_by_about_a_third_of_the_members_in_small_files(province: Province) -> None:
    kept = Counter(d.contract for _, d in mapped(province))
    for contract in (
        *("flood_report", "warehouse", "permit", "regional_revenue", "budget_realisation", "official_travel"),
        *("regional_asset", "citizen_complaint", "development_indicator", "smart_city_programme", "application"),
        "maternal_health",
    ):
        assert 5 <= kept[contract] <= 20, contract
        assert all(d.rows <= 40 for _, d in mapped(province) if d.contract == contract)
    assert kept["river_network"] == kept["river_stage"] == 4  # those with gauges


# --- the story --------------------------------------------------------------------------------------------


def numbers(province: Province, code: str, contract: str, column: str, commodity: str) -> list[float]:
    """A commodity's values of a member over the days, whatever its style, broken rows left out."""
    member = next(m for m in province.members if m.code == code)
    dataset = next(d for d in member.datasets if d.contract == contract)
    table = table_of(province, member, dataset)
    assert dataset.mapping is not None
    names = {fold(c): c for c in table.columns}
    headers = {k: names[fold(v)] for k, v in dataset.mapping["columns"].items()}
    out = []
    for word, cell in zip(
        table.data[headers["commodity_code"]].to_pylist(), table.data[headers[column]].to_pylist(), strict=True
    ):
        if word and fold(word) in commodity and cell and cell != "-":
            text = re.sub(r"[^\d.,-]", "", cell).lstrip(".")
            text = text.replace(".", "").replace(",", ".") if dataset.mapping["number_style"] == "id" else text
            out.append(float(text) * float(dataset.mapping.get("factors", {}).get(column, "1")))
    return out


CHILLI = {"cabai rawit merah", "cabe rawit merah", "rawit merah"}


def test_the_short_city_runs_out_while_its_price_doubles_and_others_have_plenty(province: Province) -> None:
    stock = numbers(province, "33.74", "commodity_stock", "stock_kg", CHILLI)
    need = numbers(province, "33.74", "commodity_stock", "need_kg_per_day", CHILLI)[0]
    assert stock[-1] < 0.2 * stock[-16]
    assert stock[-1] / need < 2.5
    price = [p for p in numbers(province, "33.74", "commodity_price", "price", CHILLI) if 1000 < p < 900_000]
    assert min(price[-4:]) > 1.7 * max(price[:20])
    for code in province.story["surplus"]:
        cover = numbers(province, code, "commodity_stock", "stock_kg", CHILLI)[-1]
        assert cover / numbers(province, code, "commodity_stock", "need_kg_per_day", CHILLI)[0] > 30


def test_the_wave_passes_the_upstream_gauge_hours_before_the_downstream_one(province: Province) -> None:
    (upstream, _), (downstream, lag) = province.story["wave"]
    assert (upstream, downstream) == ("klambu", "wilalung")  # reference/travel_time.csv of the pack, 4 hours
    assert 3 <= lag <= 5


def test_the_stale_member_has_nothing_of_the_last_five_days(province: Province) -> None:
    (stale,) = [m for m in province.members if m.role == "stale"]
    text = b"".join(p.read_bytes() for p in province.folder(stale.code).rglob("*.csv"))
    for back in range(1, 6):
        day = TODAY - timedelta(days=back)
        for spelling in (f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", day.isoformat(), f"{day.day} Februari {day.year}"):
            assert f"\n{spelling}".encode() not in text and f";{spelling};".encode() not in text


# --- served and registered --------------------------------------------------------------------------------


def test_all_portals_but_one_answer_one_is_dead_and_addresses_stay(province: Province) -> None:
    with start_nodes(province) as nodes:
        first = dict(nodes.urls)
        counts = {}
        for code, url in first.items():
            try:
                answer = httpx.get(f"{url}/api/3/action/package_search?rows=0", timeout=10)
                counts[code] = answer.json()["result"]["count"]
            except httpx.ConnectError:
                counts[code] = None
    assert {code for code, count in counts.items() if count is None} == set(province.dead)
    assert counts == {m.code: None if m.role == "dead" else len(m.datasets) for m in province.members}
    assert nodes.process.returncode == 0
    with start_nodes(province) as again:
        assert len(set(first.items()) & set(again.urls.items())) >= 30  # somebody may have taken a port meanwhile
        _answers_live(province, again.urls)


def _answers_live(province: Province, urls: Mapping[str, str]) -> None:
    """Members with gauges answer for their stages when asked, each for its own region."""
    query = "{ riverStages(first: 1000) { totalCount nodes { gaugeCode regionCode stageM } } }"
    asked = [member for member in province.members if member.live]
    assert len(asked) >= 3 and {m.live for m in asked} == {("river_stage",)}
    for member in asked:
        found = httpx.post(f"{urls[member.code]}/graphql", json={"query": query}, timeout=30).json()["data"]
        assert found["riverStages"]["totalCount"] >= 3 * 24
        assert {row["regionCode"] for row in found["riverStages"]["nodes"]} == {member.code}


def test_a_home_learns_of_every_source_and_a_second_time_changes_nothing(province: Province, tmp_path: Path) -> None:
    home = init_home(tmp_path / "home", "33")
    urls = {m.code: f"http://127.0.0.1:{20_000 + i}" for i, m in enumerate(province.members)}
    register(home, province, urls)
    registry = Registry.load(home)
    assert len(registry.sources) == 36
    source = registry.source(source_id("33.74"))
    assert (source.member, source.url) == ("33.74", urls["33.74"])
    assert {a.what.value for a in source.allow} == {"private_address", "http", "port"}
    assert all(a.by == "SIMULASI" and a.until == TODAY + timedelta(days=365) for a in source.allow)
    before = files(home)
    register(home, province, urls)
    assert files(home) == before
    register(home, province, urls | {"33.74": "http://127.0.0.1:30000"})
    assert Registry.load(home).source(source_id("33.74")).url == "http://127.0.0.1:30000"
    assert len(Registry.load(home).sources) == 36


def test_every_dataset_of_a_contract_is_found_by_its_mapping_and_the_others_by_none(
    province: Province, tmp_path: Path
) -> None:
    home = init_home(tmp_path / "home", "33")
    register(home, province, {m.code: "http://127.0.0.1:20000" for m in province.members})
    registry = Registry.load(home)
    for member in province.members:
        source = registry.source(source_id(member.code))
        for dataset in member.datasets:
            found = Registry.mapping_for(source, [dataset.name], dataset.title, ["simulasi", dataset.tag], dataset.file)
            assert (found.contract if found else None) == dataset.contract


def test_portals_that_cannot_start_say_why(tmp_path: Path) -> None:
    nowhere = Province(tmp_path, "33", "x", "WIB", TODAY, 1, 90, (), (), {})
    with pytest.raises(DemoNodesFailed, match=r"province\.json"), start_nodes(nowhere):
        pass


# --- another province, and the questions ------------------------------------------------------------------


def test_T04_an_invented_province_in_wita_works_without_a_change_of_code(tmp_path: Path) -> None:
    province = generate(tmp_path / "p", wita(), today=TODAY, seed=1)
    assert (province.code, province.timezone) == ("99", "WITA")
    assert province.story["short"] == "99.71"
    for member, dataset in mapped(province):
        assert len(table_of(province, member, dataset)) == dataset.rows
    home = init_home(tmp_path / "home", "99", [PACKS])
    register(home, province, {m.code: "http://127.0.0.1:20000" for m in province.members})
    assert len(Registry.load(home).sources) == len(province.members)


def test_the_three_questions_of_the_shipped_province_are_those_of_its_story(province: Province) -> None:
    assert queries(province) == QUERIES
    assert [q.name for q in QUERIES] == ["shortage", "wave", "quality"]
    for query in QUERIES:
        assert not query.title.startswith("demo.")
        assert "?" not in query.look_for and "SIMULASI" in query.look_for
        assert "<" not in query.document


def test_the_three_questions_are_sound_operations_of_the_graph(province: Province) -> None:
    schema = make_schema(load_contracts(CONTRACTS))
    for query in QUERIES:
        assert validate(schema._schema, parse(query.document)) == []
