"""What an administrator adds to a code list, or to a member's regions, reaches the bytes already landed."""

from tests.services import factories as make
from tests.services.factories import CITY, PRICES, PRICES_BY_REGION, Home


def test_a_spelling_added_to_the_list_brings_back_what_was_returned_without_a_download(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(4, komoditas=["Sagu", "Sagu Papua", "Sagu", "Sagu Papua"]))
    first = home.harvest()
    assert (first.rows_published, dict(first.reasons)) == (2, {"commodity_code.reference": 2})
    listed = home.folder / "reference" / "commodity.csv"
    listed.write_text(listed.read_text("utf-8").replace("Sagu Basah", "Sagu Basah|Sagu Papua"), "utf-8")
    home.close()
    (drop / "harga.csv").chmod(0)  # nobody asks the folder for the file again
    second = home.harvest()
    assert (second.state, second.rows_published, second.rows_quarantined) == ("ok", 2, 0)
    assert [row["_row"] for row in home.rows("commodity_price")] == [2, 3, 4, 5]
    home.close()
    assert home.harvest().snapshots == 0


def test_S21_a_region_that_a_member_is_given_frees_what_was_held_for_it(home: Home) -> None:
    drop = home.drop(PRICES_BY_REGION)
    make.write(drop, "harga.csv", make.prices(3, wilayah=["99.71", "99.01", "99.71"]))
    assert dict(home.harvest().holds) == {"FOREIGN_REGIONS": 1}
    file = home.folder / "members" / f"{CITY}.toml"
    file.write_text(file.read_text("utf-8").replace('regions = ["99.71"]', 'regions = ["99.71", "99.01"]'), "utf-8")
    home.close()
    assert home.harvest().rows_published == 3
