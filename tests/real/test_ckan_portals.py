"""Two real CKAN portals full of regency data, harvested and compared cell by cell with what was put into them.

The truth is the seeder's own record of every file. Reading links to bps.go.id depends on the machine's network, so
that all that is asked of them is that they publish nothing and harm nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog import relations
from catalog.datasets import dataset_id, resource_id
from core.access import Role
from core.db import session_scope
from federation.packs import init_home
from services.intake.outcome import SourceReport
from tests.real.mappings import portal_member
from tests.real.portals import SITES, Portal, Portals
from tests.real.support import House, open_house, write_member
from tests.real.truth import Judged, judge

pytestmark = [pytest.mark.long, pytest.mark.ckan]

DATASETS = 60
TOKEN = "LUMBUNG_TEST_CKAN_TOKEN"
#: What the twelve goods of the seeded markets are called in the province's list.
CODES = {
    "Beras Premium": "beras_premium", "Beras Medium": "beras_medium", "Cabai Rawit Merah": "cabai_rawit_merah",
    "Cabai Merah Keriting": "cabai_merah_keriting", "Bawang Merah": "bawang_merah",
    "Bawang Putih Honan": "bawang_putih", "Daging Sapi Murni": "daging_sapi", "Daging Ayam Ras": "daging_ayam_ras",
    "Telur Ayam Ras": "telur_ayam_ras", "Gula Pasir": "gula_pasir", "Minyak Goreng Curah": "minyak_goreng_curah",
    "Tepung Terigu": "tepung_terigu",
}  # fmt: skip
#: Which seeded topic follows which standard; the others are rows of text.
STANDARDS = {
    "harga": "commodity_price", "beras": "commodity_stock", "hujan": "rainfall", "penduduk": "population",
    "air": "river_stage",
}  # fmt: skip


class Harvested:
    """Both portals after their first harvest by an anonymous visitor."""

    def __init__(self, portals: Portals, made: dict[str, Portal], house: House) -> None:
        self.portals = portals
        self.made = made
        self.house = house
        self.reports: dict[str, SourceReport] = {}

    def files(self) -> Iterator[tuple[Portal, dict[str, Any], dict[str, Any]]]:
        """Every public file that the seeder described by columns and rows, with its portal and dataset."""
        for portal in self.made.values():
            for dataset in portal.public():
                for resource in dataset["resources"]:
                    if resource["kind"] == "file" and resource["style"]:
                        yield portal, dataset, resource

    def resource(self, portal: Portal, dataset: dict[str, Any], resource: dict[str, Any]) -> str:
        """The catalogue's id of a file."""
        return resource_id(dataset_id(f"{portal.member}-ckan", dataset["id"]), resource["id"])

    def text(self, resource: str) -> pa.Table:
        """The first table of text that the catalogue holds of a file."""
        with session_scope(self.house.granary.sessions) as session:
            found = relations.text_relation(session, self.house.granary.store, resource_id=resource)
        assert found.parts, resource
        tables = [pq.read_table(part.path, partitioning=None) for part in found.parts]
        return max(tables, key=lambda t: (t.num_columns, t.num_rows)).sort_by("_row")

    def landed(self, resource: dict[str, Any], name: str) -> pa.Table:
        """The first table of a file as the reader gives it, from the landed bytes."""
        from federation.readers import ReadLimits, read

        path = self.house.granary.landing.open(resource["sha256"])
        return read(path, name, mime=None, limits=ReadLimits()).tables[0].data

    def typed(self, contract: str) -> dict[str, list[dict[str, Any]]]:
        """The rows that a standard serves, by the file that they came from."""
        with session_scope(self.house.granary.sessions) as session:
            found = relations.relation(session, self.house.granary.store, self.house.granary.contracts[contract], None)
        names = [name for name, _ in found.columns]
        rows: dict[str, list[dict[str, Any]]] = {}
        for file in found.files:
            for row in pq.read_table(file.path, partitioning=None).to_pylist():
                rows.setdefault(row["_resource"], []).append({n: row[n] for n in (*names, "_row")})
        return rows


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harvested]:
    portals = Portals()
    try:
        made = portals.start(DATASETS)
        home = init_home(tmp_path_factory.mktemp("home") / "lumbung", "33", ())
        for code, portal in made.items():
            write_member(home, code, portal_member(portal))
        with open_house(home) as house:
            out = Harvested(portals, made, house)
            for code in SITES:
                out.reports[code] = house.harvest(f"{code}-ckan")
            yield out
    finally:
        portals.stop()


