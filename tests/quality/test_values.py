"""Numbers and dates as Indonesians write them: one value where it is certain, none where it is not."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FactorInvalid
from core.spellings import BAD, DateOrder, dates, factor_of, marked, numbers
from core.styles import date_style, number_style

YEAR = 2026


def _float(text: str, style: str = "id", unit: str = "", factor: str | None = None) -> float | None:
    read = numbers(pa.array([text]), unit, factor_of(factor, "x"))
    value: float | None = read.floats(style).to_pylist()[0]
    return value


def _whole(text: str, style: str = "id", unit: str = "") -> int | None:
    number, exact = numbers(pa.array([text]), unit).wholes(style)
    return number.to_pylist()[0] if exact[0] else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", 1234.56), ("Rp 122.831", 122831), ("Rp122.831,00", 122831), ("Rp. 5.000,-", 5000), ("12 500", 12500),
        ("-5", -5), ("(1.250,5)", -1250.5), ("-Rp 5.000", -5000), ("Rp -5.000", -5000), ("\u22127,5", -7.5), ("0,123", 0.123),
        (",5", 0.5), ("1.234.567", 1234567), ("\u00a01.000\u00a0", 1000), ("1\u202f234,5", 1234.5), ("'1.234,5", 1234.5),
        ("1.234,5*", 1234.5), ("950**)", 950), ("(5,5)*", -5.5),
    ],
)  # fmt: skip
def test_F31_numbers_in_the_indonesian_style(text: str, value: float) -> None:
    assert _float(text, "id", "rupiah") == value


@pytest.mark.parametrize(
    ("text", "value"), [("1,234.56", 1234.56), ("122,831", 122831), ("0.5", 0.5), ("14655.0", 14655)]
)
def test_F31_numbers_in_the_english_style(text: str, value: float) -> None:
    assert _float(text, "en") == value


@pytest.mark.parametrize(
    "text",
    ["1.2.3", "abc", "1e5", "NaN", "Infinity", "9 s.d 9 cm", "9" * 5000, "٣", "=1+1", "12-3", "1,23,45", "--5", ""],
)
def test_F06_F07_what_is_no_number_has_no_value(text: str) -> None:
    assert numbers(pa.array([text])).kinds[0] == BAD
    assert _float(text, "id") is None and _float(text, "en") is None


def test_a_percentage_is_read_only_where_percent_is_the_unit() -> None:
    assert _float("12,5 %", unit="persen") == 12.5 and _float("7persen", unit="persen") == 7
    assert _float("12,5%", unit="") is None and _float("12,5%", unit="kg") is None


def test_marks_are_seen_on_values_alone() -> None:
    assert (
        marked(pa.array(["12*", "1.234,5**)", "(5)*", "12", "*", "Pati*", None])).tolist() == [True] * 3 + [False] * 4
    )


def test_a_unit_in_the_cell_counts_only_if_the_factor_agrees() -> None:
    assert _float("12,5 ton", unit="kg", factor="1000") == 12500
    assert _float("12,5 ton", unit="kg") is None
    assert _float("125 cm", unit="m", factor="0.01") == 1.25
    assert _float("12.000/kg", unit="rupiah") == 12000


def test_units_are_converted_exactly() -> None:
    assert _float("2.027,7", factor="1000") == 2027700.0
    assert _float("0,1", factor="0.001") == 0.0001
    assert _float("1,1", factor="3") == 3.3  # 1.1 * 3 in binary floats is 3.3000000000000003


@given(st.integers(-10_000, 10_000_000), st.sampled_from(["0.001", "0.01", "0.1", "10", "1000"]))
def test_a_converted_measure_is_the_nearest_number_to_the_true_one(written: int, factor: str) -> None:
    """1,410 millimetres are 1.41 m, as a person would write it, and not 1.4100000000000001."""
    assert _float(str(written), factor=factor) == float(Decimal(written) * Decimal(factor))


@pytest.mark.parametrize("factor", ["seribu", "0", "-1", "NaN", "0.0000001", "100000000"])
def test_a_factor_that_cannot_be_exact_is_refused(factor: str) -> None:
    with pytest.raises(FactorInvalid):
        factor_of(factor, "stock_kg")


def _indonesian(value: Decimal) -> str:
    return f"{value:,}".translate(str.maketrans(",.", ".,"))


@settings(max_examples=200, deadline=None)
@given(st.decimals(-(10**12), 10**12, places=2))
def test_whatever_is_written_in_a_style_reads_back_equal_in_it(value: Decimal) -> None:
    assert _float(_indonesian(value), "id") == float(value)
    assert _float(f"Rp {_indonesian(value)}", "id", "rupiah") == float(value)
    assert _float(f"{value:,}", "en") == float(value)


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**14), 10**14))
def test_whole_numbers_read_back_equal(value: int) -> None:
    assert _whole(str(value)) == value
    assert _whole(_indonesian(Decimal(value))) == value


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_no_text_breaks_the_readers(text: str) -> None:
    _float(text, "id", "kg", "1000")
    _whole(text, "en", "rupiah")
    read = dates(pa.array([text]), YEAR)
    for style in ("dmy", "mdy", "ymd"):
        read.days(style)


def _number_style(*texts: str, whole: bool = False) -> str | None:
    return number_style(numbers(pa.array(texts)).kinds, whole=whole)


def test_F31_one_certain_cell_decides_for_the_uncertain_ones() -> None:
    assert _number_style("122.831", "1.234,5") == "id"
    assert _number_style("122.831", "0.5") == "en"
    assert _number_style("12", "13") == "any"


def test_F31_a_measure_that_could_be_either_is_not_guessed() -> None:
    assert _number_style("122.831") is None
    assert _number_style("122,831", "7") is None


def test_F31_whole_rupiah_can_only_be_grouped() -> None:
    assert _number_style("122.831", whole=True) == "id"
    assert _number_style("122,831", whole=True) == "en"
    assert _number_style("122.831", "122,831", whole=True) is None
    assert _number_style("14655.0", "122.831", whole=True) == "en"  # this column does write decimals


def test_F31_styles_mixed_in_one_column_are_asked_about_but_a_stray_cell_is_not() -> None:
    assert _number_style("1,5", "1.5") is None
    assert _number_style(*(f"{i},5" for i in range(100)), "1.5") == "id"


# -- dates


def _day(text: str, style: DateOrder = "dmy") -> date | None:
    read = dates(pa.array([text]), YEAR)
    days, real = read.days(style)
    return days[0].item() if real[0] else None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12 Januari 2024", date(2024, 1, 12)), ("12-Jan-24", date(2024, 1, 12)), ("31/12/2023", date(2023, 12, 31)),
        ("2024-01-12", date(2024, 1, 12)), ("2024/1/5", date(2024, 1, 5)), ("20240131", date(2024, 1, 31)),
        ("Senin, 5 Agustus 2024", date(2024, 8, 5)), ("17 Agt 2024", date(2024, 8, 17)), ("1 Nopember 2023", date(2023, 11, 1)),
        ("Jum'at, 2 Peb. 2024", date(2024, 2, 2)), ("31.12.2023", date(2023, 12, 31)), ("5 May 2024", date(2024, 5, 5)),
        ("31/12/98", date(1998, 12, 31)), ("January 12, 2024", date(2024, 1, 12)), ("Friday, 12 Jan 2024", date(2024, 1, 12)),
        ("Jan 1st 2024", date(2024, 1, 1)),
    ],
)  # fmt: skip
def test_dates_as_offices_write_them(text: str, day: date) -> None:
    assert _day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "29 Februari 2023",
        "2023-02-29",
        "31/04/2024",
        "13/13/2024",
        "1 Foo 2024",
        "2024",
        "45123",
        "0/1/2024",
        "17-08-45",
    ],
)
def test_T05_a_day_that_does_not_exist_has_no_value(text: str) -> None:
    assert _day(text) is None


def test_T05_the_29th_of_February_exists_in_leap_years() -> None:
    assert _day("29 Februari 2024") == date(2024, 2, 29)
    assert _day("29/02/2000") == date(2000, 2, 29)
    assert _day("29/02/1900") is None


def _date_style(*texts: str) -> str | None:
    return date_style(dates(pa.array(texts), YEAR), YEAR + 1)


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["01/02/03"], None), (["01/02/2024"], None), (["03/03/2024"], "any"), (["2024-01-02"], "any"),
        (["31/12/2023", "01/02/2024"], "dmy"), (["12/31/2023", "01/02/2024"], "mdy"), (["31/12/23", "01/12/23"], "dmy"),
        (["23/12/31", "23/01/02"], "ymd"), (["31/12/2023", "12/31/2023"], None), (["12 Mei 2024", "n.b."], "any"),
    ],
)  # fmt: skip
def test_F30_the_order_of_day_and_month_is_decided_by_the_column_or_not_at_all(
    texts: list[str], style: str | None
) -> None:
    assert _date_style(*texts) == style


@settings(max_examples=150, deadline=None)
@given(st.dates(date(1997, 1, 1), date(2027, 12, 31)))
def test_every_day_reads_back_equal_in_every_spelling(day: date) -> None:
    months = ["Januari", "Februari", "Maret", "April", "Mei", "Juni"]
    months += ["Juli", "Agustus", "September", "Oktober", "November", "Desember"]
    assert _day(day.isoformat()) == day
    assert _day(f"{day.day} {months[day.month - 1]} {day.year}") == day
    assert _day(f"{day:%d/%m/%Y}", "dmy") == day
    assert _day(f"{day:%m-%d-%Y}", "mdy") == day
    assert _day(f"{day:%d.%m.%y}", "dmy") == day
    assert _day(f"{day:%y/%m/%d}", "ymd") == day


def _moment(connection: duckdb.DuckDBPyConnection, text: str, zone: str = "Asia/Jakarta") -> datetime | None:
    value: datetime | None = dates(pa.array([text]), YEAR).moments("dmy", connection, zone).to_pylist()[0]
    return value


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-01-01 07:00", "2024-01-01T00:00"), ("2024-01-01T07:00:00Z", "2024-01-01T07:00"),
        ("01/01/2024 07.30", "2024-01-01T00:30"), ("5 Mei 2024 pukul 07:30 WITA", "2024-05-04T23:30"),
        ("2024-01-01 07:00:00+0900", "2023-12-31T22:00"), ("2024-02-29", "2024-02-28T17:00"),
        ("31/12/2023, 23:59:59", "2023-12-31T16:59:59"),
    ],
)  # fmt: skip
def test_T06_naive_moments_are_read_in_the_provinces_zone(
    connection: duckdb.DuckDBPyConnection, text: str, utc: str
) -> None:
    assert _moment(connection, text) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_T04_the_same_text_is_another_moment_in_another_zone(connection: duckdb.DuckDBPyConnection) -> None:
    jakarta, makassar, jayapura = (
        _moment(connection, "2024-01-01 07:00", f"Asia/{city}") for city in ("Jakarta", "Makassar", "Jayapura")
    )
    assert jakarta and makassar and jayapura
    assert (jakarta - makassar, makassar - jayapura) == (timedelta(hours=1), timedelta(hours=1))


def test_an_impossible_time_has_no_value(connection: duckdb.DuckDBPyConnection) -> None:
    assert _moment(connection, "2024-01-01 25:00") is None
    assert _moment(connection, "2024-01-01 07:61") is None


def test_a_date_with_another_zones_time_counts_by_the_local_day(connection: duckdb.DuckDBPyConnection) -> None:
    read = dates(pa.array(["2024-01-01T20:00:00Z", "2024-01-01 20:00"]), YEAR)
    assert read.dates("dmy", connection, "Asia/Jakarta").to_pylist() == [date(2024, 1, 2), date(2024, 1, 1)]
