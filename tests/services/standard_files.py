"""One file for each data standard as an office would write it, with one row that must come back, and what it gives.

Each standard has another shape of file; all of it is invented.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from openpyxl import Workbook


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that an office sends, the mapping that its member has for it, and what is to become of its rows.

    Attributes:
        returned: source row, rule broken, header and cell of the row that comes back.
        asked: the fields asked of the graph; `shown` is one of the rows it must answer with to a coordinator.
        hidden: cells that the public may not read.
        anonymous: whether everybody may see its rows.
        warned: rules that warn about a published row.
    """

    standard: str
    file: str
    content: bytes
    columns: Mapping[str, str]
    published: int
    returned: tuple[int, str, str, str]
    asked: str
    shown: Mapping[str, Any]
    constants: Mapping[str, str]
    styles: Mapping[str, str]
    factors: Mapping[str, str]
    code: str = "99.71"
    hidden: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    anonymous: bool = True

    @property
    def mapping(self) -> str:
        """The table of the member's TOML."""

        def inline(values: Mapping[str, str]) -> str:
            return "{" + ", ".join(f'{k} = "{v}"' for k, v in values.items()) + "}"

        tables = {"columns": self.columns, "constants": self.constants, "factors": self.factors}
        lines = ["[[sources.mappings]]", f'contract = "{self.standard}"', 'match = {title = "."}']
        lines += [f'{name} = "{style}"' for name, style in self.styles.items()]
        return "\n".join(["", *lines, *(f"{name} = {inline(table)}" for name, table in tables.items() if table), ""])


def sent(standard: str, file: str, content: bytes, columns: Mapping[str, str], **more: Any) -> Sent:
    """A file sent by the city, which names its own region nowhere in it."""
    own: dict[str, Any] = {"constants": {"region_code": "99.71"}, "styles": {}, "factors": {}}
    return Sent(standard, file, content, columns, **(own | more))


def delimited(lines: Sequence[str], encoding: str, delimiter: str = ";") -> bytes:
    """Lines of cells divided by `|` as a delimited file."""
    return "\r\n".join(line.replace("|", delimiter) for line in [*lines, ""]).encode(encoding)


