"""Simulated assets, complaints, indicators, smart-city programmes, applications and maternal deaths; all invented."""

from datetime import timedelta
from random import Random
from typing import Any

from hub.demo.described import Described, Fault, described, has
from hub.demo.making import MARK, Made, Workshop

_ASSETS = Described(
    contract="regional_asset",
    name="aset",
    title="Daftar Aset Daerah",
    organisation="bpkad",
    group="keuangan",
    formats="ccx",
    columns={
        "office": ("text", ("OPD", "Pengguna Barang")),
        "asset_code": ("text", ("Kode Barang", "KODE BRG")),
        "register_number": ("text", ("Register", "NO. REGISTER")),
        "asset_name": ("text", ("Nama Barang", "NAMA/JENIS BARANG")),
        "asset_kind": ("text", ("Golongan", "KIB")),
        "ownership_document": ("text", ("Bukti Kepemilikan", "DOKUMEN")),
        "management": ("text", ("Status Penggunaan", "PENGELOLAAN")),
        "condition": ("text", ("Kondisi", "KEADAAN BARANG")),
        "acquired_year": ("whole", ("Tahun Perolehan", "THN")),
        "acquisition_rupiah": ("money", ("Nilai (Rp)", "HARGA PEROLEHAN")),
    },
)
_COMPLAINTS = Described(
    contract="citizen_complaint",
    name="aduan",
    title="Aduan Masyarakat",
    organisation="diskominfo",
    group="pemerintahan",
    formats="cccxj",
    columns={
        "complaint_number": ("text", ("Nomor", "NO. ADUAN")),
        "received_on": ("day", ("Tanggal", "Tgl Diterima")),
        "channel": ("text", ("Kanal", "MEDIA ADUAN")),
        "category": ("text", ("Kategori", "JENIS ADUAN")),
        "district": ("text", ("Kecamatan", "LOKASI")),
        "status": ("text", ("Status", "TINDAK LANJUT")),
        "closed_on": ("day", ("Tanggal Selesai", "Tgl Selesai")),
    },
)
_INDICATORS = Described(
    contract="development_indicator",
    name="indikator-pembangunan",
    title="Indikator Pembangunan",
    organisation="bappeda",
    group="pemerintahan",
    formats="ccxj",
    columns={
        "year": ("whole", ("Tahun", "THN")),
        "indicator_code": ("text", ("Indikator", "NAMA INDIKATOR")),
        "sex": ("text", ("Jenis Kelamin", "JK")),
        "value": ("number", ("Nilai", "CAPAIAN")),
        "figure_status": ("text", ("Status Angka", "KETERANGAN")),
    },
)
_PROGRAMMES = Described(
    contract="smart_city_programme",
    name="program-kota-cerdas",
    title="Program Kota Cerdas",
    organisation="bappeda",
    group="pemerintahan",
    formats="cxj",
    columns={
        "year": ("whole", ("Tahun", "TAHUN ANGGARAN")),
        "programme": ("text", ("Program", "NAMA PROGRAM")),
        "activity": ("text", ("Kegiatan", "SUBKEGIATAN")),
        "dimension": ("text", ("Dimensi", "DIMENSI SMART CITY")),
        "office": ("text", ("Pelaksana", "OPD")),
        "plan_document": ("text", ("Dokumen", "DASAR PERENCANAAN")),
        "budget_rupiah": ("money", ("Anggaran", "PAGU")),
        "realisation_rupiah": ("money", ("Realisasi", "SERAPAN")),
        "status": ("text", ("Status", "STATUS KEGIATAN")),
    },
)
_APPLICATIONS = Described(
    contract="application",
    name="aplikasi",
    title="Daftar Aplikasi",
    organisation="diskominfo",
    group="pemerintahan",
    formats="ccxj",
    columns={
        "application": ("text", ("Aplikasi", "NAMA APLIKASI")),
        "office": ("text", ("Pemilik", "OPD PEMILIK")),
        "business_process": ("text", ("Proses Bisnis", "LAYANAN")),
        "data_made": ("text", ("Data Dihasilkan", "KELUARAN DATA")),
        "integrated": ("text", ("Terintegrasi", "INTEGRASI (Ya/Tidak)")),
        "url": ("text", ("Alamat", "URL")),
        "development_status": ("text", ("Status", "STATUS APLIKASI")),
        "license": ("text", ("Lisensi", "LISENSI KODE")),
        "yearly_cost_rupiah": ("money", ("Biaya Setahun", "BIAYA PER TAHUN")),
        "updated_on": ("day", ("Diperiksa", "TGL PEMUTAKHIRAN")),
    },
)
_MATERNAL = Described(
    contract="maternal_health",
    name="kesehatan-ibu",
    title="Kematian Ibu",
    organisation="dinkes",
    group="kesehatan",
    formats="ccx",
    columns={
        "district": ("text", ("Kecamatan", "NAMA KECAMATAN")),
        "year": ("whole", ("Tahun", "THN")),
        "cause": ("text", ("Sebab", "PENYEBAB")),
        "place": ("text", ("Tempat", "TEMPAT KEMATIAN")),
        "deaths": ("whole", ("Jumlah", "JUMLAH KEMATIAN")),
    },
)
_GOODS = (
    ("1.3.2.02.01.04.001", "Sepeda motor", "Peralatan dan mesin", "BPKB"),
    ("1.3.2.10.01.02.003", "Komputer", "peralatan_mesin", "Akta atau berita acara serah terima"),
    ("1.3.1.01.01.04.001", "Tanah kantor", "Tanah", "Sertipikat hak atas tanah"),
    ("1.3.3.01.01.01.002", "Gedung kantor", "Gedung dan bangunan", "Belum ada"),
)
_OFFICES = ("Dinas Pendidikan", "Dinas Kesehatan", "Dinas Perhubungan", "Sekretariat Daerah")
_TOPICS = ("Jalan dan jembatan", "Penerangan jalan", "Persampahan", "Drainase dan banjir", "air_bersih", "Kesehatan")
_ACTIVITIES = (
    ("Pemasangan sensor banjir", "living"),
    ("Tanda tangan elektronik", "Tata kelola (smart governance)"),
    ("Pasar daring petani", "economy"),
    ("Bank sampah digital", "environment"),
    ("Kelas literasi digital", "society"),
    ("Kalender wisata", "branding"),
)
_CAUSES = ("Perdarahan", "Hipertensi dalam kehamilan", "Infeksi", "Sebab lain")


