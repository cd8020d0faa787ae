"""The real files under `../shared/data`, dropped into folders by the members whose data they are, and what comes of them.

Figures beside an assertion were counted in the files themselves with nothing but `csv` and `sort | uniq`.
"""

import csv
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from core.access import Role
from core.region import Regions
from federation.packs import init_home
from services.intake.outcome import SourceReport
from tests.real.support import House, open_house, shared, write_member

WIB = timezone(timedelta(hours=7))

#: Whose data each file is; a member answers for its own regions only.
FILES = {
    "32": ("price/pihps_pasar_jabar_*", "messy/jabar_*"),
    "35": ("price/siskaperbapo_*",),
    "31": ("messy/jakarta_*", "messy/soluvas_*"),
    "dsda-dki": ("flood/*",),
    "33": ("messy/jateng_*",),
    "nasional": (
        "price/pihps_beras_*", "price/pihps_cabai_*", "price/data_harga_*", "price/harga_pangan_*", "price/islamic_*",
        "price/pihps_xlsx_*", "messy/bps_*", "messy/satudata_*", "region/*",
    ),
}  # fmt: skip

MEMBERS = {
    "32": """
code = "32"
name = "Provinsi Jawa Barat"
kind = "province"
regions = ["32"]

[[sources]]
id = "32-folder"
kind = "folder"
path = "{folder}"

[[sources.mappings]]
contract = "commodity_price"
match = {{ title = "pihps_pasar" }}
columns = {{ date = "Tanggal", region_code = "Kota / Kelurahan", market = "Pasar", commodity_code = "Komoditas", price = "Harga (Rp)" }}
constants = {{ price_level = "konsumen", unit = "kg" }}

[[sources.mappings]]
contract = "population"
match = {{ title = "penduduk" }}
columns = {{ region_code = "kode_kabupaten_kota", year = "tahun", sex = "jenis_kelamin", people = "jumlah_penduduk" }}
""",
    "35": """
code = "35"
name = "Provinsi Jawa Timur"
kind = "province"
regions = ["35"]

[[sources]]
id = "35-folder"
kind = "folder"
path = "{folder}"
""",
    "31": """
code = "31"
name = "Provinsi DKI Jakarta"
kind = "province"
regions = ["31"]

[[sources]]
id = "31-folder"
kind = "folder"
path = "{folder}"
""",
    "dsda-dki": """
code = "dsda-dki"
name = "Dinas Sumber Daya Air DKI Jakarta"
kind = "agency"
# Pos duga airnya juga berdiri di hulu, di luar provinsi.
regions = ["31", "32.01", "32.71", "32.76", "36.74"]

[[sources]]
id = "dsda-dki-folder"
kind = "folder"
path = "{folder}"

[[sources.mappings]]
contract = "river_stage"
match = {{ title = "tma" }}
columns = {{ gauge_code = "nama_pintu_air", observed_at = "tanggal", stage_m = "tinggi_air", status = "status_siaga" }}
factors = {{ stage_m = "0.001" }}  # milimeter
zone = "WIB"
""",
    "33": """
code = "33"
name = "Provinsi Jawa Tengah"
kind = "province"
regions = ["33"]

[[sources]]
id = "33-folder"
kind = "folder"
path = "{folder}"
""",
    "nasional": """
code = "nasional"
name = "Data nasional (Bapanas, Bank Indonesia, BPS)"
kind = "national"
regions = [{provinces}]

[[sources]]
id = "nasional-folder"
kind = "folder"
path = "{folder}"
""",
}

#: Gauges of Jakarta's water service that the pack's list does not have: code, name as published, where it stands.
#: Ten more are in the pack, one of them (Pesanggrahan) without a regency, because its sources name two.
GAUGES = (
    ("gadog", "PA. Cibalok - Gadog", "32.01"),
    ("cideng", "Pompa Cideng", "31.71"),
    ("marina_ancol", "P.A. Marina Ancol", "31.72"),
    ("pulo_gadung", "PA. Pulo Gadung", "31.75"),
    ("yos_sudarso", "Pompa Yos Sudarso 1", "31.72"),
    ("istiqlal", "P.A. Istiqlal", "31.71"),
    ("jembatan_merah", "P.A. Jembatan Merah", "31.71"),
    ("ancol_flushing", "P.A. Ancol Flusing", "31.72"),
    ("hek", "P.A. Hek", "31.75"),
)
UNLISTED = "Pompa Kali Duri (Kalijodo)"
SOURCE = "daftar pos DSDA DKI; letak menurut lintang dan bujur yang diterbitkan"


