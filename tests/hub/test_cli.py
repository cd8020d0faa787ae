"""The command line as its users type it: one home, harvested once, then looked at from every side."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from core import messages
from hub.cli import app
from services.intake.opened import close_all

PACKS = Path(__file__).parents[1] / "packs"
PRICES = """\
Tanggal;Pasar;Komoditas;Harga (Rp)
31/01/2026;=Pasar Besar;Beras;Rp 12.500
31/01/2026;Pasar Kecil;Sagu;9.000
31/01/2026;Pasar Kecil;Emas;9.000
"""
MAPPING = """
[[sources.mappings]]
contract = "commodity_price"
match = {title = "harga"}
columns = {date = "tanggal", market = "pasar", commodity_code = "komoditas", price = "harga (rp)"}
constants = {region_code = "99.71", price_level = "konsumen"}
"""


def lumbung(home: Path, *words: str | Path, ok: bool = True) -> str:
    result = CliRunner().invoke(app, ["--home", str(home), *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert (result.exit_code == 0) == ok, result.output
    return result.stdout


def answer(home: Path, *words: str | Path) -> Any:
    return json.loads(lumbung(home, *words, "--json"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the invented province whose city drops its files into a folder."""
    root = tmp_path_factory.mktemp("cli")
    home, files = root / "home", root / "kiriman"
    files.mkdir()
    (files / "harga-pangan.csv").write_text(PRICES, encoding="utf-8")
    (files / "aduan.csv").write_text("nomor,isi\n007,Jalan rusak\n", encoding="utf-8")
    lumbung(home, "init", "--province", "99", "--pack", PACKS)
    lumbung(home, "source", "add", "folder", files, "--member", "99.71")
    member = home / "members" / "99.71.toml"
    member.write_text(member.read_text("utf-8") + MAPPING, encoding="utf-8")
    lumbung(home, "harvest", "--direct")
    yield home
    close_all()


def test_a_home_is_made_once_and_never_over_another(home: Path) -> None:
    result = CliRunner().invoke(app, ["--home", str(home), "init", "--province", "99", "--pack", str(PACKS)])
    assert result.exit_code != 0
    assert getattr(result.exception, "code", None) == "HOME_EXISTS"


def test_members_are_listed_and_checked(home: Path) -> None:
    listed = {m["code"]: m for m in answer(home, "members", "list")}
    assert listed["99.71"]["regions"] == ["99.71"]
    assert listed["99.71"]["sources"] == ["99.71-folder"]
    assert answer(home, "members", "check") == {"members": len(listed), "problems": [], "expired_allowances": []}


def test_sources_are_added_shown_asked_and_removed(home: Path) -> None:
    added = answer(home, "source", "add", "http", "https://contoh.go.id/harga.csv", "--member", "99.01")
    assert added["id"] == "99.01-http"
    again = answer(home, "source", "add", "http", "https://contoh.go.id/lain.csv", "--member", "99.01")
    assert again["id"] == "99.01-http-2"
    assert {s["id"] for s in answer(home, "source", "list", "--member", "99.01")} == {"99.01-http", "99.01-http-2"}
    for source in ("99.01-http", "99.01-http-2"):
        assert answer(home, "source", "remove", source)["removed"] == source
    (checked,) = answer(home, "source", "check", "99.71-folder")
    assert (checked["ok"], checked["datasets"]) == (True, 2)


def test_a_dry_run_writes_nothing_and_says_what_it_would_find(home: Path) -> None:
    before = len(answer(home, "runs"))
    (report,) = answer(home, "harvest", "--dry-run")
    assert (report["datasets"], report["new"], report["changed"], report["missing"]) == (2, 0, 0, 0)
    assert len(answer(home, "runs")) == before


def test_the_first_run_published_what_was_good_and_says_what_was_not(home: Path) -> None:
    run = answer(home, "runs")[-1]
    assert run["state"] == "ok"
    assert run["counts"]["rows_published"] == 3
    assert run["counts"]["reasons"] == {"commodity_code.reference": 1}


def test_datasets_show_their_standard_and_verdict(home: Path) -> None:
    found = {d["title"]: d for d in answer(home, "datasets")["datasets"]}
    mapped, unmapped = found["harga-pangan"]["resources"][0], found["aduan"]["resources"][0]
    assert (mapped["contract"], mapped["verdict"]) == ("commodity_price", "published_with_warnings")
    assert (unmapped["contract"], unmapped["verdict"]) == (None, "unmapped")
    assert "belum dipetakan ke standar data" in lumbung(home, "datasets", "--search", "aduan")


