"""Files of how a region is run (assets, complaints, indicators, programmes, applications), each with one row to return.

As `standard_files.py`, whose helpers it uses: all of it is invented, and each has another shape of file.
"""

from collections.abc import Callable
from typing import Any

import orjson

from tests.services.standard_files import Sent, delimited, page, sent, workbook


def regional_asset() -> Sent:
    """The asset agency's workbook: titles, merged groups over the header; one code became a number."""
    header = ["OPD", "Kode Barang", "Register", "Nama Barang", "Golongan", "Alamat", "Luas (m2)", "Dokumen", "Nomor Dokumen", "Status Penggunaan", "Kondisi", "Tahun", "Nilai (Rp)"]  # fmt: skip
    rows: list[list[object]] = [
        header,
        ["Dinas Pendidikan", "1.3.1.01.01.04.001", "0007", "Tanah SD 1", "Tanah", "Jl. Padi 1", 2450.5, "Sertipikat hak atas tanah", "HP-RAHASIA-12", "Dipakai sendiri", None, 1987, 1_250_000_000],
        ["Dinas Pendidikan", 1.3, "0001", "Komputer", "Peralatan dan mesin", "-", None, "Akta atau berita acara serah terima", None, "Dipakai sendiri", "Baik", 2024, 12_500_000],
        ["Dinas Sosial", "1.3.3.01.01.01.002", "0002", "Gudang lama", "Gedung dan bangunan", "Jl. Padi 9", 320, "Belum ada", None, "Menganggur", "Rusak berat", 1979, 0],
    ]  # fmt: skip
    titles = ["DAFTAR BARANG MILIK DAERAH", "KOTA MUARA PADI"]
    columns = {
        "office": "Barang OPD", "asset_code": "Barang Kode Barang", "register_number": "Barang Register",
        "asset_name": "Barang Nama Barang", "asset_kind": "Barang Golongan", "address": "Letak Alamat",
        "area_m2": "Letak Luas (m2)", "ownership_document": "Kepemilikan Dokumen",
        "document_number": "Kepemilikan Nomor Dokumen", "management": "Keadaan Status Penggunaan",
        "condition": "Keadaan Kondisi", "acquired_year": "Keadaan Tahun", "acquisition_rupiah": "Keadaan Nilai (Rp)",
    }  # fmt: skip
    groups = (("Barang", 5), ("Letak", 2), ("Kepemilikan", 2), ("Keadaan", 4))
    return sent(
        "regional_asset", "aset.xlsx", workbook(titles, groups, rows), columns, published=2,
        styles={"number_style": "en"}, returned=(7, "asset_code.pattern", "Barang Kode Barang", "1.3"),
        asked="office assetCode registerNumber assetKind areaM2 ownershipDocument documentNumber management "
        "condition acquiredYear acquisitionRupiah",
        shown={
            "office": "Dinas Pendidikan", "assetCode": "1.3.1.01.01.04.001", "registerNumber": "0007",
            "assetKind": "tanah", "areaM2": 2450.5, "ownershipDocument": "sertipikat",
            "documentNumber": "HP-RAHASIA-12", "management": "dipakai_sendiri", "condition": None,
            "acquiredYear": 1987, "acquisitionRupiah": 1_250_000_000,
        },
        warned=("acquisition_rupiah.usual",), hidden=("RAHASIA",),
    )  # fmt: skip


def citizen_complaint() -> Sent:
    """A portal's page under the name .xls: labels in capitals, an em dash where nothing is; the text names people."""
    header = ["Nomor", "Tgl Masuk", "Kanal", "Jenis", "Kecamatan", "Isi", "Status", "Tgl Selesai", "Nilai"]
    rows = [
        ["ADU-0001", "03/10/2026", "SP4N-LAPOR!", "PERSAMPAHAN", "Rejeki", "Bu Rahasia: sampah menumpuk", "SELESAI", "07/10/2026", "4"],
        ["ADU-0002", "14/10/2026", "Telepon atau 112", "Penerangan Jalan", "Pesisir", "Lampu mati", "Selesai", "13/09/2026", "-"],
        ["ADU-0003", "15/10/2026", "Tatap muka", "Air bersih", "Pesisir", "Air keruh", "Diproses", "—", "-"],
    ]  # fmt: skip
    columns = {
        "complaint_number": "nomor", "received_on": "tgl masuk", "channel": "kanal", "category": "jenis",
        "district": "kecamatan", "summary": "isi", "status": "status", "closed_on": "tgl selesai",
        "satisfaction": "nilai",
    }  # fmt: skip
    return sent(
        "citizen_complaint", "aduan.xls", page(header, rows), columns, published=2, styles={"date_style": "dmy"},
        returned=(3, "table.closed_after_received", "Tgl Selesai", "13/09/2026"),
        asked="complaintNumber receivedOn channel category district summary status closedOn satisfaction",
        shown={
            "complaintNumber": "ADU-0001", "receivedOn": "2026-10-03", "channel": "sp4n_lapor",
            "category": "persampahan", "district": "Rejeki", "summary": None, "status": "selesai",
            "closedOn": "2026-10-07", "satisfaction": 4,
        },
        hidden=("Rahasia", "Air keruh"),
    )  # fmt: skip


