"""Tables as offices send them, small and invented, and what harmonisation says of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from core.reference import CodeList, code_list
from core.region import Regions
from core.table import Place, TextTable, text_table
from quality.harmonise import Suggestion, suggest
from tests.quality import factories as make

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
REGENCIES = ("Kab. Demak", "Kab. Kudus", "Kota Semarang", "Kab. Pati", "Kab. Brebes", "Kota Surakarta")
COMMODITIES = ("Beras Medium", "Bawang Merah", "Cabai Rawit Merah")
DAYS = tuple(f"{day:02}/03/2025" for day in range(13, 31))
PRICES = ("13.500", "38.250", "61.000", "13.750", "39.000", "59.500")


@cache
def references() -> Mapping[str, CodeList]:
    """The nation's regions, and a few commodities, gauges and indicators."""
    return {
        "region": Regions.load().code_list(NOW.date()),
        "commodity": code_list(
            "commodity",
            [
                ("beras_medium", "Beras Medium", ["Beras"]),
                ("bawang_merah", "Bawang Merah", ["Brambang"]),
                ("cabai_rawit_merah", "Cabai Rawit Merah", ["Rawit Merah"]),
            ],
        ),
        "gauge": code_list("gauge", [("jurug", "Jurug", ["Pos Jurug"]), ("klambu", "Bendung Klambu", ["Klambu"])]),
        "indicator": code_list(
            "indicator", [("ipm", "Indeks Pembangunan Manusia", ["IPM"]), ("tpt", "Pengangguran Terbuka", ["TPT"])]
        ),
    }


def table(columns: Mapping[str, Sequence[str | None]], rows: int = 18, name: str = "data") -> TextTable:
    """A table whose columns repeat their cells."""
    cells = [[values[i % len(values)] for values in columns.values()] for i in range(rows)]
    return text_table(name, Place("data.csv", row=1), tuple(columns), cells)


def ask(
    columns: Mapping[str, Sequence[str | None]],
    title: str | None = None,
    *,
    rows: int = 18,
    regions: frozenset[str] = frozenset(),
) -> Suggestion:
    """The best reading of such a table."""
    one = table(columns, rows)
    return suggest([one], make.CONTRACTS, references(), title=title, regions=regions, now=NOW)[0]


def places(answer: Suggestion) -> dict[str, str | None]:
    """What becomes of each column."""
    return {c.header: c.to for c in answer.columns}


def sure(answer: Suggestion) -> dict[str, str | None]:
    """What becomes of the columns that need nobody."""
    return {c.header: c.to for c in answer.columns if c.sure}


def prices() -> dict[str, Sequence[str | None]]:
    """A plain table of prices."""
    return {
        "No": [str(n) for n in range(1, 19)],
        "Tgl": DAYS,
        "Kab/Kota": REGENCIES,
        "Bapok": COMMODITIES,
        "Hrg (Rp/kg)": PRICES,
    }
