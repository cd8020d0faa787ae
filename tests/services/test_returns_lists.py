"""Returned cells of codes: what a list does not have is told from what is wrong, and what no cell holds asks nothing of it."""

from tests.services import factories as make
from tests.services import stewards
from tests.services.factories import Home

STAGES = """
[[sources.mappings]]
contract = "river_stage"
match = {title = "tma"}
columns = {gauge_code = "pos", observed_at = "waktu", stage_m = "tinggi"}
date_style = "ymd"
number_style = "en"
"""
HEADER = "code,name,river,river_system,region_code,unit,source"


def returned(home: Home) -> dict[str, str]:
    """The comments of a file of stages: one known gauge, one whose place no list says, one that is in no list."""
    (home.folder / "reference" / "gauge.csv").write_text(
        f"{HEADER}\nmuara,Pos Muara,Muara,Muara,99.71,m,uji\nhulu,Pos Hulu,Muara,Muara,,m,uji\n", "utf-8"
    )
    names = ("Pos Muara", "Pos Hulu", "Pompa Baru", "Pos Muara")
    table = {"pos": names, "waktu": [f"2026-11-2{i} 07:00" for i in range(4)], "tinggi": ["1.2"] * 4}
    make.write(home.drop(STAGES), "tma.csv", make.csv(table))
    home.harvest()
    return stewards.comments(stewards.only(home))


def test_a_name_in_no_list_is_not_to_be_replaced_and_a_place_that_a_list_lacks_asks_nothing_of_the_file(
    home: Home,
) -> None:
    said = returned(home)
    assert set(said) == {"A3", "A4"}
    assert "tidak ada yang perlu diubah pada berkas ini" in said["A3"] and "CONTOH" not in said["A3"]
    assert "Pompa Baru" in said["A4"] and "jangan menggantinya" in said["A4"]
    assert "daftar kode pos duga air" in said["A4"] and "Kode wilayah" not in said["A4"]
