"""The simulated province at the gate: exactly what was planted is returned, held or warned about, nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.contracts import load_contracts
from core.reference import fold
from core.reference_files import load_code_lists
from core.verdict import Verdict
from federation.packs import Pack, find_pack, init_home
from federation.readers import ReadLimits, read
from federation.registry import Registry, home_regions
from hub.demo import Province, generate, register, source_id
from quality.outcome import CheckOutcome
from quality.worker import Checker, CheckJob

TODAY = date(2028, 2, 29)  # T05
PACKS = Path(__file__).parents[1] / "packs"
CONTRACTS = Path(__file__).parents[2] / "quality" / "contracts"

#: Standards of which some members have small files, and how many of each are tried.
FURTHER = (
    *("flood_report", "warehouse", "permit", "regional_revenue", "budget_realisation", "official_travel"),
    *("river_network", "regional_asset", "citizen_complaint", "development_indicator", "smart_city_programme"),
    *("application", "maternal_health"),
)
EACH = 2

Judge = Callable[[str, str], CheckOutcome]


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker()
    yield made
    made.connection.close()


def judge_of(province: Province, pack: Pack, home: Path, checker: Checker) -> Judge:
    """What the gate says about one dataset of one member, read, mapped and checked as a harvest does it."""
    init_home(home, pack.province, [PACKS])
    register(home, province, {m.code: "http://127.0.0.1:20000" for m in province.members})
    registry, contracts = Registry.load(home), load_contracts(CONTRACTS)
    references = load_code_lists(home / "reference", home_regions(home), at=TODAY)

    def judge(member: str, name: str) -> CheckOutcome:
        dataset = next(d for m in province.members if m.code == member for d in m.datasets if d.name == name)
        mapping = Registry.mapping_for(
            registry.source(source_id(member)), [name], dataset.title, [dataset.tag], dataset.file
        )
        assert mapping is not None
        path = province.folder(member) / name / dataset.file
        wanted = {fold(header) for header in mapping.columns.values()}
        tables = read(path, path.name, mime=None, limits=ReadLimits()).tables
        (table,) = [t for t in tables if wanted <= {fold(c) for c in t.columns}]
        data = table.data.append_column("_row", table.row_numbers)
        arrow = home / "table.arrow"
        with pa.OSFile(str(arrow), "wb") as sink, pa.ipc.new_file(sink, data.schema) as writer:
            writer.write_table(data)
        return checker.run(
            CheckJob(
                table=arrow,
                contract=contracts[mapping.contract],
                mapping=mapping,
                references=references,
                regions=registry.member(member).regions,
                out=home / "out",
                zone=pack.timezone,
                previous_rows=None,
                previous_columns=None,
                decided={},
                nihil=False,
                now=datetime(TODAY.year, TODAY.month, TODAY.day, 5, tzinfo=UTC),
            )
        )

    return judge


@pytest.mark.parametrize("seed", [1, 2])
def test_S21_F30_F31_exactly_the_planted_rows_are_quarantined_whatever_the_members_style(
    tmp_path: Path, checker: Checker, seed: int
) -> None:
    if not (PACKS / "99").is_dir():
        pytest.skip("tests/packs/99 is not there")
    pack = find_pack("99", [PACKS])
    province = generate(tmp_path / "p", pack, today=TODAY, seed=seed)
    judge = judge_of(province, pack, tmp_path / "home", checker)
    published = 0
    for member in province.members:
        for dataset in member.datasets:
            if dataset.contract is None:
                continue
            outcome = judge(member.code, dataset.name)
            found = set(pq.read_table(outcome.quarantined)["_row"].to_pylist()) if outcome.quarantined else set()
            broken = [p for p in province.planted if (p.member, p.dataset) == (member.code, dataset.name)]
            assert found == {p.row for p in broken if p.expect == "quarantined"}, (member.code, dataset.file)
            assert outcome.verdict in (Verdict.PUBLISHED, Verdict.WARNED)
            if any(p.expect == "warned" for p in broken):
                assert outcome.verdict is Verdict.WARNED
            published += outcome.accepted_rows if member.role != "dead" else 0
    assert published == province.expected()["published"]


def test_each_further_standard_returns_and_warns_about_exactly_what_was_planted(
    tmp_path: Path, checker: Checker
) -> None:
    pack = find_pack("33")
    province = generate(tmp_path / "p", pack, today=TODAY, days=30)
    judge = judge_of(province, pack, tmp_path / "home", checker)
    tried = Counter[str]()
    for member in province.members:
        for dataset in member.datasets:
            contract = str(dataset.contract)
            if contract not in FURTHER or tried[contract] == EACH:
                continue
            tried[contract] += 1
            outcome = judge(member.code, dataset.name)
            found = set(pq.read_table(outcome.quarantined)["_row"].to_pylist()) if outcome.quarantined else set()
            broken = [p for p in province.planted if (p.member, p.dataset) == (member.code, dataset.name)]
            assert found == {p.row for p in broken if p.expect == "quarantined"}, (member.code, dataset.file)
            warned = [w for w in outcome.warnings if "rule" in w.values]
            assert len(warned) == sum(p.expect == "warned" for p in broken), (member.code, dataset.file, warned)
            assert outcome.accepted_rows == dataset.rows - len(found)
    assert tried == dict.fromkeys(FURTHER, EACH)


def test_S21_the_file_with_another_members_region_is_held_whole(tmp_path: Path, checker: Checker) -> None:
    pack = find_pack("33")
    province = generate(tmp_path / "p", pack, today=TODAY, days=30)
    (held,) = [p for p in province.planted if p.expect == "held"]
    outcome = judge_of(province, pack, tmp_path / "home", checker)(held.member, held.dataset)
    assert outcome.verdict is Verdict.HELD
    assert outcome.accepted is None
    assert "FOREIGN" in outcome.holds[0].code


def test_the_crest_passes_the_upstream_gauge_hours_before_the_downstream_one(tmp_path: Path, checker: Checker) -> None:
    pack = find_pack("33")
    province = generate(tmp_path / "p", pack, today=TODAY, days=30)
    judge = judge_of(province, pack, tmp_path / "home", checker)
    (upstream, _), (downstream, lag) = province.story["wave"]
    crests = {}
    for member in province.members:
        for dataset in member.datasets:
            if dataset.contract == "river_stage" and member.code in ("33.15", "33.19"):
                accepted = judge(member.code, dataset.name).accepted
                assert accepted is not None
                row = max(pq.read_table(accepted).to_pylist(), key=lambda r: r["stage_m"])
                crests[row["gauge_code"]] = row
    assert crests[upstream]["stage_m"] > 3 and crests[downstream]["stage_m"] > 3
    hours = (crests[downstream]["observed_at"] - crests[upstream]["observed_at"]).total_seconds() / 3600
    assert lag - 2 <= hours <= lag + 2  # its travel time in the pack's reference file; the gauges read every half hour
    assert crests[upstream]["observed_at"].date() >= date(2028, 2, 26)
