"""How lists speak to a person: files with fates of their own summed up, years without a thousands mark."""

from hub.cli.data import shown_row, standing


def test_a_dead_link_in_front_does_not_hide_the_file_that_was_published() -> None:
    dead = {"contract": None, "verdict": None}
    good = {"contract": "commodity_price", "verdict": "published"}
    assert standing([dead, good, good]) == (["commodity_price"], ["belum diperiksa", "terbit"])
    assert standing([dead]) == ("belum dipetakan ke standar data", ["belum diperiksa"])
    assert standing([]) == ("belum dipetakan ke standar data", "—")


def test_a_year_is_no_quantity() -> None:
    row = {"year": 2023, "people": 2846258, "stage_m": 1.41, "_row": 32667, "sex": "L", "note": None}
    assert shown_row(row, {"people", "stage_m"}) == ("2023", 2846258, 1.41, "32667", "L", None)
