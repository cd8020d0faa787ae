"""How the list of datasets sums up files of which each has a fate of its own."""

from hub.cli.data import standing


def test_a_dead_link_in_front_does_not_hide_the_file_that_was_published() -> None:
    dead = {"contract": None, "verdict": None}
    good = {"contract": "commodity_price", "verdict": "published"}
    assert standing([dead, good, good]) == (["commodity_price"], ["belum diperiksa", "terbit"])
    assert standing([dead]) == ("belum dipetakan ke standar data", ["belum diperiksa"])
    assert standing([]) == ("belum dipetakan ke standar data", "—")
