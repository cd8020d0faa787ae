"""How the command line speaks: tables for people, one JSON document for machines, errors with their fix."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.errors import LumbungError
from core.messages import text

#: Columns where nobody's terminal says how wide it is: output that goes to a file or a pipe.
_WIDE = 160

out = Console(width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, width=None if sys.stderr.isatty() else _WIDE)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)


def as_json(value: object) -> str:
    """The value as one line of JSON; moments as ISO text in UTC."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(as_json(value) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return text("cli.yes") if value else text("cli.no")
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    if isinstance(value, float):
        return f"{value:,.1f}".translate(str.maketrans(",.", ".,"))
    if isinstance(value, frozenset | set | tuple | list):
        return ", ".join(sorted(str(v) for v in value))
    return str(value)


def print_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]], *, named: bool = False) -> None:
    """A table with translated headers (message ids `cli.column.NAME`) unless they are `named`; numbers stand right."""
    rows = [tuple(row) for row in rows]
    table = Table(title=title, title_justify="left", header_style="bold", show_lines=False)
    for i, header in enumerate(headers):
        numeric = bool(rows) and all(isinstance(r[i], int | float) or r[i] is None for r in rows)
        table.add_column(
            header if named else text(f"cli.column.{header}"), justify="right" if numeric else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(escape(_cell(v)) for v in row))
    out.print(table)


def progress() -> Progress:
    """A progress display on standard error, so that standard output stays clean for data."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=False,
    )


def show_error(error: LumbungError, *, json: bool) -> None:
    """Say what happened and what to do: JSON on standard output, or sentences on standard error."""
    if json:
        print_json({"error": error.as_dict()})
        return
    err.print(f"[bold red]{escape(error.code)}[/] {escape(error.what())}")
    err.print(f"  → {escape(error.fix())}")
    err.print(f"  docs/errors/{error.code}.md", style="dim")
