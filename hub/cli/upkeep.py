"""`lumbung compact` and `lumbung prune`: few files, and nothing kept longer than was decided."""

from typing import Annotated

import typer

from core.messages import text
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table
from services import retention
from services.intake.compacting import compact_all


@app.command()
def compact(context: typer.Context, as_json: JsonOption = False) -> None:
    """Menggabungkan berkas-berkas kecil setiap standar data menjadi beberapa berkas besar; isinya tetap sama."""
    with at_home(context) as granary:
        done = compact_all(granary)
    names = ("contract", "major", "files_before", "files_after", "rows", "size")
    if as_json:
        print_json([{name: getattr(one, name) for name in names} for one in done])
    else:
        rows = [tuple(getattr(one, name) for name in names) for one in done]
        print_table(text("cli.compact.title"), names, rows)


@app.command()
def prune(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hanya menunjukkan; tidak ada yang dihapus.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Menghapus berkas mentah, catatan panen, dan galat yang melewati masa simpan dan tidak dibutuhkan lagi."""
    with at_home(context) as granary:
        found = retention.prune(granary, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "items": [{"what": i.what, "count": i.count, "bytes": i.size} for i in found]})
        return
    title = text("cli.prune.would" if dry_run else "cli.prune.done")
    print_table(title, ("what", "count", "size"), [(text(f"cli.prune.{i.what}"), i.count, i.size) for i in found])
    if dry_run:
        out.print(text("cli.prune.dry"), style="dim")
