"""Prefect's command line with one mend: `python -m flows.prefect_server server start ...`.

Prefect 3.8.8 hands its scheduler's bulk insert of flow runs a `state` that is no column. SQLAlchemy before 2.1 passed
over it; 2.1 refuses, and no schedule ever falls due. The catalogue stands on SQLAlchemy 2.1 (docs/adr/0005), so the
server that we start says that such a value is nothing to insert; the state is inserted by Prefect's next statement.
"""

import sys
from collections.abc import MutableMapping
from typing import Any

from prefect.cli import app
from prefect.server.database import orm_models
from sqlalchemy import inspect


def _nothing_to_insert(_model: type, _row: MutableMapping[str, Any], _state: object) -> None:
    return


def mend() -> None:
    """Let bulk inserts of runs pass over the state they carry for the statement after."""
    for model in (orm_models.FlowRun, orm_models.TaskRun):
        mapper: Any = inspect(model)
        described = mapper.all_orm_descriptors["state"]
        if described.bulk_dml_setter is None:
            described.bulk_dml_setter = _nothing_to_insert


if __name__ == "__main__":
    mend()
    sys.argv[0] = "prefect"
    app()
