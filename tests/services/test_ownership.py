"""Whose a dataset is that several sources show."""

from federation.member import Member, MemberKind, Organisation
from services.intake.ownership import ownership

CITY = Member(
    "33.74", "Kota Semarang", MemberKind.CITY, frozenset({"33.74"}), organisations=(Organisation("disdag", "Disdag"),)
)
BASIN = Member("bbws", "BBWS Pemali Juana", MemberKind.AGENCY, frozenset({"33.74", "33.22", "33.18"}))
PROVINCE = Member("33", "Jawa Tengah", MemberKind.PROVINCE, frozenset({"33"}))
NATION = Member("nasional", "Nasional", MemberKind.NATIONAL, frozenset({"31", "32", "33", "34"}))


def test_the_dinas_own_member_owns_most_then_the_narrowest_region() -> None:
    rank = ownership([NATION, PROVINCE, BASIN, CITY])
    order = [
        rank("33.74", "disdag"),
        rank("33.74", "lain"),
        rank("bbws", None),
        rank("33", None),
        rank("nasional", "x"),
    ]
    assert order == sorted(order) and len(set(order)) == 5
    assert rank("tiada", None) > max(order)
