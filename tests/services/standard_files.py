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


FILES: tuple[Callable[[], Sent], ...] = (flood_report, warehouse, permit)
