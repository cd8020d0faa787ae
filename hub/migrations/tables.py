"""Every package's tables on the one metadata; a package that gains tables is imported here."""

import catalog.data_list
import catalog.findings
import catalog.fitting
import catalog.measures
import catalog.models
import catalog.reading_models
import catalog.returns
import core.audit
import core.counters
import core.node_keys
import core.outbox
import core.tokens
import federation.models
from core.db import Base

__all__ = ["ALL", "catalog", "core", "federation"]

ALL = Base.metadata
