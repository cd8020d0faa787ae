"""The `lumbung` command: the options that hold for all commands, and how a command meets its home."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import typer.exceptions

from core import messages
from core.errors import LumbungError
from hub.cli.output import err, show_error
from hub.home import open_home
from services.granary import Granary

app = typer.Typer(
    name="lumbung",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Lumbung data provinsi: menarik, memeriksa, menyimpan, dan menyajikan data kabupaten/kota.",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What was said before the command's own name."""

    home: Path


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option("--home", envvar="LUMBUNG_HOME", help="Folder lumbung: pengaturan, anggota, data.")
    ] = Path("lumbung-home"),
    lang: Annotated[str, typer.Option("--lang", envvar="LUMBUNG_LANG", help="id atau en.")] = "id",
) -> None:
    """Perintah lumbung; setiap perintah punya --help."""
    messages.use_locale(lang)
    context.obj = Options(home=home.expanduser())


def home_of(context: typer.Context) -> Path:
    """The home folder that this call is about."""
    found: Options = context.obj
    return found.home


@contextmanager
def at_home(context: typer.Context) -> Iterator[Granary]:
    """The home that this call is about, opened, and closed when the call is done with it."""
    granary = open_home(home_of(context))
    try:
        yield granary
    finally:
        granary.close()


JsonOption = Annotated[bool, typer.Option("--json", help="Jawaban sebagai JSON.")]


def main() -> NoReturn:
    """Run the command line; a typed error becomes its sentences (JSON where `--json` was asked) and status 1."""
    wants_json = "--json" in sys.argv
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers we started are ended with us
    try:
        status = app(standalone_mode=False)
    except LumbungError as error:
        show_error(error, json=wants_json)
        status = 1
    except typer.exceptions.TyperException as error:
        err.print(error.format_message(), style="red")
        status = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        status = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything has been closed by now. Prefect and DuckDB keep objects of each other alive past the interpreter's
    # end, and would fill the screen with a hundred lines about it.
    os._exit(status if isinstance(status, int) else 0)