def _gauges(home: Path) -> None:
    """Add the gauges to the home's own list: data, as an administrator would."""
    with (home / "reference" / "gauge.csv").open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for code, name, region in GAUGES:
            empty = [""] * 7
            writer.writerow([code, name, "-", "-", region, "", "", "m", *empty[:4], "1=worst", "", SOURCE, ""])


class Harvested:
    def __init__(
        self, house: House, reports: dict[str, SourceReport], dropped: dict[str, list[str]], folders: Path
    ) -> None:
        self.house = house
        self.folders = folders
        self.reports = reports
        self.dropped = dropped
        self.coordinator = house.token(Role.COORDINATOR)


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harvested]:
    data = shared("data")
    folders = tmp_path_factory.mktemp("kiriman")
    home = init_home(tmp_path_factory.mktemp("home") / "lumbung", "33", ())
    _gauges(home)
    provinces = ", ".join(f'"{r.code}"' for r in Regions.load() if "." not in r.code)
    dropped: dict[str, list[str]] = {}
    for code, text in MEMBERS.items():
        folder = folders / code
        folder.mkdir()
        for pattern in FILES[code]:
            for path in sorted(data.glob(pattern)):
                shutil.copy(path, folder / path.name)
                dropped.setdefault(code, []).append(path.name)
        write_member(home, code, text.format(folder=folder, provinces=provinces))
    with open_house(home) as house:
        yield Harvested(house, {code: house.harvest(f"{code}-folder") for code in MEMBERS}, dropped, folders)


def rows_of(harvested: Harvested, member: str, name: str, **style: str) -> list[tuple[int, dict[str, str]]]:
    """The lines of a dropped file with their numbers, as `csv` alone reads them."""
    with (harvested.folders / member / name).open(encoding="utf-8", newline="") as stream:
        return list(enumerate(csv.DictReader(stream, **style), start=2))


CATALOGUE = """{ datasets(first: 200) { nodes { name state member { code } resources {
  name lastVerdict machineReadable contract rows } } } }"""


def test_every_file_is_catalogued_and_none_is_unreadable(harvested: Harvested) -> None:
    assert sum(map(len, harvested.dropped.values())) == 30
    assert not [(code, r.error, r.errors) for code, r in harvested.reports.items() if r.state != "ok"]
    found = harvested.house.ask(CATALOGUE, harvested.coordinator)["datasets"]["nodes"]
    by_member: dict[str, list[str]] = {}
    verdicts: dict[str, str] = {}
    for dataset in found:
        by_member.setdefault(dataset["member"]["code"], []).append(dataset["name"])
        (resource,) = dataset["resources"]
        verdicts[dataset["name"]] = resource["lastVerdict"]
    assert {code: sorted(names) for code, names in by_member.items()} == {
        code: sorted(names) for code, names in harvested.dropped.items()
    }
    assert Counter(verdicts.values()) == {
        "unmapped": 24,
        "not_machine_readable": 3,
        "published": 1,
        "published_with_warnings": 2,
    }
    assert {name for name, verdict in verdicts.items() if verdict == "not_machine_readable"} == {
        "boundaries_kab_33.sql", "wilayah_luas.sql", "wilayah_penduduk.sql",
    }  # fmt: skip


def test_text_that_differs_only_in_case_at_the_head_is_two_columns(harvested: Harvested) -> None:
    """The national panel has `Bulan_num` and `bulan_num`; 9,908 rows of 505 regencies by 20 months, less those missing."""
    query = """{ datasets(search: "harga_pangan_kabkota_latlon", first: 1) { nodes { id } } }"""
    (found,) = harvested.house.ask(query, harvested.coordinator)["datasets"]["nodes"]
    query = "query($d: ID!) { rows(dataset: $d, first: 1) { totalCount columns rows rowNumbers } }"
    rows = harvested.house.ask(query, harvested.coordinator, d=found["id"])["rows"]
    assert rows["totalCount"] == 9908
    assert {"Bulan_num", "bulan_num_2"} <= set(rows["columns"])
    assert rows["rowNumbers"] == [2]
    assert rows["rows"][0][:3] == ["Kab. Aceh Barat", "2024", "Januari"]
    assert harvested.house.ask(query, d=found["id"])["rows"] is None, "not classified yet: members only"


