"""`lumbung original`: what the source wrote where a published row has a value."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.messages import text
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import print_json, print_table
from services.originals import Original, originals


@app.command()
def original(
    context: typer.Context,
    snapshot: Annotated[int, typer.Argument(help="Nomor versi: `_snapshot` pada `lumbung rows`.")],
    row: Annotated[int, typer.Argument(help="Nomor baris sumber: `_row` pada `lumbung rows`.")],
    as_json: JsonOption = False,
) -> None:
    """Isi asli pada berkas sumber di samping nilai yang terbit, dengan satuan, kode, dan cara bacanya."""
    with at_home(context) as granary:
        found = originals(granary, snapshot, row)
    if as_json:
        print_json([[{**asdict(one), "converted": one.converted} for one in made] for made in found])
        return
    for made in found:
        title = text("cli.original.title", snapshot=snapshot, row=row)
        headers = ("column_title", "value", "original", "header", "conversion")
        print_table(title, headers, [(o.title, str(o.value), o.original, o.header, _how(o)) for o in made])


def _how(one: Original) -> str:
    if one.header is None and one.original is not None:
        return text("cli.original.constant")
    said = []
    if one.factor is not None:
        said.append(text("cli.original.factor", factor=one.factor))
    if one.word is not None:
        said.append(text("cli.original.word", value=one.word))
    elif one.code is not None and one.converted:
        said.append(text("cli.original.code", list=one.code))
    if one.style is not None and one.converted:
        said.append(one.style)
    return "; ".join(said)
