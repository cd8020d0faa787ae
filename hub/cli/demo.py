"""`lumbung demo`: the main job on a simulated province, from 36 portals on loopback to GraphQL."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from core import settings as core_settings
from core.clock import zone
from core.messages import text
from federation.packs import find_pack, init_home
from flows.server import PrefectServer, environment
from hub.cli.app import JsonOption, app, home_of
from hub.cli.harvest import harvest_sources, print_reports, through_prefect
from hub.cli.output import as_json as to_json
from hub.cli.output import err, out
from hub.cli.serve import serve_home
from hub.demo import Province, generate, queries, register, start_nodes
from hub.demo.data_lists import bring_lists
from hub.home import open_home
from services.intake.opened import close_all, opened
from services.intake.outcome import SourceReport
from services.review import beyond

_DEFAULT = Path("lumbung-home")


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Selesai setelah panen; tidak menyajikan.")] = False,
    province: Annotated[str, typer.Option("--province", help="Kode provinsi dari paket yang ada.")] = "33",
    pack: Annotated[list[Path] | None, typer.Option("--pack", help="Folder paket provinsi lain.")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port GraphQL; 0 memilih yang bebas.")] = 8080,
    as_json: JsonOption = False,
) -> None:
    """Provinsi simulasi: 36 portal ditarik, diperiksa, disimpan, dan dapat ditanya."""
    home = home_of(context)
    home = Path("demo-home") if home == _DEFAULT else home
    began = time.monotonic()
    with ExitStack() as stack:
        stack.callback(close_all)
        if not (home / core_settings.FILE).is_file():
            init_home(home, province, pack or ())
        chosen = core_settings.load(home)
        server = PrefectServer(chosen.home).start()  # it needs seconds to come up, during which the province is made
        stack.callback(server.stop)
        _say(as_json, "cli.demo.generating")
        made = generate(
            chosen.home / "simulasi", find_pack(province, pack or ()), today=datetime.now(zone(chosen.timezone)).date()
        )
        nodes = stack.enter_context(start_nodes(made))
        register(chosen.home, made, nodes.urls)
        open_home(chosen.home).close()
        ready = opened(chosen.home)
        ready.granary.checks().warm()
        _say(as_json, "cli.demo.prefect")
        url = server.ready()
        stack.enter_context(_environment(environment(chosen.home, url)))
        members = [m.code for m in made.members]
        sources = [s for s in ready.granary.registry.sources if s.member in members]
        reports = harvest_sources(sources, through_prefect(ready), at_once=chosen.sources_at_once, quiet=as_json)
        bring_lists(ready.granary, made)
        beyond.look(ready.granary)
        seconds = round(time.monotonic() - began, 1)
        summary = _summary(reports, members, seconds)
        if as_json:
            out.out(to_json(summary), highlight=False)
        else:
            _show(reports, summary)
        if once:
            return
        serve_home(ready.granary, host="127.0.0.1", port=port, on_ready=lambda url: _queries(url, made))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for as long as the context lasts; Prefect reads them when it is imported."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _say(quiet: bool, message: str) -> None:
    if not quiet:
        err.print(text(message), style="dim")


def _summary(reports: Sequence[SourceReport], members: Sequence[str], seconds: float) -> dict[str, Any]:
    return {
        "members": len(members),
        "datasets": sum(r.datasets for r in reports),
        "snapshots": sum(r.snapshots for r in reports),
        "rows_published": sum(r.rows_published for r in reports),
        "rows_quarantined": sum(r.rows_quarantined for r in reports),
        "failed_sources": [r.source for r in reports if r.state == "failed"],
        "seconds": seconds,
    }


def _show(reports: Sequence[SourceReport], summary: Mapping[str, Any]) -> None:
    print_reports(reports)
    out.print(text("cli.demo.summary", **{**summary, "failed": ", ".join(summary["failed_sources"]) or "—"}))


def _queries(url: str, province: Province) -> None:
    out.print(text("cli.serve.ready", url=f"{url}/graphql"))
    for query in queries(province):
        out.print(f"\n[bold]{query.title}[/] — {query.look_for}", highlight=False)
        out.print(query.document.strip(), markup=False, highlight=False, style="cyan")
    out.print(text("cli.demo.stop"), style="dim")
