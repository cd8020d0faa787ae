"""Opening a home: settings read, schema brought up to date, every part handed what it needs."""

from pathlib import Path

from core import messages, settings
from core.db import make_engine
from core.duck import Duck
from core.places import Places
from gateway.context import Listed, Services
from services.granary import Granary, open_granary


def open_home(home: Path) -> Granary:
    """The granary of a home, its database migrated; `HomeMissing` where there is none."""
    from hub.migrations import upgrade  # Alembic, which those who open what is migrated already do not need

    chosen = settings.load(home)
    if chosen.locale != messages.DEFAULT_LOCALE:
        messages.use_locale(chosen.locale)
    engine = make_engine(chosen.url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    return open_granary(home)


def services_of(granary: Granary, *, processes: int = 1, places: Places | None = None) -> Services:
    """What the doors need of a granary: reading only.

    Args:
        processes: how many serve together and share what the settings allow. A DuckDB thread is not divided: it costs
            nothing while it waits, and a single question is to have the cores that are idle.
        places: those that the processes share.
    """
    chosen = granary.settings.share(processes)
    return Services(
        settings=chosen,
        sessions=granary.sessions,
        duck=Duck(
            [chosen.folder("snapshots")],
            size=chosen.query_workers,
            threads=granary.settings.query_workers,
            memory=chosen.query_memory,
        ),
        registry=granary.registry,
        contracts=granary.contracts,
        store=granary.store,
        regions=granary.regions,
        clock=granary.clock,
        listed=Listed.load(chosen.folder("reference"), granary.regions),
        places=places or Places(),
    )
