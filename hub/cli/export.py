"""`lumbung export --for ms`: what others want to have of the granary, in their own forms."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.messages import text
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json
from services import standards


class For(StrEnum):
    """Whose forms are written."""

    MS = "ms"  # BPS: metadata of activities, variables and indicators (Peraturan BPS 5/2020)


@app.command()
def export(
    context: typer.Context,
    for_: Annotated[For, typer.Option("--for", help="ms: metadata statistik BPS (MS-Keg, MS-Var, MS-Ind).")],
    folder: Annotated[Path, typer.Option("--out", help="Folder tujuan.")] = Path(),
    standard: Annotated[str | None, typer.Option("--standard", help="Hanya standar ini; kosong: semua.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="id atau en: bahasa isian.")] = "id",
    as_json: JsonOption = False,
) -> None:
    """Menulis formulir metadata statistik BPS dari standar data dan katalog; yang belum diketahui ditandai."""
    from quality import metadata_forms  # openpyxl takes long to import

    if lang not in ("id", "en"):
        raise typer.BadParameter(text("cli.standard.template.lang", value=lang))
    made: list[Path] = []
    with at_home(context) as granary:
        names = [standards.named(granary, standard)] if standard is not None else sorted(granary.contracts)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = folder / f"ms-{name}.xlsx"
            activity = standards.activity(granary, name)
            path.write_bytes(metadata_forms.workbook(granary.contracts[name], activity, lang=lang))
            made.append(path)
    if as_json:
        print_json({"for": for_, "files": made})
        return
    out.print(text("cli.export.ms.done", count=len(made), folder=folder), highlight=False, markup=False)
    out.print(text("cli.export.ms.open"), style="dim")
