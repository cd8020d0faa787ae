"""`lumbung returns`: what did not pass goes back to who made it, is followed, and comes again repaired."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from core.messages import text
from hub.cli.acting import ByOption, TokenOption, acting
from hub.cli.app import JsonOption, app, home_of
from hub.cli.output import out, print_json, print_table, show_error
from hub.home import open_home
from services.returns import build as building
from services.returns.build import Built

returns_app = typer.Typer(no_args_is_help=True, help="Pengembalian: baris dan kiriman yang tidak lolos pemeriksaan.")
app.add_typer(returns_app, name="returns")

MemberOption = Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.21.")]
DatasetOption = Annotated[
    list[str] | None, typer.Option("--dataset", help="Nama dataset atau awal nomornya; dapat diulang.")
]


@returns_app.command("build")
def build(
    context: typer.Context,
    member: MemberOption,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder tujuan; kosong: HOME/returns/ANGGOTA.")] = None,
    dataset: DatasetOption = None,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menyusun satu buku kerja Excel per berkas, dalam susunan pengirim, dengan komentar pada setiap sel yang salah."""
    granary = open_home(home_of(context))
    try:
        actor = acting(granary, by, token_env)
        report = building.build(
            granary, member, actor=actor, number=building.numbered(granary), out=folder, datasets=dataset or ()
        )  # fmt: skip
    finally:
        granary.close()
    if as_json:
        print_json({"member": member, "returns": [_plain(b) for b in report.built],
                    "failed": [e.as_dict() for e in report.failed]})  # fmt: skip
    else:
        _show(member, report.built)
        for error in report.failed:
            show_error(error, json=False)
    if report.failed:
        raise typer.Exit(1)


def _show(member: str, built: Sequence[Built]) -> None:
    if not built:
        out.print(text("cli.returns.none", member=member))
        return
    rows = [
        (b.path.name, b.title, text("cli.returns.whole") if b.held else b.rows, b.due) for b in built
    ]  # fmt: skip
    title = text("cli.returns.built", member=member, files=len(built), folder=built[0].path.parent)
    print_table(title, ("workbook", "title", "returned_rows", "due"), rows)
    out.print(text("cli.returns.next", member=member), highlight=False, markup=False)


def _plain(one: Built) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}
