"""What Alembic runs: always on a connection that `hub.migrations.upgrade` (or a new step) hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from core.db import UTCDateTime
from hub.migrations import tables


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen.imports.add("from core.db import UTCDateTime")
        return "UTCDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.ALL,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite changes a column by making the table anew
    render_item=_render,
    compare_type=False,
)
context.run_migrations()