def development_indicator() -> Sent:
    """The statistics office's file: comma, decimal points, indicators by their usual short names."""
    lines = [
        "Wilayah|Tahun|Indikator|Jenis Kelamin|Nilai|Sumber",
        "Kota Muara Padi|2025|IPM|Laki-laki dan perempuan|74.21|BPS",
        "Kota Muara Padi|2025|Rata-rata Lama Sekolah|Perempuan|8.05|BPS",
        "Kota Muara Padi|2025|Indeks Bahagia|Laki-laki dan perempuan|81.00|BPS",
        "Kota Muara Padi|2025|UMK|Laki-laki dan perempuan|3204551.5|Dinas Tenaga Kerja",
    ]
    columns = {
        "region_code": "wilayah", "year": "tahun", "indicator_code": "indikator", "sex": "jenis kelamin",
        "value": "nilai", "data_source": "sumber",
    }  # fmt: skip
    return sent(
        "development_indicator", "indikator.csv", delimited(lines, "utf-8-sig", ","), columns, published=3,
        constants={}, returned=(4, "indicator_code.reference", "Indikator", "Indeks Bahagia"),
        asked="year indicatorCode sex value dataSource region { name }",
        shown={
            "year": 2025, "indicatorCode": "rls", "sex": "P", "value": 8.05, "dataSource": "BPS",
            "region": {"name": "Kota Muara Padi"},
        },
    )  # fmt: skip


def smart_city_programme() -> Sent:
    """The planning agency's service: nested records, rupiah as text; one dimension that nobody has."""

    def record(activity: str, dimension: str, plan: str, budget: str, spent: str, state: str) -> dict[str, Any]:
        return {
            "tahun": "2026", "program": "Muara Padi Cerdas", "kegiatan": activity, "dimensi": dimension,
            "pelaksana": {"opd": "Dinas Kominfo"}, "rencana": {"dokumen": plan, "sasaran": "Indeks SPBE naik"},
            "target": "12", "realisasi": "9", "satuan": "titik", "pagu": budget, "serapan": spent, "status": state,
        }  # fmt: skip

    records = [
        record("Pasang CCTV", "living", "RPJMD", "Rp 1.200.000.000", "Rp 900.000.000", "Berjalan"),
        record("Wisata ramah", "Smart Tourism", "Renstra", "Rp 80.000.000", "Rp 0", "Direncanakan"),
        record("Bank sampah", "Lingkungan (smart environment)", "Renstra perangkat daerah", "Rp 50.000.000", "Rp 61.000.000", "Selesai"),
    ]  # fmt: skip
    columns = {
        "year": "tahun", "programme": "program", "activity": "kegiatan", "dimension": "dimensi",
        "office": "pelaksana.opd", "plan_document": "rencana.dokumen", "plan_goal": "rencana.sasaran",
        "target_value": "target", "realised_value": "realisasi", "unit": "satuan", "budget_rupiah": "pagu",
        "realisation_rupiah": "serapan", "status": "status",
    }  # fmt: skip
    return sent(
        "smart_city_programme", "kota_cerdas.json", orjson.dumps({"data": records}), columns, published=2,
        returned=(2, "dimension.enum", "dimensi", "Smart Tourism"),
        asked="year activity dimension office planDocument planGoal targetValue realisedValue unit budgetRupiah "
        "realisationRupiah status",
        shown={
            "year": 2026, "activity": "Bank sampah", "dimension": "environment", "office": "Dinas Kominfo",
            "planDocument": "renstra", "planGoal": "Indeks SPBE naik", "targetValue": 12.0, "realisedValue": 9.0,
            "unit": "titik", "budgetRupiah": 50_000_000, "realisationRupiah": 61_000_000, "status": "selesai",
        },
        warned=("table.within_budget",),
    )  # fmt: skip


