"""Headers that are values - months, days, commodities, regions, sexes - are recognised and become rows."""

from collections.abc import Sequence

from core.mapping import Melt
from quality.harmonise import Suggestion
from tests.quality.harmonise import factories as make

Columns = dict[str, Sequence[str | None]]


def melted(answer: Suggestion) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    return {c.header: (c.to, c.names) for c in answer.columns if c.role == "melt"}


def test_months_are_taken_up_with_those_to_come() -> None:
    months = ("Januari 2024", "Februari 2024", "Maret 2024", "April 2024")
    columns: Columns = {"Kab/Kota": make.REGENCIES, "Komoditas": make.COMMODITIES, **dict.fromkeys(months, make.PRICES)}
    answer = make.ask(columns, "Harga Bulanan")
    assert melted(answer) == dict.fromkeys(months, ("price", ("date",)))
    assert answer.melts == (Melt("price", months, "date", like="month"),)


def test_months_without_a_year_take_it_from_their_row() -> None:
    columns: Columns = {"Tahun": ["2023", "2024"], "Kab/Kota": make.REGENCIES, "Komoditas": make.COMMODITIES}
    answer = make.ask({**columns, **dict.fromkeys(("Jan", "Feb", "Mar", "Apr"), make.PRICES)}, "Harga Bulanan")
    assert answer.melts[0].written == {"date": "{Tahun}-{month}-01"}


def test_days_of_the_month_that_the_title_names() -> None:
    days = tuple(str(day) for day in range(1, 32))
    columns: Columns = {"Pos Hujan": ["Pos Mranggen", "Pos Sayung"], **dict.fromkeys(days, ("0", "12,5", "3,1"))}
    answer = make.ask(columns, "Curah Hujan Harian Januari 2026 Kabupaten Demak")
    assert answer.standard == "rainfall"
    assert answer.melts[0].written == {"date": "2026-01-{day}"}
    assert len(melted(answer)) == 31


def test_commodities_and_regions_and_sexes() -> None:
    goods: Columns = {"Tanggal": make.DAYS, "Kab/Kota": make.REGENCIES, **dict.fromkeys(make.COMMODITIES, make.PRICES)}
    assert melted(make.ask(goods, "Harga Pangan")) == dict.fromkeys(make.COMMODITIES, ("price", ("commodity_code",)))
    regions: Columns = {"Tgl": make.DAYS, **dict.fromkeys(make.REGENCIES, make.PRICES)}
    answer = make.ask(regions, "Harga Bawang Merah per Kabupaten")
    assert melted(answer) == dict.fromkeys(make.REGENCIES, ("price", ("region_code",)))
    assert answer.constants["commodity_code"] == "bawang_merah"
    sexes: Columns = {"Kab/Kota": make.REGENCIES, "Pria": ["510231", "498120"], "Wanita": ["500114", "487002"]}
    answer = make.ask(sexes, "Jumlah Penduduk Tahun 2023")
    assert melted(answer) == {"Pria": ("people", ("sex",)), "Wanita": ("people", ("sex",))}
    assert answer.constants["year"] == "2023"


def test_two_measures_beside_each_commodity() -> None:
    columns: Columns = {"Tanggal": make.DAYS, "Kab/Kota": make.REGENCIES}
    for good in make.COMMODITIES:
        columns |= {f"{good} Stok (ton)": ["12,5", "80,1"], f"{good} Kebutuhan per Hari (ton)": ["1,5", "2,25"]}
    found = melted(make.ask(columns, "Stok dan Kebutuhan Pangan"))
    assert {to for to, _ in found.values()} == {"stock_kg", "need_kg_per_day"}
    assert all(names == ("commodity_code",) for _, names in found.values())


def test_ages_are_no_sexes() -> None:
    ages: Columns = {f"{a}-{a + 4} {s}": ["231", "84"] for a in (35, 40, 45) for s in ("Laki-laki", "Perempuan")}
    answer = make.ask({"Tahun": ["2013"], "Kelurahan": ["Ancol", "Pluit"], **ages}, "Kepadatan Penduduk")
    assert not melted(answer)
    assert answer.standard is None


def test_hours_are_of_the_day_in_their_row_and_are_asked_about() -> None:
    columns: Columns = {
        "Pos": ["Jurug", "Klambu"],
        "Tanggal": make.DAYS,
        "06.00": ["5,2"],
        "12.00": ["5,6"],
        "18.00": ["6"],
    }
    answer = make.ask(columns, "Tinggi Muka Air (m)")
    assert answer.melts[0].written == {"observed_at": "{Tanggal} {}"}
    assert not any(c.sure for c in answer.columns if c.role == "melt")
