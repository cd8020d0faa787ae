"""What a flow's own process says at its very end: nothing.

Prefect's threads still hold DuckDB's connections when the interpreter is taken apart, and DuckDB's module (nanobind)
writes a hundred lines about it into the log of every run. The command line ends by `os._exit` (`hub/cli/app.py`),
checking processes likewise (`quality/pool.py`). The status of a flow run is Prefect's to give, so only the words go.
"""

import atexit
import os
import sys

#: Prefect names the run to the process that it starts for it.
RUN = "PREFECT__FLOW_RUN_ID"


def end_quietly(variable: str) -> None:
    """In a process where this variable is set, discard standard error once everything else has been put away.

    What is registered to run at the exit runs backwards: what flows open after this still has its words.
    """
    if variable in os.environ:
        atexit.register(_discard_errors)


def _discard_errors() -> None:
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
