"""`lumbung federation compose|sdl`: the subgraphs as text, and the supergraph that a router reads."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.contracts import load_contracts
from core.messages import text
from core.settings import FILE
from gateway.federated import SUBGRAPHS, Subgraph, make_subgraphs
from hub import composition
from hub.cli.app import app, home_of
from hub.cli.output import out
from services.granary import SHIPPED_CONTRACTS

federation_app = typer.Typer(no_args_is_help=True, help="Federasi: subgraf tiap bidang dan supergraph bagi router.")
app.add_typer(federation_app, name="federation")

Name = StrEnum("Name", {name.upper(): name for name in SUBGRAPHS})  # type: ignore[misc]  # members known at run time


def _subgraphs(context: typer.Context) -> dict[str, Subgraph]:
    """The subgraphs over the home's data standards; over those that ship where there is no home."""
    home = home_of(context)
    own = [home / "contracts"] if (home / FILE).is_file() else []
    return make_subgraphs(load_contracts(SHIPPED_CONTRACTS, *own))


@federation_app.command()
def sdl(context: typer.Context, name: Annotated[Name, typer.Argument(help="Nama subgraf.")]) -> None:
    """Menampilkan SDL satu subgraf, sebagaimana dibaca saat supergraph disusun."""
    typer.echo(_subgraphs(context)[name.value].sdl, nl=False)


@federation_app.command()
def compose(
    context: typer.Context,
    out_file: Annotated[Path, typer.Option("--out", help="Berkas supergraph yang ditulis.")] = Path(
        "graphql/supergraph.graphql"
    ),
    hub: Annotated[str, typer.Option("--hub", help="Alamat hub yang melayani subgraf.")] = composition.HUB,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="NAMA=ALAMAT bagi subgraf yang dilayani di tempat lain; berulang.")
    ] = None,
    tools: Annotated[
        Path, typer.Option("--tools", envvar="LUMBUNG_GATEWAY", help="Folder compose.mjs beserta paketnya.")
    ] = composition.TOOLS,
) -> None:
    """Menyusun supergraph dari semua subgraf (memerlukan Node dan paket di deploy/gateway)."""
    addresses = {name: composition.address(hub, name) for name in SUBGRAPHS}
    for entry in at or ():
        name, _, url = entry.partition("=")
        if name not in SUBGRAPHS or not url.startswith(("http://", "https://")):
            raise typer.BadParameter(text("cli.federation.at", entry=entry, names=", ".join(SUBGRAPHS)))
        addresses[name] = url
    written = composition.compose(_subgraphs(context), addresses, tools)
    out_file.parent.mkdir(parents=True, exist_ok=True)
    half = out_file.with_name(f".{out_file.name}.half")  # a router may be looking at the file at any moment
    half.write_text(written, encoding="utf-8")
    half.replace(out_file)
    out.print(text("cli.federation.composed", file=out_file, count=len(addresses)), highlight=False, markup=False)
