"""Simulated warehouses, permits and official travel; whoever is named in them is a number with SIMULASI before it."""

from datetime import date, timedelta
from random import Random
from typing import Any

from hub.demo.described import Described, Fault, described, has
from hub.demo.making import MARK, Made, Workshop

_WAREHOUSES = Described(
    contract="warehouse",
    name="gudang-pangan",
    title="Daftar Gudang Pangan",
    organisation="dinas-pangan",
    group="pangan",
    formats="cxxj",
    units=("kg", "ton", "ton"),
    targets={"capacity": "capacity_kg"},
    columns={
        "warehouse": ("text", ("Nama Gudang", "GUDANG")),
        "district": ("text", ("Kecamatan", "NAMA KECAMATAN")),
        "warehouse_kind": ("text", ("Jenis Gudang", "JENIS")),
        "owner": ("text", ("Pemilik", "KEPEMILIKAN")),
        "capacity": ("number", ("Kapasitas", "DAYA TAMPUNG")),
        "cold_storage": ("text", ("Cold Storage", "Berpendingin (Ya/Tidak)")),
        "condition": ("text", ("Kondisi", "KONDISI BANGUNAN")),
        "latitude": ("number", ("Lintang", "LAT")),
        "longitude": ("number", ("Bujur", "LONG")),
        "updated_on": ("day", ("Tanggal Pemutakhiran", "Diperiksa")),
    },
)
_PERMITS = Described(
    contract="permit",
    name="perizinan",
    title="Daftar Perizinan",
    organisation="dpmptsp",
    group="pemerintahan",
    formats="cxj",
    columns={
        "permit_number": ("text", ("Nomor Izin", "NO. IZIN")),
        "permit_kind": ("text", ("Jenis Izin", "JENIS PERIZINAN")),
        "applied_on": ("day", ("Tanggal Permohonan", "Tgl Masuk")),
        "issued_on": ("day", ("Tanggal Terbit", "Tgl Terbit")),
        "status": ("text", ("Status", "STATUS IZIN")),
        "activity": ("text", ("Kegiatan", "Peruntukan")),
        "district": ("text", ("Kecamatan", "KEC")),
        "floor_area_m2": ("number", ("Luas Bangunan (m2)", "LUAS")),
        "retribution_rupiah": ("money", ("Retribusi", "Retribusi (Rp)")),
        "applicant_name": ("text", ("Nama Pemohon", "PEMOHON")),
    },
)
_TRAVEL = Described(
    contract="official_travel",
    name="perjalanan-dinas",
    title="Rekap Perjalanan Dinas",
    organisation="setda",
    group="keuangan",
    formats="ccx",
    columns={
        "office": ("text", ("SKPD", "Perangkat Daerah")),
        "letter_number": ("text", ("Nomor SPPD", "NO. SURAT")),
        "traveller_no": ("whole", ("Urut", "No. Urut")),
        "letter_date": ("day", ("Tanggal Surat", "TGL SURAT")),
        "traveller_name": ("text", ("Nama", "NAMA PELAKSANA")),
        "traveller_nip": ("text", ("NIP", "NIP PELAKSANA")),
        "departed_on": ("day", ("Berangkat", "TGL BERANGKAT")),
        "returned_on": ("day", ("Kembali", "TGL KEMBALI")),
        "destination": ("text", ("Tujuan", "KOTA TUJUAN")),
        "destination_kind": ("text", ("Jenis Tujuan", "JENIS PERJALANAN")),
        "purpose": ("text", ("Keperluan", "MAKSUD PERJALANAN")),
        "cost_rupiah": ("money", ("Biaya", "Biaya (Rp)")),
    },
)
_KINDS = ("Izin Mendirikan Bangunan", "PBG", "Persetujuan Bangunan Gedung", "NIB", "Izin Reklame", "SIUP")
_BUILDINGS = ("Izin Mendirikan Bangunan", "PBG", "Persetujuan Bangunan Gedung")
_OFFICES = ("Dinas Pertanian", "Dinas Pendidikan", "Dinas Kesehatan", "Dinas Perhubungan")
_TRIPS = (
    ("Kota Semarang", "Luar daerah dalam provinsi", "Rapat koordinasi pangan", 450_000, 1),
    ("Jakarta", "Luar provinsi", "Konsultasi anggaran", 4_200_000, 3),
    ("Kecamatan", "Dalam daerah", "Pemantauan lapangan", 110_000, 0),
)


def warehouses(shop: Workshop) -> Made | None:
    """Two to six warehouses around the middle of the region, one with latitude and longitude exchanged."""
    if not has(shop, _WAREHOUSES):
        return None
    rng = shop.rng(_WAREHOUSES.name)
    style = _WAREHOUSES.style(rng)
    rows = [_warehouse(shop, rng, i, in_tons=style.unit == "ton") for i in range(rng.randint(3, 6))]
    broken = rng.randrange(len(rows))
    fault = Fault(broken, "no_capacity", "capacity", 0.0)
    if shop.place.at is not None:
        fault = Fault(broken, "swapped_coordinates", "latitude", rows[broken]["longitude"])
    return described(shop, _WAREHOUSES, style, rows, [fault])


