"""One opened home: every part that harvesting and serving need, put together once and closed once.

Schema migrations are the composition root's (`hub/home.py`); a worker of a work pool opens a home that has been
migrated already.
"""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from catalog.store import SnapshotStore
from core import settings as core_settings
from core import template
from core.clock import Clock, utc_now
from core.contract import Contract
from core.contracts import load_contracts
from core.db import make_engine, make_sessions
from core.reference import CodeList
from core.reference_files import load_code_lists
from core.region import Regions
from core.settings import Settings
from federation.landing import Landing
from federation.registry import Registry, home_regions
from quality.pool import CheckPool

#: The data standards that ship; a home's own of the same name take their place.
SHIPPED_CONTRACTS = Path(__file__).resolve().parent.parent / "quality" / "contracts"


@dataclass
class Granary:
    """The parts of one home; safe to share between threads.

    Attributes:
        sessions: the catalogue's session factory.
        store, returned: content-addressed files of snapshots, and of quarantined rows.
        registry: the members whose files are sound; `registry.problems` names the others.
        contracts: data standards by name.
        clock: the moment now; tests hand in their own.
        stopping: set where this process has been asked to end; harvests then stop at their next step.
    """

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    regions: Regions
    registry: Registry
    contracts: Mapping[str, Contract]
    landing: Landing
    store: SnapshotStore
    returned: SnapshotStore
    clock: Clock = utc_now
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    _pool_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _pool: CheckPool | None = field(default=None, repr=False)

    @cached_property
    def references(self) -> Mapping[str, CodeList]:
        """The code lists that contracts refer to, as of the day the home was opened."""
        return load_code_lists(self.settings.folder("reference"), self.regions, self.clock().date())

    @cached_property
    def reference_marks(self) -> Mapping[str, str]:
        """A digest of each code list: where one changes, what was made with it is made again from landed bytes."""
        return {
            name: hashlib.sha256(
                repr([sorted(part.items()) for part in (codes.codes, codes.spellings, codes.regions)]).encode()
            ).hexdigest()
            for name, codes in self.references.items()
        }

    @cached_property
    def templates(self) -> template.Headers:
        """The headers by which a filled template of a standard is known."""
        return template.headers(self.contracts.values())

    @property
    def staging(self) -> Path:
        """Where half-made files live; emptied by whoever made them."""
        return self.settings.folder("staging")

    def checks(self) -> CheckPool:
        """The checking workers, started at first use (Great Expectations takes seconds to import)."""
        with self._pool_lock:
            if self._pool is None:
                settings = self.settings
                self._pool = CheckPool(settings.check_workers, settings.check_memory, folder=self.staging)
            return self._pool

    def close(self) -> None:
        """End the workers and let go of the database."""
        with self._pool_lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
        self.engine.dispose()


def open_granary(home: Path, *, clock: Clock = utc_now) -> Granary:
    """Open a home; a broken member file is set aside, a broken contract or setting is an error.

    Raises:
        HomeMissing, SettingsInvalid, ContractInvalid: nothing can be served from such a home.
    """
    settings = core_settings.load(home)
    engine = make_engine(settings.url)
    sessions = make_sessions(engine)
    regions = home_regions(settings.home)
    return Granary(
        settings=settings,
        engine=engine,
        sessions=sessions,
        regions=regions,
        registry=Registry.load_sound(settings.home, regions),
        contracts=load_contracts(SHIPPED_CONTRACTS, settings.home / "contracts"),
        landing=Landing(settings.folder("landing"), sessions),
        store=SnapshotStore(settings.folder("snapshots")),
        returned=SnapshotStore(settings.folder("quarantine")),
        clock=clock,
    )
