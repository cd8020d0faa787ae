"""Published food prices as rows of the price standard: every file under `../shared/data/price`, whatever its shape.

Markets and places stand in `market`, commodities under their own names: what is usual is judged by equal and unequal,
not by code lists.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import python_calamine

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "price"
Price = tuple[str, str, date, float]  # commodity, market, day, price
_MONTHS = {
    name: i
    for i, name in enumerate(
        ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
         "Desember"), start=1,
    )
}  # fmt: skip


def table(prices: Iterable[Price]) -> pa.Table:
    """The typed rows of the price standard, in the order they are given."""
    commodities, markets, days, values = zip(*prices, strict=True)
    rows = len(values)
    return pa.table({
        "region_code": pa.array(["35"] * rows, pa.string()), "date": pa.array(days, pa.date32()),
        "market": pa.array(markets, pa.string()), "commodity_code": pa.array(commodities, pa.string()),
        "price_level": pa.array(["konsumen"] * rows, pa.string()), "unit": pa.nulls(rows, pa.string()),
        "price": pa.array(values, pa.float64()),
    })  # fmt: skip


def read(name: str) -> list[Price]:
    """One file's prices; empty cells and dashes are left out."""
    return [price for price in READERS[name](FOLDER / name) if price[3] > 0]


def files() -> dict[str, list[Price]]:
    """Every file's prices, by file name."""
    return {name: read(name) for name in READERS}


def _siskaperbapo(path: Path) -> Iterator[Price]:
    for commodity, one in json.loads(path.read_text())["commodities"].items():
        for day, prices in one["prices"].items():
            for market, price in zip(one["columns"], prices, strict=False):
                if price is not None:
                    yield commodity, market, date.fromisoformat(day), float(price)


def _provinces(path: Path) -> Iterator[Price]:
    with path.open(newline="") as f:
        for row in csv.DictReader(f):
            yield (
                row["Commodity_Name"],
                row["Province_Name"],
                date.fromisoformat(row["Date_Param"]),
                _number(row["Price"]),
            )


def _markets(path: Path) -> Iterator[Price]:
    with path.open(newline="") as f:
        for row in csv.DictReader(f, delimiter=";"):
            day = date(*(int(part) for part in reversed(row["Tanggal"].split("/"))))
            yield row["Komoditas"], f"{row['Kota / Kelurahan']} {row['Pasar']}", day, _number(row["Harga (Rp)"])


def _regencies(path: Path) -> Iterator[Price]:
    with path.open(newline="") as f:
        reader = csv.DictReader(f)
        names = list(reader.fieldnames or ())
        commodities = names[names.index("Bulan") + 1 : names.index("Bulan_num")]
        for row in reader:
            for commodity in commodities:
                yield commodity, row["Kab/Kota"], date.fromisoformat(row["Periode"]), _number(row[commodity])


def _wide(path: Path) -> Iterator[Price]:
    with path.open(newline="") as f:
        for row in csv.DictReader(f):
            for name, cell in row.items():
                month, _, year = name.partition(" ")
                if month in _MONTHS:
                    day = date(int(year), _MONTHS[month], 1)
                    yield row["Komoditas"], row["Lokasi"], day, _number(cell)


def _workbook(path: Path) -> Iterator[Price]:
    """Weeks of months (`Apr 2025 (II)`), thousands with commas; a week counts as seven days from the first one."""
    rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    for row in rows[1:]:
        for week, cell in enumerate(row[4:]):
            yield (
                str(row[0]),
                str(row[2]),
                date(2025, 4, 1) + timedelta(weeks=week),
                _number(str(cell).replace(",", "")),
            )


def _number(cell: str) -> float:
    """The number of a cell; 0, which no price is, where it holds none."""
    try:
        return float(cell.strip() or 0)
    except ValueError:
        return 0.0


READERS: Mapping[str, Callable[[Path], Iterator[Price]]] = {
    "siskaperbapo_produsen.json": _siskaperbapo,
    "pihps_beras_2022_2026.csv": _provinces,
    "pihps_cabai_rawit_2022_2026.csv": _provinces,
    "pihps_pasar_jabar_cabe_rawit.csv": _markets,
    "harga_pangan_kabkota_latlon.csv": _regencies,
    "data_harga_wide_2018_2023.csv": _wide,
    "pihps_xlsx_21c8d654-ad2.xlsx": _workbook,
}