PRICES = """query($region: String, $seq: BigInt) { commodityPrices(asOfSeq: $seq, first: 2,
    where: {regionCode: {eq: $region}}, orderBy: [{column: PRICE, direction: DESC}]) { totalCount seq nodes {
  regionCode date market commodityCode price unit region { name }
  provenance { row seq verdict fetchedAt member { code } source { id } dataset { name } } } } }"""


def test_market_prices_of_jawa_barat_are_published_where_the_file_has_one(harvested: Harvested) -> None:
    """32,742 lines of 18 markets on 1,819 days, of which 1,247 have `-` for a price and three a slip of the hand.

    387,500 amid days of 70,000, 140,000 amid 30,000, 443,500 amid 80,000; 140,000 of March 2021, in many markets, was true.
    """
    report = harvested.reports["32"]
    assert report.rows_quarantined == 1250
    assert dict(report.reasons) == {"price.required": 1247, "price.typo": 3}
    assert harvested.house.ask(PRICES)["commodityPrices"]["totalCount"] == 31492
    # lines with a price, by regency as the file names it (`Kab. Cirebon`, `Kota Cirebon`)
    counted = {"32.71": 3508, "32.73": 3505, "32.74": 3484, "32.09": 3485, "32.06": 3504, "32.78": 3506}
    for region, count in counted.items():
        assert harvested.house.ask(PRICES, region=region)["commodityPrices"]["totalCount"] == count
    (dearest, _) = harvested.house.ask(PRICES)["commodityPrices"]["nodes"]
    place = dearest.pop("provenance")
    assert dearest == {
        "regionCode": "32.09", "date": "2021-03-15", "market": "Pasar Mundu", "commodityCode": "cabai_rawit_merah",
        "price": 140000, "unit": "kg", "region": {"name": "Kabupaten Cirebon"},
    }  # fmt: skip
    assert (place["row"], place["verdict"]) == (10349, "published_with_warnings")
    assert (place["member"]["code"], place["dataset"]["name"]) == ("32", "pihps_pasar_jabar_cabe_rawit.csv")


def test_population_of_jawa_barat_is_published_whole(harvested: Harvested) -> None:
    """27 regencies, 11 years, two sexes: 594 lines; codes without a dot, LAKI-LAKI and PEREMPUAN."""
    query = """query($w: PopulationFilter) { populations(where: $w, first: 60) {
        totalCount nodes { regionCode year sex people } } }"""
    assert harvested.house.ask(query)["populations"]["totalCount"] == 594
    last = harvested.house.ask(query, w={"year": {"eq": 2023}})["populations"]
    assert last["totalCount"] == 54
    assert sum(n["people"] for n in last["nodes"]) == 49_899_992
    bogor = [(n["sex"], n["people"]) for n in last["nodes"] if n["regionCode"] == "32.01"]
    assert sorted(bogor) == [("L", 2_846_258), ("P", 2_712_627)]


STAGES = """query($w: RiverStageFilter, $order: [RiverStageOrder!]) {
    riverStages(where: $w, orderBy: $order, first: 3) { totalCount nodes {
  gaugeCode regionCode observedAt stageM status provenance { row member { code } } } } }"""


