"""`lumbung flows serve|deploy|list`: harvesting on the members' schedules, and compacting at night."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from core.messages import text
from hub.cli.app import JsonOption, home_of
from hub.cli.app import app as root
from hub.cli.output import out, print_json, print_table
from hub.home import open_home

app = typer.Typer(no_args_is_help=True, help="Panen dan perawatan terjadwal dengan Prefect.")
root.add_typer(app, name="flows")


@app.command("list")
def flows_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """Jadwal panen setiap anggota menurut berkasnya, dan jadwal penggabungan berkas."""
    from flows.schedules import deployments

    granary = open_home(home_of(context))
    granary.close()
    headers = ("flow", "name", "member", "cron", "timezone")
    rows = [
        (one.flow.name, one.name, one.parameters.get("member"), one.schedule.cron, one.schedule.timezone)
        for one in deployments(granary.registry, granary.settings)
    ]
    if as_json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
    else:
        print_table(text("cli.flows.title"), headers, rows)


@app.command("serve")
def flows_serve(context: typer.Context) -> None:
    """Menjalankan panen dan penggabungan berkas yang jatuh tempo di mesin ini sampai dihentikan."""
    from flows.server import prefect_for

    granary = open_home(home_of(context))
    granary.close()
    with prefect_for(granary.settings.home) as url:
        from flows.schedules import limit_harvests, serve

        limit_harvests(granary.settings.sources_at_once)
        out.print(text("cli.flows.serving", url=url))
        serve(granary.registry, granary.settings)


@app.command("deploy")
def flows_deploy(
    context: typer.Context,
    pool: Annotated[str, typer.Option("--pool", help="Work pool pada server PREFECT_API_URL.")],
    as_json: JsonOption = False,
) -> None:
    """Mendaftarkan jadwal semua anggota dan penggabungan berkas pada sebuah work pool."""
    from flows.schedules import deploy, limit_harvests

    granary = open_home(home_of(context))
    granary.close()
    limit_harvests(granary.settings.sources_at_once)
    names = deploy(granary.registry, granary.settings, pool, Path(__file__).resolve().parents[2])
    if as_json:
        print_json({"pool": pool, "deployments": names})
    else:
        out.print(text("cli.flows.deployed", pool=pool, count=len(names)))


@app.command("server")
def flows_server(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Alamat yang didengarkan.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 4200,
) -> None:
    """Menjalankan server Prefect untuk beberapa mesin sampai dihentikan."""
    from flows.server import command, environment

    url = f"http://{host}:{port}/api"
    env = {**os.environ, **environment(home_of(context), url)}
    out.print(text("cli.flows.serving", url=url))
    os.execve(sys.executable, command(host, port), env)  # noqa: S606 - our own interpreter takes this process over