def assets(shop: Workshop) -> Made | None:
    """Forty assets at most, one with a code that a spreadsheet cut."""
    if not has(shop, _ASSETS):
        return None
    rng = shop.rng(_ASSETS.name)
    style = _ASSETS.style(rng)
    rows = [_asset(shop, rng, i + 1) for i in range(rng.randint(20, 40))]
    return described(
        shop, _ASSETS, style, rows, [Fault(rng.randrange(len(rows)), "asset_code_cut", "asset_code", "1.3")]
    )


def _asset(shop: Workshop, rng: Random, number: int) -> dict[str, Any]:
    code, name, kind, document = rng.choice(_GOODS)
    return {
        "office": rng.choice(_OFFICES),
        "asset_code": code,
        "register_number": f"{number:04}",
        "asset_name": f"{name} {MARK}",
        "asset_kind": kind,
        "ownership_document": document,
        "management": rng.choice(("Dipakai sendiri", "Dipakai sendiri", "Pinjam pakai", "Menganggur")),
        "condition": rng.choice(("Baik", "Baik", "Rusak ringan", "Rusak berat")),
        "acquired_year": rng.randint(1995, shop.end.year - 1),
        "acquisition_rupiah": rng.randint(30, 9_000) * 100_000,
    }


def complaints(shop: Workshop) -> Made | None:
    """Complaints of the last two months without who complained, one settled before it was received."""
    if not has(shop, _COMPLAINTS):
        return None
    rng = shop.rng(_COMPLAINTS.name)
    style = _COMPLAINTS.style(rng)
    rows = [_complaint(shop, rng, i + 1) for i in range(rng.randint(20, 40))]
    broken = rng.randrange(len(rows))
    fault = Fault(broken, "closed_before_received", "closed_on", rows[broken]["received_on"] - timedelta(days=4))
    return described(shop, _COMPLAINTS, style, rows, [fault])


def _complaint(shop: Workshop, rng: Random, number: int) -> dict[str, Any]:
    received = shop.end - timedelta(days=rng.randint(0, 60))
    closed = received + timedelta(days=rng.randint(0, 20))
    done = closed <= shop.end
    return {
        "complaint_number": f"ADU-{number:04}",
        "received_on": received,
        "channel": rng.choice(("SP4N-LAPOR!", "Aplikasi daerah", "tatap_muka")),
        "category": rng.choice(_TOPICS),
        "district": f"Kecamatan {MARK} {rng.randint(1, 6):02}",
        "status": "Selesai" if done else rng.choice(("Diproses", "Diteruskan")),
        "closed_on": closed if done else None,
    }


