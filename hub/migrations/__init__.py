"""The one history of the database's shape; every start brings the database to the newest.

Each upgrade runs in one transaction, on SQLite too: a killed one leaves the database as it was, and the next start
does it again (D10). Two processes that start at once take turns. New step: `python -m hub.migrations "what it does"`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.storage_errors import storage_errors

_FOLDER = Path(__file__).parent
#: PostgreSQL's advisory lock while a migration runs; the number is ours by chance only.
_LOCK = 0x6C756D62


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    made.attributes["connection"] = connection
    return made


def newest() -> str:
    """The revision that the program expects."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def current(engine: Engine) -> str | None:
    """The revision that the database is at, or None where it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision; does nothing where it is there already."""
    place = engine.url.render_as_string(hide_password=True)
    with storage_errors(place):
        if current(engine) == newest():
            return
        with engine.connect().execution_options(lumbung_write=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
            command.upgrade(config(connection), "head")
