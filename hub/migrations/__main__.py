"""`python -m hub.migrations "what it does"`: write the next step from the difference between tables and history."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from core.db import make_engine
from hub.migrations import config, upgrade


def main(message: str) -> None:
    """Bring an empty database to the newest revision and compare it with the models."""
    steps = list(ScriptDirectory.from_config(config()).walk_revisions())
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'new.db'}")
        if steps:
            upgrade(engine)
        with engine.connect() as connection:
            command.revision(config(connection), message, autogenerate=True, rev_id=f"{len(steps) + 1:04d}")
        engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
