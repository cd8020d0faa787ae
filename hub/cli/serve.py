"""`lumbung serve` and `lumbung token`: the province's doors, and the keys to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from core import log as logs
from core import tokens
from core.access import SYSTEM, Role
from core.messages import text
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json
from hub.home import services_of
from hub.serving.listening import listen, processes, url_of
from hub.serving.workers import Workers
from services.granary import Granary

token_app = typer.Typer(no_args_is_help=True, help="Token akses bagi anggota dan mesin.")
app.add_typer(token_app, name="token")


def serve_home(granary: Granary, *, host: str, port: int, on_ready: Callable[[str], None], workers: int = 1) -> None:
    """Serve a home until SIGINT or SIGTERM, in this process or in several others that it keeps alive."""
    logs.configure()
    sockets = listen(host, port)
    if workers > 1:
        Workers(granary.settings.home, sockets, workers).run(on_ready)
        raise KeyboardInterrupt  # as uvicorn does, which raises again the signal that it ended for

    from hub.serving.app import Alone  # the app's modules take a second, which the processes do not need of us

    Alone(services_of(granary), lambda: on_ready(url_of(sockets))).run(sockets)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Bila kosong dari pengaturan (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535)] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=0, max=64, help="Banyaknya proses; 0: satu tiap inti, paling banyak 4."),
    ] = None,
) -> None:
    """Menyajikan katalog bersama lewat GraphQL sampai dihentikan."""
    with at_home(context) as granary:
        serve_home(
            granary,
            host=host or granary.settings.host,
            port=granary.settings.port if port is None else port,
            on_ready=lambda url: out.print(text("cli.serve.ready", url=f"{url}/graphql")),
            workers=processes(granary.settings.serve_workers if workers is None else workers),
        )


@token_app.command("issue")
def token_issue(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Untuk siapa token ini; tercatat dalam jejak audit.")],
    role: Annotated[list[Role], typer.Option("--role", help="Dapat diulang.")],
    member: Annotated[str | None, typer.Option("--member")] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help="Dinas di bawah anggota.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Masa berlaku.")] = 365,
    as_json: JsonOption = False,
) -> None:
    """Membuat token; rahasianya hanya ditampilkan sekali ini."""
    with at_home(context) as granary:
        regions = granary.registry.member(member).regions if member else frozenset[str]()
        now = granary.clock()
        issued = tokens.issue(
            granary.sessions,
            name=name,
            roles=role,
            by=SYSTEM,
            now=now,
            member=member,
            organisation=organisation,
            regions=regions,
            expires=now + timedelta(days=days),
        )
    if as_json:
        print_json({"id": issued.id, "secret": issued.secret, "expires": now + timedelta(days=days)})
    else:
        out.print(text("cli.token.issued", secret=issued.secret, days=days), soft_wrap=True)


@token_app.command("revoke")
def token_revoke(context: typer.Context, token: Annotated[str, typer.Argument(help="Id token.")]) -> None:
    """Mencabut token."""
    with at_home(context) as granary:
        tokens.revoke(granary.sessions, token, by=SYSTEM, now=granary.clock())
    out.print(text("cli.token.revoked", token=token))
