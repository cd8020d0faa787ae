"""`lumbung held`, `release`, `refuse`: deliveries that the gate holds, and a person's decision about one of them."""

from typing import Annotated, Any

import typer

from catalog import holds
from catalog.holds import Held
from core.clock import on_screen
from core.db import session_scope
from core.messages import text
from hub.cli.acting import ByOption, ReasonOption, TokenOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table

NameArgument = Annotated[str, typer.Argument(help="DATASET/SUMBERDAYA[/TABEL] seperti tertulis pada `lumbung held`.")]
BytesOption = Annotated[
    str, typer.Option("--sha256", help="Awal sidik berkas yang telah Anda periksa; yang lain tidak diputuskan.")
]


@app.command()
def held(
    context: typer.Context,
    source: Annotated[str | None, typer.Option("--source", help="Hanya sumber ini.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Juga yang sudah diputuskan.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Kiriman yang ditahan pemeriksaan, dengan sebabnya; data terakhir yang baik tetap disajikan."""
    with at_home(context) as granary:
        with session_scope(granary.sessions) as session:
            found = holds.held(session, granary.contracts, source=source, settled=everything)
        zone = granary.settings.timezone
    if as_json:
        print_json([_plain(one) for one in found])
        return
    if not found:
        out.print(text("cli.held.none"))
        return
    rows = [
        (one.name, one.dataset_title, one.resource_name, one.source, on_screen(one.since, zone), _state(one))
        for one in found
    ]
    print_table(text("cli.held.title"), ("delivery", "title", "file", "source", "since", "state"), rows)
    for one in found:
        out.print(f"\n{one.name} · {one.dataset_title}", style="bold", highlight=False, markup=False)
        for why in one.whys:
            out.print(f"  {why.code}: {why.text()}", highlight=False, markup=False)
            if why.barred is not None:
                barred = text("cli.held.barred", why=text(why.barred))
                out.print(f"    {barred}", highlight=False, markup=False, style="yellow")
    out.print("\n" + text("cli.held.how"), highlight=False, markup=False)


@app.command()
def release(
    context: typer.Context,
    name: NameArgument,
    reason: ReasonOption,
    by: ByOption = None,
    token_env: TokenOption = None,
    sha256: BytesOption = "",
    as_json: JsonOption = False,
) -> None:
    """Menerima kiriman yang ditahan, hanya berkas itu; terbit pada panen berikutnya."""
    _decide(context, holds.Decision.RELEASED, name, reason, by, token_env, sha256, as_json=as_json)


@app.command()
def refuse(
    context: typer.Context,
    name: NameArgument,
    reason: ReasonOption,
    by: ByOption = None,
    token_env: TokenOption = None,
    sha256: BytesOption = "",
    as_json: JsonOption = False,
) -> None:
    """Menolak kiriman yang ditahan; berkas itu tidak ditanyakan lagi, yang baru diperiksa seperti biasa."""
    _decide(context, holds.Decision.REFUSED, name, reason, by, token_env, sha256, as_json=as_json)


def _decide(
    context: typer.Context,
    decision: holds.Decision,
    name: str,
    reason: str,
    by: str | None,
    token_env: str | None,
    sha256: str,
    *,
    as_json: bool,
) -> None:
    with at_home(context) as granary:
        actor = acting(granary, by, token_env)
        one = holds.decide(
            granary.sessions, granary.contracts, name, decision,
            reason=reason, actor=actor, now=granary.clock(), sha256=sha256,
        )  # fmt: skip
    if as_json:
        print_json({**_plain(one), "decision": decision.value, "by": actor.name, "reason": reason})
        return
    done = "cli.release.done" if decision is holds.Decision.RELEASED else "cli.refuse.done"
    said = text(done, name=one.name, title=one.dataset_title, by=actor.name, source=one.source)
    out.print(said, highlight=False, markup=False)


def _state(one: Held) -> str:
    if one.said is not None:
        return text(f"cli.held.{one.said.decision}", by=one.said.by, reason=one.said.reason)
    return text("cli.held.stands" if one.barred else "cli.held.open")


def _plain(one: Held) -> dict[str, Any]:
    said = one.said
    return {
        "name": one.name,
        "dataset": one.dataset,
        "title": one.dataset_title,
        "resource": one.resource,
        "file": one.resource_name,
        "table": one.table,
        "member": one.member,
        "source": one.source,
        "contract": one.contract,
        "sha256": one.sha256,
        "since": one.since,
        "holds": [
            {
                "code": why.code,
                "values": dict(why.values),
                "what": why.text(),
                "barred": why.barred and text(why.barred),
            }
            for why in one.whys
        ],
        "decision": said and {"decision": said.decision, "by": said.by, "reason": said.reason, "at": said.at},
    }
