"""`lumbung findings`: what looks beyond one file have found, looking now, and saying that a finding is right so."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from catalog import findings as kept
from catalog.findings import Standing
from catalog.writing import reading
from core.messages import locale, text
from hub.cli.acting import ByOption, TokenOption, acting
from hub.cli.app import JsonOption, at_home
from hub.cli.app import app as root
from hub.cli.output import out, print_json, print_table
from quality.beyond.finding import Kind
from quality.report.words import Words
from services.review import beyond

app = typer.Typer(help="Temuan lintas berkas: jumlah, rincian, sumber yang berbeda, data lama, nilai yang janggal.")
root.add_typer(app, name="findings")


@app.callback(invoke_without_command=True)
def findings(
    context: typer.Context,
    member: Annotated[str | None, typer.Option("--member", help="Hanya anggota ini, misalnya 33.21.")] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Hanya jenis temuan ini.")] = None,
    accepted: Annotated[bool, typer.Option("--accepted", help="Juga yang sudah dinyatakan benar.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Temuan yang sedang terbuka, dan pemeriksaan yang belum dapat dilakukan."""
    if context.invoked_subcommand is not None:
        return
    with at_home(context) as granary, reading(granary.sessions) as session:
        found = kept.open_findings(session, member=member, kind=kind.value if kind else None, accepted=accepted)
        looks = kept.looks(session)
        unmade = [{"contract": name, **one} for name, look in looks.items() for one in look.unmade]
    if kind is not None:
        unmade = [one for one in unmade if one["kind"] == kind.value]
    if as_json:
        print_json({"findings": [_plain(one) for one in found], "unmade": unmade, "looked": bool(looks)})
        return
    if not looks:
        out.print(text("cli.findings.never"))
        return
    if found:
        rows = [(one.noted.id[:8], one.noted.member, _kind(one.noted.kind), _sentence(one)) for one in found]
        print_table(text("cli.findings.title"), ("id", "member", "kind", "finding"), rows)
        out.print(text("cli.findings.how"), style="dim", highlight=False, markup=False)
    else:
        out.print(text("cli.findings.none"))
    if unmade:
        out.print(text("cli.findings.unmade"), highlight=False)
        for one in unmade:
            line = f"  {one['contract']} · {_kind(one['kind'])}: {text(one['message'], **one['values'])}"
            out.print(line, highlight=False, markup=False)


@app.command()
def run(
    context: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Juga yang tidak berubah sejak pemeriksaan terakhir.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Memeriksa sekarang semua standar yang barisnya berubah sejak pemeriksaan terakhir."""
    with at_home(context) as granary:
        done = beyond.look(granary, again=again)
    if as_json:
        print_json([asdict(one) for one in done])
        return
    if not done:
        out.print(text("cli.findings.run.none"))
        return
    rows = [(one.contract, one.new, one.changed, one.same, one.gone) for one in done]
    print_table(text("cli.findings.run.title"), ("contract", "new", "changed", "same", "gone"), rows)


@app.command()
def accept(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Nomor temuan (atau awalnya) dari `lumbung findings`.")],
    reason: Annotated[str, typer.Option("--reason", help="Mengapa memang benar demikian; dicatat dalam jejak audit.")],
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menyatakan bahwa sebuah temuan memang benar demikian; ia diam sampai angkanya berubah."""
    with at_home(context) as granary:
        actor = acting(granary, by, token_env)
        one = kept.accept(granary.sessions, finding, reason=reason, actor=actor, now=granary.clock())
    if as_json:
        print_json({"id": one.id, "kind": one.kind, "contract": one.contract, "member": one.member, "by": actor.name})
        return
    out.print(text("cli.findings.accept.done", finding=one.id[:8]), highlight=False)


def _kind(kind: str) -> str:
    return text(f"finding.kind.{kind}")


def _sentence(one: Standing) -> str:
    """What is wrong, what to do, and who said that it is right so."""
    words, noted = Words(locale(), "WIB", {}), one.noted
    parts = [words.say(noted.message, **noted.values)]
    if words.has(do := f"{noted.message}.do"):
        parts.append(words.say(do, **noted.values))
    if one.accepted is not None:
        parts.append(text("cli.findings.accepted", by=one.accepted[0], reason=one.accepted[1]))
    return " ".join(parts)


def _plain(one: Standing) -> dict[str, Any]:
    said = asdict(one.noted)
    accepted = None if one.accepted is None else {"by": one.accepted[0], "reason": one.accepted[1]}
    return {**said, "since": one.since, "accepted": accepted, "sentence": _sentence(one)}