def topic(dataset: dict[str, Any]) -> str:
    return str(dataset["name"]).partition("-")[0]


def judged(harvested: Harvested) -> Iterator[tuple[dict[str, Any], dict[str, Any], Judged]]:
    for _, dataset, resource in harvested.files():
        yield dataset, resource, judge(harvested.landed(resource, f"x.{resource['format']}"), resource)


def test_every_active_public_dataset_is_found_and_no_other(harvested: Harvested) -> None:
    for code, portal in harvested.made.items():
        expected = {d["id"] for d in portal.public()}
        with session_scope(harvested.house.granary.sessions) as session:
            from catalog.datasets import known_fingerprints

            assert set(known_fingerprints(session, f"{code}-ckan")) == expected
        report = harvested.reports[code]
        assert report.datasets == report.new == len(expected)
        assert report.resources == sum(len(d["resources"]) for d in portal.public())
        assert report.state in ("ok", "partial")


def test_every_described_file_is_read_exactly(harvested: Harvested, record_property: Callable[..., None]) -> None:
    """Title rows, JUMLAH rows, four encodings, three delimiters: the same columns, rows and values each time."""
    found = [(dataset["name"], resource["format"], j) for dataset, resource, j in judged(harvested)]
    exact = sum(j.exact for *_, j in found)
    record_property("resources_read_exactly", f"{exact} of {len(found)}")
    assert len(found) > 100
    assert not [(name, form, j.differences[:3]) for name, form, j in found if not j.exact]


def test_unmapped_datasets_are_served_as_the_rows_of_text_that_were_put_in(harvested: Harvested) -> None:
    compared = 0
    for portal, dataset, resource in harvested.files():
        if topic(dataset) not in STANDARDS:
            table = harvested.text(harvested.resource(portal, dataset, resource)).drop_columns("_row")
            found = judge(table, resource)
            assert found.exact, (dataset["name"], found.differences[:3])
            compared += 1
    assert compared > 60


def _clean(resource: dict[str, Any], blank: set[int], *columns: str) -> list[tuple[Any, ...]]:
    names = [name for name, _ in resource["columns"]]
    picked = [names.index(c) for c in columns]
    return [tuple(row[i] for i in picked) for at, row in enumerate(resource["rows"]) if at not in blank]


