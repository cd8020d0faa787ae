"""Homes and files for the harvest's bars: a standard of eight columns and twenty rules, deliveries, sources."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import orjson

from federation.packs import init_home
from hub.home import open_home
from services.intake.fetching import FetchLoop
from services.intake.opened import Opened
from services.intake.outcome import SourceReport
from services.intake.source import Progress, harvest_source

PROVINCE = "33"
MEMBERS = tuple(f"33.{n:02}" for n in (*range(1, 30), *range(71, 77)))
STANDARD = "bench_price"

#: What a mapping says about the files of `table`.
MAPPING = f"""
[[sources.mappings]]
contract = "{STANDARD}"
match = {{title = "."}}
[sources.mappings.columns]
id = "nomor"
day = "tanggal"
code = "kode wilayah"
good = "komoditas"
unit = "satuan"
price = "harga"
ceiling = "batas"
origin = "asal barang"
"""


def _property(name: str, kind: str, title: str, *, key: bool = False, **more: Any) -> dict[str, Any]:
    english = [{"property": p, "value": {"id": title, "en": name}} for p in _PARTS[:1]]
    parts = english + [{"property": p, "value": {"id": "-", "en": "-"}} for p in _PARTS[1:]]
    extra = [{"property": k, "value": v} for k, v in more.pop("custom", {}).items()]
    made: dict[str, Any] = {
        "name": name, "businessName": title, "description": title, "logicalType": kind,
        "customProperties": [{"property": "title", "value": {"en": name}}, *parts, *extra], **more,
    }  # fmt: skip
    return made | ({"primaryKey": True, "primaryKeyPosition": 1} if key else {})


_PARTS = ("konsep", "definisi", "klasifikasi", "ukuran", "satuan")


def _rule(id_: str, kind: str, **kwargs: Any) -> dict[str, Any]:
    return {
        "id": id_, "description": id_, "dimension": "accuracy", "severity": "warning", "type": "custom",
        "engine": "greatExpectations", "implementation": {"type": kind, "kwargs": kwargs},
    }  # fmt: skip


def standard() -> dict[str, Any]:
    """The data standard as its file has it: eight columns, twenty rules of most kinds."""
    between = "expect_column_values_to_be_between"
    columns = [
        _property("id", "integer", "Nomor", key=True, required=True, logicalTypeOptions={"minimum": 0}),
        _property("day", "date", "Tanggal", required=True, logicalTypeOptions={"minimum": "2000-01-01"}),
        _property(
            "code", "string", "Kode wilayah", required=True, custom={"reference": "region"},
            logicalTypeOptions={"pattern": r"^[0-9]{2}\.[0-9]{2}$"},
        ),
        _property("good", "string", "Komoditas", required=True, logicalTypeOptions={"maxLength": 80, "minLength": 3}),
        _property("unit", "string", "Satuan", enum=[{"value": "kg", "label": "kg"}, {"value": "liter", "label": "l"}]),
        _property(
            "price", "integer", "Harga", required=True, custom={"unit": "rupiah"},
            logicalTypeOptions={"minimum": 0, "maximum": 1_000_000},
            quality=[
                _rule("usual", between, min_value=500, max_value=300_000),
                _rule("mean", "expect_column_mean_to_be_between", min_value=1_000, max_value=200_000),
                _rule("spread", "expect_column_stdev_to_be_between", min_value=1, max_value=90_000),
                _rule("most", "expect_column_max_to_be_between", min_value=1, max_value=500_000),
            ],
        ),
        _property("ceiling", "integer", "Batas", logicalTypeOptions={"minimum": 0}),
        _property(
            "origin", "string", "Asal", logicalTypeOptions={"maxLength": 40},
            quality=[_rule("known", "expect_column_values_to_not_be_null", mostly=0.9)],
        ),
    ]  # fmt: skip
    table = {
        "name": STANDARD, "businessName": "Harga uji", "description": "Harga untuk mengukur kecepatan.",
        "dataGranularityDescription": "Satu baris per nomor.", "properties": columns,
        "customProperties": [
            {"property": "title", "value": {"en": "Trial prices"}},
            *({"property": p, "value": {"id": "-", "en": "-"}} for p in _PARTS),
            {"property": "mode", "value": "upsert"},
            {"property": "volume", "value": {"minRows": 1, "maxRows": 5_000_000, "maxDrop": 0.3}},
            {"property": "regionColumn", "value": "code"},
            {"property": "timeColumn", "value": "day"},
        ],
    }  # fmt: skip
    return {
        "apiVersion": "v3.2.0", "kind": "DataContract", "id": STANDARD, "name": "Harga uji", "version": "1.0.0",
        "status": "active", "domain": "catalog", "schema": [table],
        "description": {"purpose": "-", "usage": "-", "limitations": "-"},
        "customProperties": [{"property": "classification", "value": "terbuka"}],
    }  # fmt: skip


def write_table(path: Path, rows: int, *, first: int = 0, region: str = "33.01") -> None:
    """A CSV file as an office writes it: semicolons, Rp 12.345, day first; a few rows in a thousand are wrong.

    Its header is its own: one of the standard's titles alone would be taken for a filled template without a mapping.
    """
    database = duckdb.connect()
    try:
        database.execute(f"""
            COPY (SELECT i AS nomor, strftime(DATE '2021-01-01' + (i % 1500)::INT, '%d/%m/%Y') AS tanggal,
              CASE WHEN i % 997 = 5 THEN '3x' ELSE '{region}' END AS "kode wilayah",
              'Komoditas ' || lpad((i * 7 % 40)::VARCHAR, 2, '0') AS komoditas,
              CASE WHEN i % 20 = 0 THEN 'liter' ELSE 'kg' END AS satuan,
              'Rp ' || replace(format('{{:,}}', 8000 + (i * 7919) % 60000), ',', '.') AS harga,
              60000 + i % 20000 AS batas, CASE WHEN i % 30 = 0 THEN NULL ELSE 'Dinas Perdagangan' END AS "asal barang"
            FROM range({first}, {first + rows}) AS r(i)) TO '{path}' (FORMAT csv, DELIMITER ';', HEADER)
        """)
    finally:
        database.close()


def new_home(folder: Path, *, settings: str = "") -> Path:
    """A home of Jawa Tengah with the trial standard and no sources."""
    home = init_home(folder, PROVINCE)
    with (home / "lumbung.toml").open("a", encoding="utf-8") as file:
        file.write(settings)
    (home / "contracts").mkdir(exist_ok=True)
    (home / "contracts" / f"{STANDARD}.yaml").write_bytes(orjson.dumps(standard()))
    open_home(home).close()
    return home


def give(home: Path, member: str, *sources: str) -> None:
    """Give a member these sources in place of any it had."""
    file = home / "members" / f"{member}.toml"
    kept = file.read_text("utf-8").partition("[[sources]]")[0]
    file.write_text(kept + "\n" + "\n".join(sources), encoding="utf-8")


def folder_source(id_: str, path: Path, mapping: str = "") -> str:
    """A folder as a member's file declares it."""
    return f'[[sources]]\nid = "{id_}"\nkind = "folder"\npath = "{path}"\n{mapping}'