def _warehouse(shop: Workshop, rng: Random, number: int, *, in_tons: bool) -> dict[str, Any]:
    tons = rng.randint(20, 3_000)
    row: dict[str, Any] = {
        "warehouse": f"Gudang {MARK} {number + 1:02}",
        "district": f"Kecamatan {MARK} {rng.randint(1, 6):02}",
        "warehouse_kind": rng.choice(("Gudang umum", "cadangan_pangan", "Gudang berpendingin", "silo")),
        "owner": rng.choice(("Pemerintah kabupaten/kota", "Perum Bulog", "koperasi", "Swasta")),
        "capacity": float(tons if in_tons else tons * 1_000),
        "cold_storage": rng.choice(("Ya", "Tidak", "Tidak")),
        "condition": rng.choice(("Baik", "Baik", "Rusak ringan")),
        "updated_on": shop.end - timedelta(days=rng.randint(5, 60)),
    }
    if shop.place.at is not None:
        latitude, longitude = shop.place.at
        row["latitude"] = round(latitude + rng.uniform(-0.05, 0.05), 3)
        row["longitude"] = round(longitude + rng.uniform(-0.05, 0.05), 3)
    return row


def permits(shop: Workshop) -> Made | None:
    """Permits of the last three months, one issued before it was asked for."""
    if not has(shop, _PERMITS):
        return None
    rng = shop.rng(_PERMITS.name)
    style = _PERMITS.style(rng)
    rows = [_permit(shop, rng, i + 1) for i in range(rng.randint(18, 36))]
    broken = rng.randrange(len(rows))
    fault = Fault(broken, "issued_before_applied", "issued_on", rows[broken]["applied_on"] - timedelta(days=9))
    return described(shop, _PERMITS, style, rows, [fault])


def _permit(shop: Workshop, rng: Random, number: int) -> dict[str, Any]:
    kind, applied = rng.choice(_KINDS), shop.end - timedelta(days=rng.randint(0, 80))
    issued: date | None = applied + timedelta(days=rng.randint(2, 25))
    if issued is not None and issued > shop.end:
        issued = None
    building = kind in _BUILDINGS
    return {
        "permit_number": f"503/{number:04}/{applied.year}",
        "permit_kind": kind,
        "applied_on": applied,
        "issued_on": issued,
        "status": "Terbit" if issued else "Dalam proses",
        "activity": rng.choice(("Rumah tinggal", "Ruko 2 lantai", "Gudang")) if building else "Perdagangan eceran",
        "district": f"Kecamatan {MARK} {rng.randint(1, 6):02}",
        "floor_area_m2": rng.randint(36, 900) + 0.5 if building else None,
        "retribution_rupiah": rng.randint(3, 90) * 50_000 if building else 0,
        "applicant_name": f"Pemohon {MARK} {number:02}",
    }


def travel(shop: Workshop) -> Made | None:
    """Journeys of the last two months, one that ended before it began and one by a letter dated afterwards."""
    if not has(shop, _TRAVEL):
        return None
    rng = shop.rng(_TRAVEL.name)
    style = _TRAVEL.style(rng)
    rows = [row for i in range(rng.randint(8, 16)) for row in _journey(shop, rng, i + 1)]
    back, late = rng.sample(range(len(rows)), 2)
    faults = [
        Fault(back, "returned_before_departed", "returned_on", rows[back]["departed_on"] - timedelta(days=2)),
        Fault(late, "letter_after_departure", "letter_date", rows[late]["departed_on"] + timedelta(days=1), "warned"),
    ]
    return described(shop, _TRAVEL, style, rows, faults)


def _journey(shop: Workshop, rng: Random, number: int) -> list[dict[str, Any]]:
    office = rng.choice(_OFFICES)
    destination, kind, purpose, cost, nights = rng.choice(_TRIPS)
    letter = shop.end - timedelta(days=rng.randint(6, 60))
    leaves = letter + timedelta(days=rng.randint(1, 4))
    people = rng.choice((1, 1, 2))
    return [
        {
            "office": office,
            "letter_number": f"090/{number:03}/SPPD/{letter.year}",
            "traveller_no": person + 1 if people > 1 else None,
            "letter_date": letter,
            "traveller_name": f"Pegawai {MARK} {rng.randint(1, 40):02}",
            "traveller_nip": f"{rng.randint(1965, 1999)}0{rng.randint(1, 9)}{rng.randint(10, 28)}"
            f"20{rng.randint(10, 24)}0{rng.randint(1, 9)}{rng.randint(1, 2)}{rng.randint(1, 60):03}",
            "departed_on": leaves,
            "returned_on": leaves + timedelta(days=nights),
            "destination": destination,
            "destination_kind": kind,
            "purpose": purpose,
            "cost_rupiah": cost * (nights + 1),
        }
        for person in range(people)
    ]


ALL = (warehouses, permits, travel)
