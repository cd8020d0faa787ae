"""`lumbung` as typed, in this process."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from core.errors import LumbungError
from hub.cli import app


def lumbung(home: Path, *words: str | Path, code: int = 0) -> str:
    """What the command says; a `LumbungError` of its is raised here, and it must end with `code`."""
    result = CliRunner().invoke(app, ["--home", str(home), *map(str, words)])
    if isinstance(result.exception, LumbungError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def answer(home: Path, *words: str | Path) -> Any:
    """What the command says as JSON."""
    return json.loads(lumbung(home, *words, "--json"))
