"""Every example operation under `graphql/queries` runs against the seeded province and gives what its title says."""

from pathlib import Path
from typing import Any

import pytest

from core.access import Role
from tests.gateway.factories import CITY, REGENCY, SECRET_CELL, Province

FOLDER = Path(__file__).parents[2] / "graphql" / "queries"
FILES = sorted(FOLDER.glob("*.graphql"))


def variables(province: Province) -> dict[str, dict[str, Any]]:
    return {
        "tinggi_muka_air": {"pos": "garang_hulu"},
        "riwayat_snapshot": {"dataset": province.dataset(CITY, "harga"), "wilayah": CITY, "nomor": 1},
        "baris_umum": {"dataset": province.dataset(CITY, "pegawai")},
        "karantina": {"anggota": CITY},
        "harga_daerah": {"komoditas": "cabai_rawit", "sejak": "2026-02-01"},
        "perubahan_harga": {
            "komoditas": "cabai_rawit",
            **{"dari": "2026-02-04", "sampai": "2026-02-06", "dari_lalu": "2026-02-01", "sampai_lalu": "2026-02-03"},
        },
        "stok_daerah": {"komoditas": "beras_medium"},
        "ketahanan_stok": {"komoditas": "beras_medium"},
        "pos_hulu": {"pos": "garang_hulu"},
        "peringkat_indikator": {"indikator": "ipm"},
        "riwayat_dataset": {"dataset": province.dataset(CITY, "harga")},
        "realisasi_anggaran": {"tahun": 2026, "bulan": 1},
        "pendapatan_daerah": {"tahun": 2026, "bulan": 1},
    }


async def run(province: Province, name: str) -> dict[str, Any]:
    token = province.token(Role.COORDINATOR)
    query = (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
    return await province.data(query, token, **variables(province).get(name, {}))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
async def test_every_example_has_a_title_and_runs(province: Province, file: Path) -> None:
    assert file.read_text(encoding="utf-8").startswith("# "), "the first line is the question's title"
    assert await run(province, file.stem)


async def test_harga_cabai_kota_semarang(province: Province) -> None:
    found = (await run(province, "harga_cabai_kota_semarang"))["commodityPrices"]
    assert [row["price"] for row in found["nodes"]] == [55_000, 52_000, 40_004, 40_003, 40_002, 40_001]
    assert found["nodes"][0]["region"]["name"] == "Kota Semarang"


async def test_dataset_baru(province: Province) -> None:
    found = (await run(province, "dataset_baru"))["datasets"]
    titles = {row["title"] for row in found["nodes"]}
    assert {"Harga pangan Kota Semarang", "Jumlah pegawai", "Data terbatas"} <= titles
    assert "Data tertutup" not in titles  # closed: its owner alone
    assert found["totalCount"] == len(titles)


async def test_tinggi_muka_air(province: Province) -> None:
    found = (await run(province, "tinggi_muka_air"))["riverStages"]
    assert [row["stageM"] for row in found["nodes"]] == [1.8, 1.7, 1.6, 1.5]
    assert found["nodes"][0]["observedAt"] == "2026-02-01T03:00:00Z"


async def test_kualitas_per_anggota(province: Province) -> None:
    found = await run(province, "kualitas_per_anggota")
    states = {m["code"]: m["sources"][0]["state"] for m in found["members"]}
    assert states == {CITY: "OK", REGENCY: "FAILING", "33.21": "NEVER"}
    [source] = next(m["sources"] for m in found["members"] if m["code"] == REGENCY)
    assert source["lastError"]["code"] == "SOURCE_UNREACHABLE"
    assert [a["reason"] for a in source["allowances"]] == [
        "portal belum punya sertifikat"
    ]  # the expired one is not shown
    [check] = found["checks"]["nodes"]
    assert check["verdict"] == "published_with_warnings"
    assert check["resource"]["dataset"]["member"]["code"] == CITY


async def test_karantina(province: Province) -> None:
    [batch] = (await run(province, "karantina"))["quarantine"]["nodes"]
    assert batch["reasons"] == [{"code": "CAST_INTEGER", "rows": 1}]
    assert batch["returned"]["nodes"] == [{"row": 4, "original": {"price": SECRET_CELL}, "reasons": ["CAST_INTEGER"]}]


async def test_riwayat_snapshot(province: Province) -> None:
    found = await run(province, "riwayat_snapshot")
    [resource] = found["dataset"]["resources"]
    assert [(s["seq"], s["added"], s["changed"]) for s in resource["snapshots"]["nodes"]] == [(3, 1, 1), (1, 5, 0)]
    assert [row["price"] for row in found["commodityPrices"]["nodes"]] == [40_001, 40_002, 40_003, 40_004, 40_005]


async def test_baris_umum(province: Province) -> None:
    found = (await run(province, "baris_umum"))["rows"]
    assert (found["columns"], found["totalCount"]) == (["Dinas", "Jumlah"], 2)
