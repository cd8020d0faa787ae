"""`lumbung serve` and `lumbung token`: the province's doors, and the keys to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer
import uvicorn

from core import tokens
from core.access import SYSTEM, Role
from core.messages import text
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json
from hub.home import services_of
from services.granary import Granary

token_app = typer.Typer(no_args_is_help=True, help="Token akses bagi anggota dan mesin.")
app.add_typer(token_app, name="token")


class _Announcing(uvicorn.Server):
    """Says its address once it answers there, also where port 0 took a free one."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] # uvicorn's is list[socket]
        await super().startup(sockets)  # type: ignore[arg-type] # handed through unchanged
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._on_ready(f"http://{host}:{port}")


def serve_home(granary: Granary, *, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve a home until SIGINT or SIGTERM."""
    from core import log
    from gateway.limits import MAX_BODY
    from hub.web import make_app

    log.configure()

    config = uvicorn.Config(
        make_app(services_of(granary)),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        ws_max_size=MAX_BODY,
        ws_per_message_deflate=False,  # it costs memory for each socket, and small messages gain nothing
    )
    _Announcing(config, on_ready).run()


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Bila kosong dari pengaturan (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535)] = None,
) -> None:
    """Menyajikan katalog bersama lewat GraphQL sampai dihentikan."""
    with at_home(context) as granary:
        serve_home(
            granary,
            host=host or granary.settings.host,
            port=granary.settings.port if port is None else port,
            on_ready=lambda url: out.print(text("cli.serve.ready", url=f"{url}/graphql")),
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
