"""A delivery of a few days is judged by what is there already, its own and that of others."""

from datetime import date

from core.verdict import Verdict
from tests.services import factories as make
from tests.services.factories import PRICES, Home


def test_a_typo_in_the_newest_days_is_told_by_the_days_that_are_there(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    later = make.prices(4, first=date(2026, 10, 18), harga=["12100", "121500", "12100", "12200"])
    make.write(drop, "harga.csv", later)
    report = home.harvest()
    assert (report.rows_published, report.rows_quarantined) == (3, 1)
    [returned] = home.returned
    assert [reason["rule"] for reason in returned.reasons] == ["price.typo"]
    assert returned.reasons[0]["message"].endswith("mungkin maksudnya 12.150.")
    assert 121_500 not in {row["price"] for row in home.rows("commodity_price")}


def test_the_first_delivery_of_a_resource_is_judged_by_others_of_its_kind(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(8))
    home.harvest()
    make.write(drop, "harga-lain.csv", make.prices(1, first=date(2026, 10, 21), harga=["920017"], pasar=["Baru"]))
    home.harvest()
    assert [reason["rule"] for row in home.returned for reason in row.reasons] == ["price.typo"]
    assert home.resources["harga-lain.csv"].last_verdict == Verdict.HELD.value  # nothing of it is left


def test_a_price_that_doubles_in_a_day_is_published(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(4, first=date(2026, 10, 18), price=24_000))
    assert home.harvest().rows_quarantined == 0
