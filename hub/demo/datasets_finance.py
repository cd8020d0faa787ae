"""Simulated own-source revenue and budgets; names and codes of accounts are invented in the usual form."""

from datetime import date
from random import Random
from typing import Any

from hub.demo.described import Described, Fault, described, has
from hub.demo.making import Made, Workshop
from hub.demo.style import MONTHS

_REVENUE = Described(
    contract="regional_revenue",
    name="pendapatan-asli-daerah",
    title="Realisasi Pendapatan Asli Daerah",
    organisation="bapenda",
    group="keuangan",
    formats="ccxxj",
    columns={
        "year": ("whole", ("Tahun", "TAHUN ANGGARAN")),
        "month": ("text", ("s.d. Bulan", "BULAN")),
        "account_code": ("text", ("Kode Rekening", "KODE REK.")),
        "account_name": ("text", ("Uraian", "NAMA REKENING")),
        "kind": ("text", ("Golongan", "JENIS PENDAPATAN")),
        "target_rupiah": ("money", ("Target", "TARGET (Rp)")),
        "realisation_rupiah": ("money", ("Realisasi", "REALISASI (Rp)")),
    },
)
_BUDGET = Described(
    contract="budget_realisation",
    name="realisasi-apbd",
    title="Realisasi Belanja APBD",
    organisation="bpkad",
    group="keuangan",
    formats="cccx",
    columns={
        "year": ("whole", ("Tahun", "TA")),
        "month": ("text", ("Bulan", "S.D. BULAN")),
        "office": ("text", ("SKPD", "Perangkat Daerah")),
        "programme": ("text", ("Program", "NAMA PROGRAM")),
        "account_code": ("text", ("Kode Rekening", "REKENING")),
        "account_name": ("text", ("Nama Rekening", "URAIAN")),
        "account_group": ("text", ("Kelompok", "JENIS BELANJA")),
        "budget_rupiah": ("money", ("Anggaran", "PAGU")),
        "realisation_rupiah": ("money", ("Realisasi", "REALISASI")),
    },
)
_SOURCES = (
    ("4.1.01.09.01.0001", "Pajak Reklame", "Pajak daerah"),
    ("4.1.01.08.01.0001", "Pajak Restoran", "Pajak daerah"),
    ("4.1.01.15.01.0001", "PBB Perkotaan", "pajak"),
    ("4.1.02.01.01.0001", "Retribusi Pelayanan Kesehatan", "Retribusi daerah"),
    ("4.1.02.02.05.0003", "Retribusi Pasar", "retribusi"),
    ("4.1.03.02.01.0001", "Bagian Laba BUMD", "hasil_pengelolaan"),
    ("4.1.04.05.01.0001", "Jasa Giro", "Lain-lain PAD yang sah"),
)
_OFFICES = (
    ("Dinas Pendidikan", "Pengelolaan Pendidikan"),
    ("Dinas Kesehatan", "Pemenuhan Upaya Kesehatan"),
    ("Dinas Pekerjaan Umum", "Penyelenggaraan Jalan"),
    ("Dinas Pertanian", "Penyediaan Sarana Pertanian"),
)
_LINES = (
    ("5.1.01.01.01.0001", "Belanja Gaji Pokok", "Belanja operasi"),
    ("5.1.02.01.01.0024", "Belanja Alat Tulis Kantor", "belanja_operasi"),
    ("5.1.02.04.01.0001", "Belanja Perjalanan Dinas", "Belanja operasi"),
    ("5.2.02.05.01.0005", "Belanja Modal Komputer", "Belanja modal"),
)


def _months(end: date, count: int) -> list[tuple[int, int]]:
    """The last months that have ended by a day, oldest first, as year and month."""
    newest = end.year * 12 + end.month - 2
    return [divmod(newest - back, 12) for back in reversed(range(count))]


def _named(rng: Random) -> tuple[str, ...]:
    """How a member writes months: by name, by name in capitals, or by number."""
    return rng.choice((MONTHS, tuple(m.upper() for m in MONTHS), tuple(str(i) for i in range(1, 13))))


def revenue(shop: Workshop) -> Made | None:
    """Seven accounts over three months, growing; one code that a spreadsheet cut to a number."""
    if not has(shop, _REVENUE):
        return None
    rng = shop.rng(_REVENUE.name)
    style, names = _REVENUE.style(rng), _named(rng)
    targets = {code: rng.randint(80, 9_000) * 1_000_000 for code, _, _ in _SOURCES}
    rows: list[dict[str, Any]] = [
        {
            "year": year,
            "month": names[month],
            "account_code": code,
            "account_name": name,
            "kind": kind,
            "target_rupiah": targets[code],
            "realisation_rupiah": round(targets[code] * (month + rng.uniform(0.5, 1)) / 12),
        }
        for year, month in _months(shop.end, 3)
        for code, name, kind in _SOURCES
    ]
    fault = Fault(rng.randrange(len(rows)), "account_as_number", "account_code", "41.01")
    return described(shop, _REVENUE, style, rows, [fault])


def budget(shop: Workshop) -> Made | None:
    """Four offices with four accounts each; one spent beyond its budget, one code that became a date."""
    if not has(shop, _BUDGET):
        return None
    rng = shop.rng(_BUDGET.name)
    style, names = _BUDGET.style(rng), _named(rng)
    [(year, month)] = _months(shop.end, 1)
    rows: list[dict[str, Any]] = []
    for office, programme in _OFFICES:
        for code, name, group in _LINES:
            planned = rng.randint(40, 20_000) * 1_000_000
            spent = round(planned * (month + rng.uniform(0, 1)) / 12.5)
            rows.append({
                "year": year, "month": names[month], "office": office, "programme": programme, "account_code": code,
                "account_name": name, "account_group": group, "budget_rupiah": planned, "realisation_rupiah": spent,
            })  # fmt: skip
    over, dated = rng.sample(range(len(rows)), 2)
    faults = [
        Fault(over, "over_budget", "realisation_rupiah", rows[over]["budget_rupiah"] + 12_000_000, "warned"),
        Fault(dated, "account_as_date", "account_code", "05/01/2002"),
    ]
    return described(shop, _BUDGET, style, rows, faults)


ALL = (revenue, budget)