def workbook(titles: Sequence[str], groups: Sequence[tuple[str, int]], rows: Sequence[Sequence[object]]) -> bytes:
    """A sheet with merged titles and, over its header, merged groups of so many columns."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    width = len(rows[0])
    for title in titles:
        sheet.append([title])
        sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=width)
    sheet.append([])
    if groups:
        at = len(titles) + 2
        sheet.append([cell for name, span in groups for cell in (name, *[None] * (span - 1))])
        column = 1
        for _, span in groups:
            sheet.merge_cells(start_row=at, end_row=at, start_column=column, end_column=column + span - 1)
            column += span
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def page(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table that a portal exports as a web page."""
    lines = ["<html xmlns:x='urn:schemas-microsoft-com:office:excel'><body><table border=1>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in (header, *rows)]
    return "\n".join([*lines, "</table></body></html>"]).encode()


def flood_report() -> Sent:
    """BPBD's log out of a spreadsheet: cp1252, semicolons, months in words, depth in centimetres."""
    header = "No|Kecamatan|Kelurahan|Waktu Kejadian|Waktu Laporan|Penyebab|Genangan (cm)|KK|Jiwa|Mengungsi|MD|Status"
    lines = [
        header,
        "1|Rejeki|Tanjung – Timur|13 Oktober 2026 04.30|13 Oktober 2026 06.00|Luapan Sungai|120|210 KK|812|340|0|Masih berlangsung",
        "2|Rejeki|Sawah Besar|13 Oktober 2026 05.00|13 Oktober 2026 06.00|Rob (pasang laut)|35|40 KK|155|-|0|Sudah surut",
        "3|Pesisir|Karang|13 Oktober 2026 05.00|12 Oktober 2026 23.00|Hujan Lebat|60|12 KK|50|0|0|Surut",
        "4|Pesisir||14 Oktober 2026 01.15|14 Oktober 2026 07.00|Hujan Lebat|40|12 KK|50|60|0|Surut sebagian",
    ]  # fmt: skip
    columns = {
        "district": "kecamatan", "village": "kelurahan", "started_at": "waktu kejadian",
        "reported_at": "waktu laporan", "cause": "penyebab", "depth_m": "genangan (cm)", "affected_households": "kk",
        "affected_people": "jiwa", "evacuees": "mengungsi", "deaths": "md", "status": "status",
    }  # fmt: skip
    return sent(
        "flood_report", "banjir.csv", delimited(lines, "cp1252"), columns, published=3, factors={"depth_m": "0.01"},
        returned=(4, "table.reported_after_start", "Waktu Laporan", "12 Oktober 2026 23.00"),
        asked="district village startedAt cause depthM affectedHouseholds affectedPeople evacuees status region { name }",
        shown={
            "district": "Rejeki", "village": "Tanjung – Timur", "startedAt": "2026-10-12T20:30:00Z",
            "cause": "luapan_sungai", "depthM": 1.2, "affectedHouseholds": 210, "affectedPeople": 812, "evacuees": 340,
            "status": "berlangsung", "region": {"name": "Kota Muara Padi"},
        },
        warned=("table.evacuees_among_affected",),
    )  # fmt: skip


def warehouse() -> Sent:
    """The food office's list: titles, a merged header over two levels, tons; one pair of coordinates exchanged."""
    header = ["Nama Gudang", "Kecamatan", "Alamat", "Jenis", "Pemilik", "Kapasitas (ton)", "Cold Storage", "Lintang", "Bujur", "Diperiksa"]  # fmt: skip
    rows: list[list[object]] = [
        [*header],
        ["Gudang Cadangan A", "Rejeki", "Jl. Rahasia 1", "Gudang cadangan pangan", "Pemerintah kabupaten/kota", 500, "Tidak", -3.121, 119.182, "31/08/2026"],
        ["Gudang Bawang", "Pesisir", "Jl. Rahasia 2", "Gudang berpendingin", "Koperasi", 37.5, "Ya", -3.15, 119.2, "31/08/2026"],
        ["Gudang Terbalik", "Pesisir", "Jl. Rahasia 3", "Gudang umum", "Swasta", 80, "Tidak", 119.2, -3.15, "31/08/2026"],
    ]  # fmt: skip
    titles = ["DAFTAR GUDANG PANGAN", "KOTA MUARA PADI", "Keadaan 31 Agustus 2026"]
    columns = {
        "warehouse": "Identitas Nama Gudang", "district": "Identitas Kecamatan", "address": "Identitas Alamat",
        "warehouse_kind": "Identitas Jenis", "owner": "Identitas Pemilik", "capacity_kg": "Sarana Kapasitas (ton)",
        "cold_storage": "Sarana Cold Storage", "latitude": "Letak Lintang", "longitude": "Letak Bujur",
        "updated_on": "Letak Diperiksa",
    }  # fmt: skip
    groups = (("Identitas", 5), ("Sarana", 2), ("Letak", 3))
    return sent(
        "warehouse", "gudang.xlsx", workbook(titles, groups, rows), columns, published=2,
        factors={"capacity_kg": "1000"}, styles={"date_style": "dmy", "number_style": "en"},
        returned=(9, "latitude.range", "Letak Lintang", "119.2"),
        asked="warehouse warehouseKind owner capacityKg coldStorage address latitude updatedOn",
        shown={
            "warehouse": "Gudang Bawang", "warehouseKind": "berpendingin", "owner": "koperasi", "capacityKg": 37500.0,
            "coldStorage": True, "address": "Jl. Rahasia 2", "latitude": -3.15, "updatedOn": "2026-08-31",
        },
        hidden=("Jl. Rahasia",),
    )  # fmt: skip


def permit() -> Sent:
    """The licensing office's service: records in JSON, kinds in full words, the applicant beside them."""

    def record(
        number: str, kind: str, applied: str, issued: str | None, state: str, area: str | None
    ) -> dict[str, Any]:
        return {
            "nomor": number, "jenis_izin": kind, "tgl_permohonan": applied, "tgl_terbit": issued, "status": state,
            "kegiatan": "Rumah tinggal 2 lantai", "kecamatan": "Rejeki", "luas_m2": area, "retribusi": "Rp 1.250.000,-",
            "pemohon": {"nama": "Sri Rahasia", "jenis": "Perseorangan"},
        }  # fmt: skip

    records = [
        record("503/1/PBG/2026", "Persetujuan Bangunan Gedung", "2026-09-01", "2026-09-22", "Terbit", "120,5 m2"),
        record("503/2/PBG/2026", "PBG", "2026-09-03", "2026-09-01", "Terbit", "80,0 m2"),
        record("9120001", "Nomor Induk Berusaha", "2026-09-04", None, "Dalam proses", None),
    ]
    columns = {
        "permit_number": "nomor", "permit_kind": "jenis_izin", "applied_on": "tgl_permohonan",
        "issued_on": "tgl_terbit", "status": "status", "activity": "kegiatan", "district": "kecamatan",
        "floor_area_m2": "luas_m2", "retribution_rupiah": "retribusi", "applicant_name": "pemohon.nama",
        "applicant_kind": "pemohon.jenis",
    }  # fmt: skip
    return sent(
        "permit", "izin.json", orjson.dumps({"status": "OK", "data": records}), columns, published=2,
        returned=(2, "table.issued_after_applied", "tgl_terbit", "2026-09-01"),
        asked="permitKind permitNumber issuedOn status floorAreaM2 retributionRupiah applicantKind applicantName",
        shown={
            "permitKind": "PBG", "permitNumber": "503/1/PBG/2026", "issuedOn": "2026-09-22", "status": "terbit",
            "floorAreaM2": 120.5, "retributionRupiah": 1_250_000, "applicantKind": "perseorangan",
            "applicantName": None,
        },
        hidden=("Sri Rahasia",),
    )  # fmt: skip


def regional_revenue() -> Sent:
    """The revenue agency's workbook: titles, months by name, rupiah as text; one account code became a number."""
    rows: list[list[object]] = [
        ["No", "Kode Rekening", "Uraian", "Golongan", "Tahun", "s.d. Bulan", "Target", "Realisasi"],
        [1, "4.1.01.09.01.0001", "Pajak Reklame", "Pajak Daerah", 2026, "Oktober", "Rp 2.500.000.000", "Rp 1.975.250.000"],
        [2, 4.1, "Pajak Hotel", "Pajak Daerah", 2026, "Oktober", "Rp 9.000.000.000", "Rp 8.100.000.000"],
        [3, "4.1.02.02.01.0003", "Retribusi Pasar", "Retribusi Daerah", 2026, "Oktober", "Rp 750.000.000", "Rp 0"],
        [4, "4.1.02.02.01.0004", "Retribusi Parkir", "Retribusi Daerah", 2026, "Oktober", "Rp 800.000.000", "Rp 640.000.500"],
        [5, "4.1.04.15.01.0001", "Koreksi Jasa Giro", "Lain-lain PAD yang Sah", 2026, "Oktober", "Rp 10.000.000", "(Rp 1.250.000)"],
    ]  # fmt: skip
    titles = ["LAPORAN REALISASI PENDAPATAN ASLI DAERAH", "KOTA MUARA PADI", "s.d. 31 Oktober 2026"]
    columns = {
        "account_code": "kode rekening", "account_name": "uraian", "kind": "golongan", "year": "tahun",
        "month": "s.d. bulan", "target_rupiah": "target", "realisation_rupiah": "realisasi",
    }  # fmt: skip
    return sent(
        "regional_revenue", "pad.xlsx", workbook(titles, (), rows), columns, published=4,
        returned=(7, "account_code.pattern", "Kode Rekening", "4.1"),
        asked="year month accountCode accountName kind targetRupiah realisationRupiah",
        shown={
            "year": 2026, "month": 10, "accountCode": "4.1.01.09.01.0001", "accountName": "Pajak Reklame",
            "kind": "pajak", "targetRupiah": 2_500_000_000, "realisationRupiah": 1_975_250_000,
        },
        warned=("realisation_rupiah.usual",),
    )  # fmt: skip


def budget_realisation() -> Sent:
    """The finance system's export: a byte order mark, commas and quotes; a spreadsheet made one code a date."""
    lines = [
        "Tahun,Bulan,SKPD,Program,Kode Rekening,Nama Rekening,Kelompok,Tahap,Anggaran,Realisasi",
        '2026,September,"Dinas Pendidikan, Pemuda, dan Olahraga",Pengelolaan Pendidikan,5.1.02.01.01.0024,'
        'Belanja Alat Tulis,Belanja Operasi,APBD Perubahan,"1,250,000,000","812,345,678"',
        '2026,September,"Dinas Pendidikan, Pemuda, dan Olahraga",Pengelolaan Pendidikan,5.2.02.05.01.0005,'
        'Belanja Modal Komputer,Belanja Modal,APBD Perubahan,"400,000,000","412,000,000"',
        '2026,September,Dinas Kesehatan,Upaya Kesehatan,05/01/2002,Belanja Obat,Belanja Operasi,APBD Perubahan,'
        '"300,000,000","120,000,000"',
        '2026,September,Badan Pendapatan Daerah,,4.1.01.09.01.0001,Pajak Reklame,Pendapatan,APBD Perubahan,'
        '"2,500,000,000","1,800,000,000"',
    ]  # fmt: skip
    columns = {
        "year": "tahun", "month": "bulan", "office": "skpd", "programme": "program", "account_code": "kode rekening",
        "account_name": "nama rekening", "account_group": "kelompok", "budget_stage": "tahap",
        "budget_rupiah": "anggaran", "realisation_rupiah": "realisasi",
    }  # fmt: skip
    return sent(
        "budget_realisation", "apbd.csv", delimited(lines, "utf-8-sig"), columns, published=3,
        returned=(4, "account_code.pattern", "Kode Rekening", "05/01/2002"),
        asked="month office programme accountCode accountGroup budgetStage budgetRupiah realisationRupiah",
        shown={
            "month": 9, "office": "Dinas Pendidikan, Pemuda, dan Olahraga", "programme": "Pengelolaan Pendidikan",
            "accountCode": "5.2.02.05.01.0005", "accountGroup": "belanja_modal", "budgetStage": "perubahan",
            "budgetRupiah": 400_000_000, "realisationRupiah": 412_000_000,
        },
        warned=("table.within_budget",),
    )  # fmt: skip


def official_travel() -> Sent:
    """The secretariat's list as a page under the name .xls; two people travel by one letter."""
    header = ["SKPD", "No. SPPD", "Urut", "Tgl Surat", "Nama", "NIP", "Berangkat", "Kembali", "Tujuan", "Wilayah Tujuan", "Keperluan", "Biaya (Rp)"]  # fmt: skip
    office, letter = "Dinas Pertanian", "090/17/SPPD/2026"
    rows = [
        [office, letter, "1", "9 Oktober 2026", "Sri Rahasia", "19800101 200501 1 001", "Senin, 12 Oktober 2026", "14 Oktober 2026", "Kab. Batu Garam", "Luar daerah dalam provinsi", "Rapat cabai", "2.450.000"],
        [office, letter, "2", "9 Oktober 2026", "Budi Rahasia", "198502022010012002", "Senin, 12 Oktober 2026", "14 Oktober 2026", "Kab. Batu Garam", "Luar daerah dalam provinsi", "Rapat cabai", "2.450.000"],
        [office, "090/18/SPPD/2026", "", "15 Oktober 2026", "Sri Rahasia", "19800101 200501 1 001", "20 Oktober 2026", "19 Oktober 2026", "Jakarta", "Luar provinsi", "Konsultasi", "6.100.000"],
        [office, "090/19/SPPD/2026", "", "22 Oktober 2026", "Tono Rahasia", "-", "21 Oktober 2026", "21 Oktober 2026", "Kec. Pesisir", "Dalam daerah", "Pantau stok", "150.000"],
    ]  # fmt: skip
    columns = {
        "office": "skpd", "letter_number": "no. sppd", "traveller_no": "urut", "letter_date": "tgl surat",
        "traveller_name": "nama", "traveller_nip": "nip", "departed_on": "berangkat", "returned_on": "kembali",
        "destination": "tujuan", "destination_kind": "wilayah tujuan", "purpose": "keperluan",
        "cost_rupiah": "biaya (rp)",
    }  # fmt: skip
    return sent(
        "official_travel", "sppd.xls", page(header, rows), columns, published=3,
        returned=(4, "table.returned_after_departed", "Kembali", "19 Oktober 2026"),
        asked="letterNumber travellerNo departedOn returnedOn destinationKind costRupiah travellerName travellerNip",
        shown={
            "letterNumber": letter, "travellerNo": 2, "departedOn": "2026-10-12", "returnedOn": "2026-10-14",
            "destinationKind": "dalam_provinsi", "costRupiah": 2_450_000, "travellerName": None, "travellerNip": None,
        },
        warned=("table.letter_before_travel",), anonymous=False, hidden=("Rahasia", "1980"),
    )  # fmt: skip


def river_network() -> Sent:
    """The river office's layer: lines with their properties; the region is where the upstream gauge stands."""

    def line(segment: str, gauge: str | None, low: float, high: float, below: str | None) -> dict[str, Any]:
        return {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[119.21, -3.11], [119.18, -3.12]]},
            "properties": {
                "kode_ruas": segment, "sungai": "Sungai Padi", "pos_hulu": gauge, "pos_hilir": None,
                "ruas_hilir": below, "panjang_km": 12.4, "jam_min": low, "jam_maks": high,
                "sumber": "belum dikonfirmasi",
            },
        }  # fmt: skip

    features = [
        line("PADI-01", "Pos Jembatan Padi", 2, 3.5, "PADI-02"),
        line("PADI-02", "Pos Antah", 1, 2, None),
        line("PADI-03", "Jembatan Padi", 1, 1.5, None),
    ]
    columns = {
        "segment_code": "kode_ruas", "river": "sungai", "from_gauge": "pos_hulu", "to_gauge": "pos_hilir",
        "downstream_segment": "ruas_hilir", "length_m": "panjang_km", "travel_hours_low": "jam_min",
        "travel_hours_high": "jam_maks", "source": "sumber",
    }  # fmt: skip
    return sent(
        "river_network", "sungai.geojson", orjson.dumps({"type": "FeatureCollection", "features": features}), columns,
        published=2, constants={}, factors={"length_m": "1000"}, code="99.01",
        returned=(2, "from_gauge.reference", "pos_hulu", "Pos Antah"),
        asked="segmentCode regionCode fromGauge toGauge downstreamSegment lengthM travelHoursLow travelHoursHigh",
        shown={
            "segmentCode": "PADI-01", "regionCode": "99.01", "fromGauge": "jembatan_padi", "toGauge": None,
            "downstreamSegment": "PADI-02", "lengthM": 12400.0, "travelHoursLow": 2.0, "travelHoursHigh": 3.5,
        },
    )  # fmt: skip


FILES: tuple[Callable[[], Sent], ...] = (
    flood_report, warehouse, permit, regional_revenue, budget_realisation, official_travel, river_network,
)  # fmt: skip