def _published(contract: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """A published row as the truth would write it, text without the ways of writing a district."""
    match contract:
        case "commodity_price":
            return (row["date"].isoformat(), row["market"], row["commodity_code"], row["price"], row["unit"])
        case "commodity_stock":
            return (row["date"].isoformat(), row["warehouse"], row["commodity_code"], round(row["stock_kg"], 3))
        case "rainfall":
            return (row["date"].isoformat(), _district(row["station"]), row["rain_mm"])
    return (_district(row["district"]), row["sex"], row["people"], row["year"])


def _district(name: str) -> str:
    return name.lower().removeprefix("kecamatan ").removeprefix("kec. ").strip()


def _expected(contract: str, dataset: dict[str, Any], resource: dict[str, Any], blank: set[int]) -> list[Any]:
    match contract:
        case "commodity_price":
            rows = _clean(resource, blank, "tanggal", "pasar", "komoditas", "harga", "satuan")
            return [(d, m, CODES[k], p, u) for d, m, k, p, u in rows]
        case "commodity_stock":
            rows = _clean(resource, blank, "tanggal", "gudang", "stok_ton")
            return [(d, g, "beras_medium", float(Decimal(str(t)) * 1000)) for d, g, t in rows]
        case "rainfall":
            rows = _clean(resource, blank, "tanggal", "kecamatan", "curah_hujan_mm")
            return [(d, _district(k), float(mm)) for d, k, mm in rows]
    year = int(dataset["name"].split("-")[2])
    return [(_district(k), "total", n, year) for k, n in _clean(resource, blank, "kecamatan", "jumlah")]


@pytest.mark.parametrize(
    ("name", "contract", "figure"),
    [
        ("harga", "commodity_price", "harga"), ("beras", "commodity_stock", "stok_ton"),
        ("hujan", "rainfall", "curah_hujan_mm"), ("penduduk", "population", "jumlah"),
    ],
)  # fmt: skip
def test_a_mapped_dataset_publishes_exactly_its_clean_rows(
    harvested: Harvested, name: str, contract: str, figure: str
) -> None:
    """A row is clean unless the seeder itself left its figure out; nothing else is returned, nothing is changed."""
    served = harvested.typed(contract)
    returned = 0
    files = 0
    for portal, dataset, resource in harvested.files():
        if topic(dataset) != name:
            continue
        table = harvested.landed(resource, f"x.{resource['format']}")
        at = [c for c, _ in resource["columns"]].index(figure)
        cells = table.column(at).to_pylist()
        blank = {i for i, cell in enumerate(cells) if (cell or "").strip().lower() in ("", "-", "n/a")}
        rows = served.pop(harvested.resource(portal, dataset, resource))
        assert {row["region_code"] for row in rows} == {portal.member}
        expected = Counter(_expected(contract, dataset, resource, blank))
        assert Counter(_published(contract, row) for row in rows) == expected, dataset["name"]
        returned += len(blank)
        files += 1
    assert files > 4
    assert not served, "rows of a file that is none of this topic's"
    counted = sum(r.reasons.get(f"{_target(contract)}.required", 0) for r in harvested.reports.values())
    assert counted == returned


def _target(contract: str) -> str:
    return {
        "commodity_price": "price", "commodity_stock": "stock_kg", "rainfall": "rain_mm", "population": "people",
    }[contract]  # fmt: skip


QUARANTINE = """query($member: String) { quarantine(member: $member, first: 200) { nodes {
  rows reasons { code rows } resource { id } returned(first: 1) { nodes { row original reasons } } } } }"""


def test_gauges_that_are_not_in_the_list_are_returned_by_name_and_nothing_of_them_is_served(
    harvested: Harvested,
) -> None:
    assert not harvested.typed("river_stage")
    reviewer = harvested.house.token(Role.REVIEWER)
    for portal in harvested.made.values():
        answer = harvested.house.ask(QUARANTINE, reviewer, member=portal.member)["quarantine"]["nodes"]
        by_resource = {batch["resource"]["id"]: batch for batch in answer}
        files = [f for f in harvested.files() if f[0] is portal and topic(f[1]) == "air"]
        assert files
        for file in files:
            batch = by_resource[harvested.resource(*file)]
            assert batch["rows"] == len(file[2]["rows"])
            first = batch["returned"]["nodes"][0]
            named = next(r for r in first["reasons"] if r["rule"] == "gauge_code.reference")
            assert named["value"].startswith("Pos ")
            assert named["value"] in named["message"]
        report = harvested.reports[portal.member]
        assert report.holds == Counter({"TOO_MANY_REJECTED": len(files)})


def test_dead_links_web_pages_and_empty_files_are_errors_with_a_name(harvested: Harvested) -> None:
    for code, portal in harvested.made.items():
        expected: Counter[str] = Counter()
        online = 0
        for dataset in portal.public():
            for resource in dataset["resources"]:
                if resource["kind"] == "link":
                    dead = "tidak-aktif" in resource["url"]
                    expected["URL_REFUSED"] += dead
                    online += not dead
                elif resource["style"] is None:
                    expected["NOT_DATA" if resource["bytes"] else "FILE_EMPTY"] += 1
        found = Counter(e["code"] for e in harvested.reports[code].errors)
        unreached = found.pop("SOURCE_UNREACHABLE", 0)
        if unreached == online:  # without a network they are all unreachable, and that is all that can be known
            assert found == +expected
        else:
            assert not +expected - found
        assert all(e["what"] and e["fix"] for e in harvested.reports[code].errors)


def test_the_same_question_over_graphql_gives_the_rows_of_both_portals(harvested: Harvested) -> None:
    query = """query($region: String) { commodityPrices(
        where: {regionCode: {eq: $region}, commodityCode: {eq: "cabai_rawit_merah"}}, first: 5,
        orderBy: [{column: PRICE, direction: DESC}])
      { totalCount nodes { date market price region { name }
          provenance { row verdict member { code } source { id } dataset { title } snapshot { seq } } } } }"""
    for code, portal in harvested.made.items():
        answer = harvested.house.ask(query, region=code)["commodityPrices"]
        truth = [
            row
            for _, dataset, resource in harvested.files()
            if topic(dataset) == "harga" and dataset in portal.public()
            for row in resource["rows"]
            if row[2] == "Cabai Rawit Merah"
        ]
        assert answer["totalCount"] == len(truth)
        assert [n["price"] for n in answer["nodes"]] == sorted((r[3] for r in truth), reverse=True)[:5]
        place = answer["nodes"][0]["provenance"]
        assert place["member"]["code"] == code
        assert place["source"]["id"] == f"{code}-ckan"
        assert place["row"] > 1


def test_an_unchanged_portal_costs_one_request(harvested: Harvested) -> None:
    for code, portal in harvested.made.items():
        before = len(portal.requests())
        report = harvested.house.harvest(f"{code}-ckan")
        asked = portal.requests()[before:]
        assert len(asked) == 1, asked
        assert "package_search" in asked[0]
        assert report.error is None
        assert (report.new, report.changed, report.missing, report.snapshots) == (0, 0, 0, 0)


def test_what_a_portal_s_stewards_changed_is_found_exactly(harvested: Harvested) -> None:
    code = "33.22"
    done = harvested.portals.churn(harvested.made[code], updates=10, deletes=2, adds=3)
    report = harvested.house.harvest(f"{code}-ckan")
    assert (report.changed, report.missing, report.new) == (10, 2, 3)
    assert report.withdrawn == 0
    assert report.snapshots == 0, "only descriptions were changed"
    query = 'query($s: [DatasetState!]) { datasets(filter: {source: "33.22-ckan", states: $s}, first: 200) { nodes { name } } }'
    member = harvested.house.token(Role.COORDINATOR)
    missing = harvested.house.ask(query, member, s=["MISSING"])["datasets"]["nodes"]
    assert {d["name"] for d in missing} == set(done["deleted"])
    active = {d["name"] for d in harvested.house.ask(query, member, s=["ACTIVE"])["datasets"]["nodes"]}
    assert set(done["added"]) <= active


def test_with_a_token_private_datasets_are_seen_and_stay_limited(
    harvested: Harvested, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = harvested.made["33.74"]
    private = {d["name"] for d in portal.truth if d["private"] and d["state"] == "active"}
    assert private
    monkeypatch.setenv(TOKEN, portal.token)
    home = init_home(tmp_path_factory.mktemp("home") / "lumbung", "33", ())
    write_member(home, portal.member, portal_member(portal, token_env=TOKEN))
    with open_house(home) as house:
        report = house.harvest("33.74-ckan")
        assert report.datasets == len(portal.public()) + len(private)
        query = "{ datasets(first: 200) { nodes { name classification } } }"
        seen = {
            d["name"]: d["classification"] for d in house.ask(query, house.token(Role.COORDINATOR))["datasets"]["nodes"]
        }
        assert private <= seen.keys()
        assert {seen[name] for name in private} == {"LIMITED"}
        assert {seen[d["name"]] for d in portal.public()} <= {"OPEN", "UNCLASSIFIED"}
        public = {d["name"] for d in house.ask(query)["datasets"]["nodes"]}
        assert not public & private
        texts = "".join(p.read_text("utf-8", "replace") for p in home.glob("*.toml")) + str(report.as_dict())
        assert portal.token not in texts