def application() -> Sent:
    """The informatics office's inventory: cp1252 and semicolons, publiccode.yml's words and its own side by side."""
    lines = [
        "Aplikasi|OPD|Proses Bisnis|Data Dibuat|Data Dipakai|Integrasi|Alamat|Status|Jenis|Lisensi|Pemeliharaan|Biaya/Tahun|Dicek",
        "SiPadi|Dinas Pertanian|Perkiraan panen – tahunan|luas tanam, produksi|harga pangan|Ya|https://sipadi.example.go.id|stable|Aplikasi web|AGPL-3.0-or-later|Pegawai sendiri|24.000.000|30 September 2026",
        "e-Surat|Sekretariat|Surat dinas|surat||Tidak|surat.example.go.id|Dipakai|standalone/web|tertutup|Penyedia jasa|60.000.000|30 September 2026",
        "LaporRob|BPBD|Laporan banjir|laporan|tinggi muka air|Tidak||beta|standalone/mobile|MIT|Tidak dipelihara|6.500.000.000|30 September 2026",
    ]  # fmt: skip
    columns = {
        "application": "aplikasi", "office": "opd", "business_process": "proses bisnis", "data_made": "data dibuat",
        "data_used": "data dipakai", "integrated": "integrasi", "url": "alamat", "development_status": "status",
        "software_type": "jenis", "license": "lisensi", "maintenance_type": "pemeliharaan",
        "yearly_cost_rupiah": "biaya/tahun", "updated_on": "dicek",
    }  # fmt: skip
    return sent(
        "application", "aplikasi.csv", delimited(lines, "cp1252"), columns, published=2,
        returned=(3, "url.pattern", "Alamat", "surat.example.go.id"),
        asked="application businessProcess dataMade dataUsed integrated url developmentStatus softwareType license "
        "maintenanceType yearlyCostRupiah updatedOn",
        shown={
            "application": "SiPadi", "businessProcess": "Perkiraan panen – tahunan",
            "dataMade": "luas tanam, produksi", "dataUsed": "harga pangan", "integrated": True,
            "url": "https://sipadi.example.go.id", "developmentStatus": "stable", "softwareType": "standalone/web",
            "license": "AGPL-3.0-or-later", "maintenanceType": "internal", "yearlyCostRupiah": 24_000_000,
            "updatedOn": "2026-09-30",
        },
        warned=("yearly_cost_rupiah.usual",),
    )  # fmt: skip


def maternal_health() -> Sent:
    """The health office's recap: causes in words, totals in their own rows; two small counts, one count missing."""
    lines = [
        "Kecamatan|Tahun|Sebab|Tempat|Jumlah",
        *(f"|2025|{cause}|Semua tempat|{n}" for cause, n in (("Semua sebab", 62), ("Perdarahan", 22), ("Infeksi", 40))),
        *(f"Rejeki|2025|{cause}|Semua tempat|{n}" for cause, n in (("Semua sebab", 32), ("Perdarahan", 2), ("Infeksi", 30))),
        *(f"Pesisir|2025|{cause}|Semua tempat|{n}" for cause, n in (("Semua sebab", 30), ("Perdarahan", 20), ("Infeksi", 10))),
        "Hulu|2025|Semua sebab|Semua tempat|<5",
    ]  # fmt: skip
    columns = {"district": "kecamatan", "year": "tahun", "cause": "sebab", "place": "tempat", "deaths": "jumlah"}
    return sent(
        "maternal_health", "kematian_ibu.csv", delimited(lines, "cp1252"), columns, published=9,
        returned=(11, "deaths.integer", "Jumlah", "<5"), asked="district year cause place deaths suppressed",
        shown={
            "district": "Pesisir", "year": 2025, "cause": "perdarahan", "place": "total", "deaths": None,
            "suppressed": True,
        },
        hidden=('"deaths": 2,', '"deaths": 20,', '"deaths": 10,'),
    )  # fmt: skip


GOVERNANCE_FILES: tuple[Callable[[], Sent], ...] = (
    regional_asset, citizen_complaint, development_indicator, smart_city_programme, application,
    maternal_health,
)  # fmt: skip
