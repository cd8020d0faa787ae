"""Keeping the cases of returns in line with what harvests find: at the end of each, and before whatever reads them."""

from catalog import returns
from catalog.returns import Policy
from catalog.writing import reading, writing
from core import counters
from core.clock import zone
from core.errors import LumbungError
from core.working_days import load_holidays
from services.granary import Granary


def policy(granary: Granary) -> Policy:
    """How a home counts deadlines."""
    settings = granary.settings
    return Policy(
        granary.contracts, zone(settings.timezone), settings.return_days, load_holidays(settings.folder("reference"))
    )


def follow(granary: Granary, source: str | None = None) -> int:
    """Open, move and close cases by what stands in the catalogue; how many changed.

    The database is written to only where something has changed.
    """
    chosen, now = policy(granary), granary.clock()
    with reading(granary.sessions) as session:
        if not returns.differs(session, chosen, now=now, source=source):
            return 0
    with writing(granary.sessions) as session:
        counters.hold(session)  # of two harvests that end together, one looks after the other
        return returns.refresh(session, chosen, now=now, source=source)


def follow_when_due(granary: Granary, source: str) -> None:
    """The same behind a harvest, which went well whatever happens here; the next one looks again."""
    try:
        follow(granary, source)
    except LumbungError:
        return