def indicators(shop: Workshop) -> Made | None:
    """Three indicators of four years, human development by sex; one that is on no list."""
    if not has(shop, _INDICATORS):
        return None
    rng = shop.rng(_INDICATORS.name)
    style = _INDICATORS.style(rng)
    rows: list[dict[str, Any]] = []
    levels = {"IPM": rng.uniform(68, 78), "Rata-rata Lama Sekolah": rng.uniform(7, 10), "TPT": rng.uniform(3, 8)}
    for back in range(4, 0, -1):
        for name, level in levels.items():
            for sex in ("Laki-laki dan perempuan", "L", "P") if name == "IPM" else ("total",):
                value = level + (4 - back) * 0.3 + {"L": 2.1, "P": -2.3}.get(sex, 0.0)
                rows.append(
                    {
                        "year": shop.end.year - back,
                        "indicator_code": name,
                        "sex": sex,
                        "value": round(value, 1) + 0.01,
                        "figure_status": "Sementara" if back == 1 else "Tetap",
                    }
                )
    broken = rng.randrange(len(rows))
    return described(
        shop, _INDICATORS, style, rows, [Fault(broken, "unknown_indicator", "indicator_code", "Indeks Rasa Senang")]
    )


def programmes(shop: Workshop) -> Made | None:
    """Activities of the year by dimension, one of no known dimension and one that spent more than its budget."""
    if not has(shop, _PROGRAMMES):
        return None
    rng = shop.rng(_PROGRAMMES.name)
    style = _PROGRAMMES.style(rng)
    rows: list[dict[str, Any]] = []
    for activity, dimension in _ACTIVITIES:
        for year in (shop.end.year - 1, shop.end.year):
            budget = rng.randint(40, 900) * 1_000_000
            done = year < shop.end.year
            rows.append(
                {
                    "year": year,
                    "programme": f"Kota Cerdas {MARK}",
                    "activity": activity,
                    "dimension": dimension,
                    "office": rng.choice(_OFFICES),
                    "plan_document": rng.choice(("RPJMD", "Renstra perangkat daerah", "masterplan")),
                    "budget_rupiah": budget,
                    "realisation_rupiah": budget // 100 * rng.randint(80, 99) if done else budget // 4,
                    "status": "Selesai" if done else "Berjalan",
                }
            )
    unknown, over = rng.sample(range(len(rows)), 2)
    faults = [
        Fault(unknown, "unknown_dimension", "dimension", "Smart Tourism"),
        Fault(over, "over_budget", "realisation_rupiah", rows[over]["budget_rupiah"] + 15_000_000, "warned"),
    ]
    return described(shop, _PROGRAMMES, style, rows, faults)


def applications(shop: Workshop) -> Made | None:
    """The region's applications, one with an address that no browser opens."""
    if not has(shop, _APPLICATIONS):
        return None
    rng = shop.rng(_APPLICATIONS.name)
    style = _APPLICATIONS.style(rng)
    rows = [_application(shop, rng, i + 1) for i in range(rng.randint(8, 20))]
    fault = Fault(rng.randrange(len(rows)), "address_without_scheme", "url", "aplikasi.example")
    return described(shop, _APPLICATIONS, style, rows, [fault])


def _application(shop: Workshop, rng: Random, number: int) -> dict[str, Any]:
    process, data = rng.choice((("Perizinan", "data izin"), ("Kepegawaian", "data pegawai"), ("Aduan", "data aduan")))
    return {
        "application": f"Aplikasi {MARK} {number:02}",
        "office": rng.choice(_OFFICES),
        "business_process": process,
        "data_made": data,
        "integrated": rng.choice(("Ya", "Tidak", "Tidak")),
        "url": f"https://aplikasi{number}.example",
        "development_status": rng.choice(("Dipakai", "Dipakai", "beta", "obsolete")),
        "license": rng.choice(("tertutup", "AGPL-3.0-or-later")),
        "yearly_cost_rupiah": rng.randint(0, 60) * 5_000_000,
        "updated_on": shop.end - timedelta(days=rng.randint(1, 90)),
    }


def maternal(shop: Workshop) -> Made | None:
    """Last year's deaths by district and cause with their totals; most counts are small, one is missing."""
    if not has(shop, _MATERNAL):
        return None
    rng = shop.rng(_MATERNAL.name)
    style = _MATERNAL.style(rng)
    areas = [f"Kecamatan {MARK} {i:02}" for i in range(1, rng.randint(4, 7))]
    counts = {(area, cause): rng.choice((0, 0, 1, 2, 3, 5, 8)) for area in areas for cause in _CAUSES}
    rows = [
        {
            "district": area,
            "year": shop.end.year - 1,
            "cause": cause or "Semua sebab",
            "place": "Semua tempat",
            "deaths": sum(n for (a, c), n in counts.items() if area in (None, a) and cause in (None, c)),
        }
        for area in (None, *areas)
        for cause in (None, *_CAUSES)
    ]
    broken = rng.randrange(5, len(rows))
    return described(shop, _MATERNAL, style, rows, [Fault(broken, "missing_count", "deaths", "-")])


ALL = (assets, complaints, indicators, programmes, applications, maternal)
