"""`lumbung node`: what a regency without a portal runs itself (serve, push), and the keys that the hub gives it."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from core import node_keys
from core.access import SYSTEM
from core.clock import utc_now
from core.messages import text
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import as_json, err, out, print_json

node_app = typer.Typer(no_args_is_help=True, help="Simpul: server data milik kabupaten/kota sendiri.")
key_app = typer.Typer(no_args_is_help=True, help="Kunci simpul, dibuat di hub.")
app.add_typer(node_app, name="node")
node_app.add_typer(key_app, name="key")
token_app = typer.Typer(no_args_is_help=True, help="Token GraphQL simpul, disimpan di folder simpul itu.")
node_app.add_typer(token_app, name="token")
FolderOption = Annotated[Path, typer.Option("--folder", help="Folder simpul.")]


@node_app.command("serve")
def node_serve(
    member: Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.74.")],
    folder: Annotated[Path, typer.Option("--folder", help="Folder berkas yang dibuka untuk umum.")],
    name: Annotated[str | None, typer.Option("--name", help="Nama pemerintah daerah.")] = None,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 0,
    url: Annotated[str | None, typer.Option("--url", help="Alamat yang dikenal dari luar.")] = None,
    contracts: Annotated[
        list[Path] | None, typer.Option("--contracts", help="Folder standar data tambahan; berulang.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Alamat sebagai satu baris JSON.")] = False,
) -> None:
    """Menyajikan isi sebuah folder sebagai portal CKAN, dan lewat GraphQL yang disebut node.toml, sampai dihentikan."""
    from core.region import Regions
    from node.serve import serve
    from services.granary import SHIPPED_CONTRACTS

    regions = Regions.load()
    shown = name or (regions.region(member).name if regions.known(member) else member)

    def ready(address: str) -> None:
        if json:
            out.out(as_json({"member": member, "url": address}))
        else:
            out.print(text("cli.node.ready", member=shown, url=address, folder=folder))

    known = (SHIPPED_CONTRACTS, *(contracts or ()))
    serve(folder, member, shown, host=host, port=port, url=url, contracts=known, on_ready=ready)


@node_app.command("push")
def node_push(
    member: Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.74.")],
    folder: Annotated[Path, typer.Option("--folder", help="Folder berkas yang dikirim.")],
    hub: Annotated[str, typer.Option("--hub", help="Alamat hub, https://...")],
    key_env: Annotated[str, typer.Option("--key-env", help="Variabel lingkungan berisi kunci simpul.")],
    json: JsonOption = False,
) -> None:
    """Mengirim isi sebuah folder ke kotak masuk hub; yang terputus dilanjutkan pada pengiriman berikutnya."""
    from node.push import Pusher

    pushed = Pusher(hub, member, os.environ.get(key_env, "").strip()).push(folder)
    if json:
        problems = [p.as_dict() for p in pushed.problems]
        facts = {"datasets": pushed.datasets, "files": pushed.files, "bytes": pushed.bytes}
        print_json({**facts, "unchanged": pushed.unchanged, "problems": problems})
        return
    for problem in pushed.problems:
        err.print(f"{problem.what()} {problem.fix()}", soft_wrap=True, markup=False)
    name = "cli.node.unchanged" if pushed.unchanged else "cli.node.pushed"
    out.print(text(name, datasets=pushed.datasets, files=pushed.files, bytes=pushed.bytes, hub=hub))


@key_app.command("issue")
def key_issue(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Mesin mana; tercatat dalam jejak audit.")],
    member: Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.74.")],
    organisation: Annotated[str | None, typer.Option("--organisation", help="Dinas di bawah anggota.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Masa berlaku.")] = 365,
    json: JsonOption = False,
) -> None:
    """Membuat kunci simpul; hanya ditampilkan sekali ini. Dicabut dengan `lumbung token revoke`."""

    with at_home(context) as granary:
        now = granary.clock()
        issued = node_keys.issue(
            granary.sessions,
            name=name,
            member=member,
            regions=granary.registry.member(member).regions,
            by=SYSTEM,
            now=now,
            organisation=organisation,
            expires=now + timedelta(days=days),
        )
    if json:
        print_json({"id": issued.id, "key": issued.secret, "expires": now + timedelta(days=days)})
    else:
        out.print(text("cli.node.key", key=issued.secret, token=issued.id, days=days), soft_wrap=True)


@token_app.command("issue")
def token_issue(
    name: Annotated[str, typer.Argument(help="Untuk siapa, misalnya hub provinsi.")],
    folder: FolderOption,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Masa berlaku.")] = 365,
    json: JsonOption = False,
) -> None:
    """Membuat token untuk bertanya lewat GraphQL; hanya ditampilkan sekali ini."""
    from node.tokens import Tokens

    now = utc_now()
    expires = now + timedelta(days=days)
    secret = Tokens(folder).issue(name, now=now, expires=expires)
    if json:
        print_json({"name": name, "token": secret, "expires": expires})
    else:
        out.print(text("cli.node.token", name=name, token=secret, days=days), soft_wrap=True, markup=False)


@token_app.command("list")
def token_list(folder: FolderOption, json: JsonOption = False) -> None:
    """Menampilkan token simpul tanpa rahasianya."""
    from node.tokens import Tokens

    found = Tokens(folder).all()
    if json:
        facts = ({"id": t.id, "name": t.name, "created": t.created, "expires": t.expires} for t in found)
        print_json(list(facts))
    for token in () if json else found:
        out.print(f"{token.id}  {token.expires or '-'}  {token.name}", soft_wrap=True, markup=False)


@token_app.command("revoke")
def token_revoke(token: Annotated[str, typer.Argument(help="Nomor token.")], folder: FolderOption) -> None:
    """Mencabut sebuah token; berlaku seketika juga bagi simpul yang sedang berjalan."""
    from node.tokens import Tokens

    Tokens(folder).revoke(token)
