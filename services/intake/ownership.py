"""Whose a dataset is when it is met at several sources: its dinas's member, else the member of the narrowest region."""

from collections.abc import Iterable

from catalog.copies import Rank
from federation.member import Member

_NOBODY = 1_000_000


def ownership(members: Iterable[Member]) -> Rank:
    """How far each member is from owning a dataset; lower owns more, an unknown member owns nothing."""
    known = {member.code: member for member in members}
    width = {code: sum(_breadth(region) for region in member.regions) for code, member in known.items()}

    def rank(member: str, organisation: str | None) -> int:
        found = known.get(member)
        if found is None:
            return _NOBODY
        own = organisation is not None and found.organisation(organisation) is not None
        return 0 if own else min(1 + width[member], _NOBODY - 1)

    return rank


def _breadth(region: str) -> int:
    """A regency or city counts one, a province like a hundred, the nation like all."""
    return 1 if "." in region else 100