def test_rows_of_a_standard_come_as_table_json_csv_and_parquet(home: Path, tmp_path: Path) -> None:
    rows = answer(home, "rows", "commodity_price")
    assert [(r["date"], r["commodity_code"], r["price"], r["_row"]) for r in rows] == [
        ("2026-01-31", "beras_medium", 12500, 2),
        ("2026-01-31", "sagu", 9000, 3),
    ]
    assert "beras_medium" in lumbung(home, "rows", "commodity_price")
    file = tmp_path / "harga.parquet"
    lumbung(home, "rows", "commodity_price", "--format", "parquet", "--output", file)
    assert pq.read_table(file).column("price").to_pylist() == [12500, 9000]


def test_F28_formulas_stay_as_they_are_inside_and_are_made_harmless_in_csv(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "harga.csv"
    lumbung(home, "rows", "commodity_price", "--format", "csv", "--output", file)
    exported = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    assert exported[0]["market"] == "'=Pasar Besar"
    assert answer(home, "rows", "commodity_price")[0]["market"] == "=Pasar Besar"


def test_rows_are_filtered_and_limited(home: Path) -> None:
    assert len(answer(home, "rows", "commodity_price", "--where", "commodity_code=sagu")) == 1
    assert len(answer(home, "rows", "commodity_price", "--limit", "1")) == 1


def test_an_unmapped_dataset_is_named_by_the_beginning_of_its_id_and_its_codes_stay_text(home: Path) -> None:
    (dataset,) = answer(home, "datasets", "--search", "aduan")["datasets"]
    (row,) = answer(home, "rows", dataset["id"][:10])
    assert (row["nomor"], row["isi"]) == ("007", "Jalan rusak")


def test_rows_as_of_an_earlier_commit(home: Path) -> None:
    newest = max(row["_snapshot"] for row in answer(home, "rows", "commodity_price"))
    assert len(answer(home, "rows", "commodity_price", "--as-of", str(newest))) == 2
    assert answer(home, "rows", "commodity_price", "--as-of", "2020-01-01T00:00:00+08:00") == []


def test_a_second_harvest_publishes_nothing(home: Path) -> None:
    (report,) = answer(home, "harvest", "--direct", "--source", "99.71-folder")
    assert (report["snapshots"], report["rows_published"], report["errors"]) == (0, 0, [])


def test_a_lost_snapshot_is_made_again_from_what_was_landed(home: Path) -> None:
    before = answer(home, "rows", "commodity_price")
    for file in (home / "snapshots").rglob("*.parquet"):
        file.unlink()
    made = answer(home, "rebuild")
    assert (len(made["restored"]), made["failed"]) == (made["checked"], [])
    assert (made["tables"] > 0, made["tables_changed"]) == (True, 0)  # current rows, byte for byte
    assert answer(home, "rows", "commodity_price") == before


def test_a_token_is_shown_once_and_can_be_revoked(home: Path) -> None:
    issued = answer(home, "token", "issue", "Walidata kota", "--role", "steward", "--member", "99.71")
    assert issued["secret"].startswith("lmb_")
    assert issued["secret"].encode() not in (home / "lumbung.db").read_bytes()
    lumbung(home, "token", "revoke", issued["id"])


def test_english_comes_second_and_is_there(home: Path) -> None:
    try:
        assert "not mapped to a data standard" in lumbung(home, "--lang", "en", "datasets", "--search", "aduan")
    finally:
        messages.use_locale("id")


def program(*words: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The installed program in a process of its own."""
    command = [sys.executable, "-c", "from hub.cli import main; main()", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=120)


def test_errors_name_the_code_the_fix_and_the_page_and_end_with_1(tmp_path: Path) -> None:
    done = program("--home", tmp_path / "tidak-ada", "datasets")
    assert done.returncode == 1
    assert "HOME_MISSING" in done.stderr
    assert "docs/errors/HOME_MISSING.md" in done.stderr
    as_json = program("--home", tmp_path / "tidak-ada", "datasets", "--json")
    assert json.loads(as_json.stdout)["error"]["code"] == "HOME_MISSING"


def test_words_that_are_no_command_end_with_2(tmp_path: Path) -> None:
    assert program("panen-raya").returncode == 2


@pytest.mark.prefect
def test_the_demonstration_is_harvested_through_prefect(tmp_path: Path) -> None:
    """The whole main job on the invented province in WITA; the 35 regencies of Jawa Tengah are in the long tests."""
    done = program("--home", tmp_path / "demo", "demo", "--once", "--json", "--province", "99", "--pack", PACKS)
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["members"], summary["failed_sources"]) == (5, ["simulasi-99.02"])  # four and the province
    assert summary["rows_published"] > 4000
    assert summary["rows_quarantined"] > 0
