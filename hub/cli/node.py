"""`lumbung node serve`: the server that a regency without a portal runs itself."""

from pathlib import Path
from typing import Annotated

import typer

from core.messages import text
from hub.cli.app import app
from hub.cli.output import as_json, out

node_app = typer.Typer(no_args_is_help=True, help="Simpul: server data milik kabupaten/kota sendiri.")
app.add_typer(node_app, name="node")


@node_app.command("serve")
def node_serve(
    member: Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.74.")],
    folder: Annotated[Path, typer.Option("--folder", help="Folder berkas yang dibuka untuk umum.")],
    name: Annotated[str | None, typer.Option("--name", help="Nama pemerintah daerah.")] = None,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 0,
    url: Annotated[str | None, typer.Option("--url", help="Alamat yang dikenal dari luar.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Alamat sebagai satu baris JSON.")] = False,
) -> None:
    """Menyajikan isi sebuah folder sebagai portal CKAN sampai dihentikan."""
    from core.region import Regions
    from node.serve import serve

    regions = Regions.load()
    shown = name or (regions.region(member).name if regions.known(member) else member)

    def ready(address: str) -> None:
        if json:
            out.out(as_json({"member": member, "url": address}))
        else:
            out.print(text("cli.node.ready", member=shown, url=address, folder=folder))

    serve(folder, member, shown, host=host, port=port, url=url, on_ready=ready)