def test_stages_of_the_flood_of_2020_are_metres_in_universal_time(harvested: Harvested) -> None:
    """31,059 lines of 21 gauges in millimetres and WIB; 1,479 scrapes a gauge, many a stale repeat."""
    name = "tma_2020_jakarta.csv"
    lines = rows_of(harvested, "dsda-dki", name)
    apart = {"PS. Pesanggrahan", UNLISTED}
    fresh = {(r["nama_pintu_air"], r["tanggal"]) for _, r in lines if r["nama_pintu_air"] not in apart}
    known = {(r["nama_pintu_air"], r["tanggal"]) for _, r in lines if r["nama_pintu_air"] != UNLISTED}
    assert (len(lines), len(fresh)) == (31059, 19592)
    report = harvested.reports["dsda-dki"]
    assert (report.rows_published, report.rows_quarantined) == (19592, 11467)
    assert dict(report.reasons) == {
        "key.repeated": 31059 - 1479 - len(known),  # the same reading scraped again
        "gauge_code.reference": 1479,  # the gauge that no list has
        "region_code.reference": 2 * 1479,  # it, and the one whose regency the sources dispute
    }
    assert harvested.house.ask(STAGES)["riverStages"]["totalCount"] == 19592
    peak = [{"column": "STAGE_M", "direction": "DESC"}]
    for gauge, region, stage, at in (
        ("manggarai", "31.74", 9.69, datetime(2020, 1, 2, 0, 40, tzinfo=WIB)),
        ("katulampa", "32.71", 1.41, datetime(2020, 1, 1, 9, 10, tzinfo=WIB)),
    ):
        found = harvested.house.ask(STAGES, w={"gaugeCode": {"eq": gauge}}, order=peak)["riverStages"]["nodes"][0]
        assert (found["regionCode"], found["stageM"]) == (region, stage)
        assert datetime.fromisoformat(found["observedAt"]) == at
        assert found["provenance"]["member"]["code"] == "dsda-dki"
        number, line = next((n, r) for n, r in lines if n == found["provenance"]["row"])
        assert int(line["tinggi_air"]) == round(stage * 1000)
        assert (number, line["status_siaga"]) == (found["provenance"]["row"], found["status"])
    lowest = [{"column": "STAGE_M", "direction": "ASC"}]
    pluit = harvested.house.ask(STAGES, w={"gaugeCode": {"eq": "pluit"}}, order=lowest)["riverStages"]["nodes"][0]
    assert pluit["stageM"] == -2.09  # below the gauge's own zero
    trailing = harvested.house.ask(STAGES, w={"gaugeCode": {"eq": "istiqlal"}})["riverStages"]
    assert trailing["totalCount"] == 1264  # written `P.A. Istiqlal  `


def test_what_came_back_says_why_in_a_sentence(harvested: Harvested) -> None:
    query = """{ quarantine(member: "dsda-dki", first: 1) { nodes { rows
        reasons { code rows } returned(first: 200) { nodes { row original reasons } } } } }"""
    (batch,) = harvested.house.ask(query, harvested.coordinator)["quarantine"]["nodes"]
    assert batch["rows"] == 11467
    sentences = {r["rule"]: r["message"] for row in batch["returned"]["nodes"] for r in row["reasons"]}
    assert sentences["gauge_code.reference"] == (
        f"Isi kolom Kode pos duga air tertulis “{UNLISTED}”, dan itu tidak ada dalam daftar kode pos duga air."
    )
    assert "PS. Pesanggrahan" in sentences["region_code.reference"]
    assert sentences["key.repeated"].startswith("Baris ini mengulang baris ")


def test_a_corrected_file_is_another_state_and_the_earlier_one_can_still_be_asked_for(harvested: Harvested) -> None:
    """The slip of Pasar Pelita mended at its source: its row comes, and both states answer."""
    before = harvested.house.ask(PRICES)["commodityPrices"]
    file = harvested.folders / "32" / "pihps_pasar_jabar_cabe_rawit.csv"
    text = file.read_text("utf-8")
    assert text.count(";443500") == 1
    file.write_text(text.replace(";443500", ";43500"), "utf-8")
    later = file.stat().st_mtime + 60
    os.utime(file, (later, later))
    report = harvested.house.harvest("32-folder")
    assert (report.changed, report.snapshots, report.rows_published) == (1, 1, 1)
    after = harvested.house.ask(PRICES)["commodityPrices"]
    assert after["totalCount"] == before["totalCount"] + 1
    assert after["seq"] > before["seq"]
    assert harvested.house.ask(PRICES, seq=before["seq"])["commodityPrices"]["nodes"] == before["nodes"]


def test_S22_the_same_files_again_publish_nothing(harvested: Harvested) -> None:
    for code in MEMBERS:
        report = harvested.house.harvest(f"{code}-folder")
        assert (report.state, report.snapshots, report.fetched) == ("ok", 0, 0)