def ckan_source(id_: str, url: str, mapping: str = "", *ports: str) -> str:
    """A CKAN portal on loopback, with the exceptions that it needs."""
    granted = 'by = "Tolok ukur", reason = "tolok ukur di mesin sendiri", until = 2999-01-01'
    opened = "".join(
        f'  {{what = "port", value = "{port}", {granted}}},\n' for port in {url.rpartition(":")[2].rstrip("/"), *ports}
    )
    return (
        f'[[sources]]\nid = "{id_}"\nkind = "ckan"\nurl = "{url}"\nallow = [\n'
        f'  {{what = "private_address", value = "127.0.0.1", {granted}}},\n  {{what = "http", {granted}}},\n{opened}]\n'
        f"{mapping}"
    )


class Work(Opened):
    """A home at work: its parts, and the plain steps of a harvest without Prefect."""

    def __init__(self, home: Path) -> None:
        granary = open_home(home)
        super().__init__(granary, FetchLoop(granary.landing, granary.settings))
        _working.append(self)

    def harvest(self, source: str, published: Callable[[], object] = bool) -> SourceReport:
        """Harvest one source in this thread; `published` is told whenever a batch has been published."""
        one = self.granary.registry.source(source)
        member = self.granary.registry.member(one.member)

        def watch(progress: Progress) -> None:
            if progress.done:
                published()

        return harvest_source(self.granary, self.downloads, member, one, watch=watch)

    def close(self) -> None:
        """End downloads, workers and database connections."""
        _working.remove(self)
        super().close()


_working: list[Work] = []


def stop_all() -> None:
    """Ask every harvest at work in this process to end at its next step."""
    for work in list(_working):
        work.stop()


@contextmanager
def at_work(home: Path) -> Iterator[Work]:
    """A home opened, with one checking process warm, and closed again."""
    work = Work(home)
    try:
        work.granary.checks().warm().result()
        yield work
    finally:
        work.close()


def emptied(folder: Path) -> Path:
    """The folder, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
