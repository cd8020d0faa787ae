"""A member's own messy way of writing: file format, header words, dates, numbers, encoding, titles, footnotes.

Chosen once per member and dataset from its seed; the same choices give the mapping that its TOML needs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)

#: Header words that regencies use, by contract column.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "region_code": ("Kode Wilayah", "KODE KAB/KOTA", "Kabupaten/Kota", "kode_kemendagri", "Wilayah"),
    "date": ("Tanggal", "Tgl", "TANGGAL SURVEI", "tanggal_data", "Tgl. Pencatatan"),
    "market": ("Pasar", "Nama Pasar", "LOKASI PASAR", "pasar_survei"),
    "commodity_code": ("Komoditas", "Nama Bahan Pokok", "JENIS KOMODITAS", "bahan_pokok", "Nama Barang"),
    "price": ("Harga (Rp)", "Harga", "HARGA RATA-RATA", "harga_rp", "Harga Eceran (Rp/kg)"),
    "warehouse": ("Gudang", "Nama Gudang", "LOKASI STOK"),
    "stock": ("Stok", "Jumlah Stok", "KETERSEDIAAN", "Stok Akhir"),
    "need": ("Kebutuhan per Hari", "Kebutuhan Harian", "KEBUTUHAN/HARI"),
    "station": ("Pos Hujan", "Stasiun", "NAMA POS"),
    "rain_mm": ("Curah Hujan (mm)", "CH (mm)", "CURAH HUJAN"),
    "year": ("Tahun", "TAHUN DATA"),
    "district": ("Kecamatan", "NAMA KECAMATAN", "Kec."),
    "sex": ("Jenis Kelamin", "JK", "L/P"),
    "people": ("Jumlah Penduduk", "JUMLAH (JIWA)", "Penduduk"),
    "gauge_code": ("Pos Duga Air", "Nama Pos", "POS TMA"),
    "observed_at": ("Waktu", "Waktu Pengamatan", "TANGGAL DAN JAM"),
    "stage": ("Tinggi Muka Air", "TMA", "TINGGI"),
}

UNIT_FACTORS = {"kg": "1", "kuintal": "100", "ton": "1000", "m": "1", "cm": "0.01", "km": "1000"}
#: Columns whose header says in which unit a member writes them.
_MEASURED = ("stock", "need", "stage")


@dataclass(frozen=True, slots=True)
class Style:
    """How one file is written.

    Attributes:
        file: csv, xlsx or json.
        dates: dmy (31/01/2026), dash (31-01-2026), long (31 Januari 2026) or iso.
        indonesian: 1.234,5 rather than 1234.5.
        rupiah: what stands before an amount.
        merged: an XLSX header of two levels with merged cells.
    """

    file: str
    delimiter: str
    encoding: str
    newline: str
    dates: str
    indonesian: bool
    rupiah: str
    titles: int
    footnote: bool
    merged: bool
    unit: str
    headers: Mapping[str, str]

    @property
    def number_style(self) -> str:
        """The mapping's word for how its numbers are written."""
        return "id" if self.indonesian else "en"

    @property
    def date_style(self) -> str:
        """The mapping's word for the order of day and month."""
        return "ymd" if self.dates == "iso" else "dmy"

    @property
    def real_dates(self) -> bool:
        """Whether its dates are dates of a spreadsheet rather than text."""
        return self.file == "xlsx" and self.dates in ("dmy", "iso")

    def day(self, value: date) -> str:
        """A date as this member writes it."""
        if self.dates == "long":
            return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
        if self.dates == "iso":
            return value.isoformat()
        return f"{value:%d/%m/%Y}" if self.dates == "dmy" else f"{value:%d-%m-%Y}"

    def moment(self, value: datetime) -> str:
        """A local moment as this member writes it."""
        return f"{self.day(value.date())} {value:%H:%M}"

    def money(self, value: int) -> str:
        """An amount of rupiah as this member writes it."""
        digits = f"{value:,}".replace(",", ".") if self.indonesian else str(value)
        return f"{self.rupiah}{digits}"

    def number(self, value: float) -> str:
        """A measure as this member writes it."""
        if not self.indonesian:
            return f"{value:.10g}"
        whole, _, part = f"{value:.3f}".rstrip("0").rstrip(".").partition(".")
        grouped = f"{int(whole):,}".replace(",", ".") if abs(int(whole)) >= 1000 else whole
        return f"{grouped},{part}" if part else grouped


def choose(
    rng: Random,
    *,
    formats: str,
    units: tuple[str, ...] = ("",),
    words: Mapping[str, tuple[str, ...]] = HEADERS,
    measured: Collection[str] = _MEASURED,
) -> Style:
    """A style.

    Args:
        formats: a word of c, x, j in the shares that they should have.
        words: header words to choose from, by column.
        measured: columns whose header names the unit.
    """
    file = {"c": "csv", "x": "xlsx", "j": "json"}[rng.choice(formats)]
    indonesian = rng.random() < 0.7
    headers = {name: rng.choice(known) for name, known in words.items()}
    unit = rng.choice(units)
    for name in measured:
        headers[name] += f" ({unit})" if unit else ""
    if file == "json":
        headers = {name: _snake(word) for name, word in headers.items()}
    dates = rng.choice(("dmy", "dmy", "dash", "long", "iso"))
    return Style(
        file=file,
        delimiter=";" if indonesian else rng.choice((",", ";", "\t")),
        encoding=rng.choice(("utf-8", "utf-8-sig", "utf-8-sig", "cp1252")),
        newline=rng.choice(("\r\n", "\n")),
        dates=dates,
        indonesian=indonesian,
        rupiah=rng.choice(("", "", "Rp ", "Rp", "Rp. ")),
        titles=rng.choice((0, 0, 2, 3)),
        footnote=rng.random() < 0.5,
        merged=rng.random() < 0.5,
        unit=unit,
        headers=headers,
    )


def _snake(word: str) -> str:
    kept = "".join(c.lower() if c.isalnum() else " " for c in word)
    return "_".join(kept.split())
