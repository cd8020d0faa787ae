"""Opening a home: settings read, schema brought up to date, every part handed what it needs."""

from pathlib import Path

from core import messages, settings
from core.db import make_engine
from core.duck import Duck
from gateway.context import Listed, Services
from hub.migrations import upgrade
from services.granary import Granary, open_granary


def open_home(home: Path) -> Granary:
    """The granary of a home, its database migrated; `HomeMissing` where there is none."""
    chosen = settings.load(home)
    if chosen.locale != messages.DEFAULT_LOCALE:
        messages.use_locale(chosen.locale)
    engine = make_engine(chosen.url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    return open_granary(home)


def services_of(granary: Granary) -> Services:
    """What the doors need of a granary: reading only."""
    chosen = granary.settings
    return Services(
        settings=chosen,
        sessions=granary.sessions,
        duck=Duck(
            [chosen.folder("snapshots")],
            size=chosen.query_workers,
            threads=chosen.query_workers,
            memory=chosen.query_memory,
        ),
        registry=granary.registry,
        contracts=granary.contracts,
        store=granary.store,
        regions=granary.regions,
        clock=granary.clock,
        listed=Listed.load(chosen.folder("reference"), granary.regions),
    )
