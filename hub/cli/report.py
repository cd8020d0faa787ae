"""`lumbung report weekly|sign`, `decide`, `decisions list|verify`: the weekly review, from numbers to a signature."""

from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.resolutions import Resolution
from core import audit
from core.clock import on_screen
from core.db import session_scope
from core.messages import LOCALES, text
from core.storage_errors import storage_errors
from hub.cli.acting import ByOption, TokenOption, acting
from hub.cli.app import JsonOption, at_home
from hub.cli.app import app as root
from hub.cli.output import out, print_json, print_table
from quality.report import evidence
from quality.report.words import Words
from quality.score import Week
from services.review import issuing
from services.review.documents import Written, write_report
from services.review.evidence import proofs

app = typer.Typer(no_args_is_help=True, help="Tinjauan mingguan: laporan, tanda tangan, dan bukti dukung.")
decisions = typer.Typer(no_args_is_help=True, help="Keputusan atas laporan mingguan yang tercatat.")
root.add_typer(app, name="report")
root.add_typer(decisions, name="decisions")

WeekOption = Annotated[str | None, typer.Option("--week", help="Minggu ISO seperti 2026-W47.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Dasar keputusan; dicatat dalam rantai audit.")]


@app.command("weekly")
def report_weekly(
    context: typer.Context,
    week: WeekOption = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder tujuan; kosong: reports/ dalam lumbung.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Bahasa laporan: id atau en.")] = "id",
    as_json: JsonOption = False,
) -> None:
    """Laporan satu minggu sebagai HTML, XLSX, dan JSON; tanpa --week: minggu terakhir yang sudah berakhir."""
    if lang not in LOCALES:
        raise typer.BadParameter(", ".join(LOCALES))
    asked = Week.parse(week) if week else None
    with at_home(context) as granary:
        made = write_report(granary, asked, folder=folder, locale=lang)
    if as_json:
        print_json(_plain(made))
        return
    report, words = made.report, Words.of(made.report, lang)
    out.print(text("cli.report.title", week=report.week, days=words.days(report.week)), style="bold", highlight=False)
    for place, item in enumerate(report.decisions, 1):
        out.print(f"{place:2}. {words.asks(item)}", highlight=False, markup=False)
        out.print(f"    {item.id} · {words.member(item.member)}", highlight=False, markup=False, style="dim")
    if not report.decisions:
        out.print(text("cli.report.nothing"))
    for path in (made.html, made.xlsx, made.json):
        out.print(str(path), highlight=False, markup=False)
    said = text("cli.report.issued", edition=made.issued.edition, digest=made.issued.digest, week=report.week)
    out.print(said, highlight=False, markup=False)


def _plain(made: Written) -> dict[str, Any]:
    report = made.report
    return {
        "week": str(report.week),
        "preliminary": report.preliminary,
        "until": report.until,
        "edition": made.issued.edition,
        "digest": made.issued.digest,
        "files": {"html": made.html, "xlsx": made.xlsx, "json": made.json},
        "decisions": [
            {"id": i.id, "kind": i.kind, "member": i.member, "subject": i.subject, "options": i.options}
            for i in report.decisions
        ],
        "items": len(report.items),
    }


@app.command("sign")
def report_sign(
    context: typer.Context,
    week: Annotated[str, typer.Option("--week", help="Minggu laporan yang ditandatangani, seperti 2026-W47.")],
    by: ByOption = None,
    token_env: TokenOption = None,
    sha256: Annotated[str, typer.Option("--sha256", help="Awal sidik yang tercetak pada laporan yang dibaca.")] = "",
    note: Annotated[str, typer.Option("--note", help="Catatan penanda tangan.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Menandatangani laporan yang tercatat; tanda tangan masuk rantai audit dengan sidik laporannya."""
    with at_home(context) as granary:
        actor = acting(granary, by, token_env)
        signed = issuing.sign(granary, Week.parse(week), actor=actor, sha256=sha256, note=note)
    if as_json:
        print_json(
            {
                "week": signed.week,
                "edition": signed.edition,
                "digest": signed.digest,
                "by": signed.by,
                "at": signed.at,
                "anchor": f"{signed.entry}:{signed.hash}",
            }
        )
        return
    said = text("cli.report.signed", week=signed.week, edition=signed.edition, by=signed.by, digest=signed.digest)
    out.print(said, highlight=False, markup=False)
    out.print(text("cli.report.anchor", anchor=f"{signed.entry}:{signed.hash}"), highlight=False, markup=False)


@app.command("evidence")
def report_evidence(
    context: typer.Context,
    year: Annotated[int, typer.Option("--year", min=2000, max=2999, help="Tahun yang dibuktikan.")],
    folder: Annotated[Path | None, typer.Option("--out", help="Folder tujuan; kosong: reports/ dalam lumbung.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Bahasa daftar: id atau en.")] = "id",
    as_json: JsonOption = False,
) -> None:
    """Bukti dukung EPSS setahun: per indikator, apa yang dapat dibuktikan lumbung dan dengan perintah apa dibuka."""
    if lang not in LOCALES:
        raise typer.BadParameter(", ".join(LOCALES))
    with at_home(context) as granary:
        own = granary.settings.folder("reference") / "epss.csv"
        wanted = evidence.indicators(own if own.is_file() else evidence.SHIPPED)
        found = proofs(granary, year)
        target = folder or granary.settings.folder("reports")
    path = target / f"bukti-dukung-{year}.xlsx"
    with storage_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        path.write_bytes(evidence.as_xlsx(year, wanted, found, lang))
    rows = [
        (one.code, one.title[lang], len(proof.rows) if (proof := found.get(one.proof)) else 0,
         proof.opens if proof else None, one.source)
        for one in wanted
    ]  # fmt: skip
    headers = ("code", "indicator", "proofs", "opens", "list_source")
    if as_json:
        lines = [dict(zip(headers, row, strict=True)) for row in rows]
        print_json({"year": year, "file": path, "indicators": lines})
        return
    print_table(text("cli.evidence.title", year=str(year)), headers, rows)
    out.print(str(path), highlight=False, markup=False)


@root.command()
def decide(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="Nomor hal seperti tercetak pada laporan, atau awalnya.")],
    decision: Annotated[str, typer.Option("--decision", help="Salah satu pilihan yang tercetak pada laporan.")],
    reason: ReasonOption,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Memutuskan satu hal pada laporan mingguan, dengan nama dan alasan; yang bisa langsung dikerjakan, dikerjakan."""
    with at_home(context) as granary:
        said, done = issuing.decide(granary, item, decision, reason=reason, actor=acting(granary, by, token_env))
    if as_json:
        print_json({**_decision(said), "done": done})
        return
    values = {"item": said.item["id"], "decision": text(f"report.option.{said.decision}"), "by": said.by}
    out.print(text("cli.decide.recorded", entry=said.entry, **values), highlight=False, markup=False)
    if done:
        out.print(text("cli.decide.done"), highlight=False, markup=False)


def _decision(said: Resolution) -> dict[str, Any]:
    return {
        "item": said.item["id"],
        "subject": said.item["subject"],
        "member": said.item["member"],
        "week": said.week,
        "decision": said.decision,
        "reason": said.reason,
        "by": said.by,
        "at": said.at,
        "entry": said.entry,
    }


@decisions.command("list")
def decisions_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """Semua keputusan yang tercatat, yang lama lebih dulu."""
    with at_home(context) as granary:
        found = list(issuing.decided(granary))
        zone = granary.settings.timezone
    if as_json:
        print_json([_decision(one) for one in found])
        return
    if not found:
        out.print(text("cli.decisions.none"))
        return
    headers = ("entry", "week", "item", "decision", "reason", "by", "at")
    rows = [
        (f.entry, f.week, f.item["id"], text(f"report.option.{f.decision}"), f.reason, f.by, on_screen(f.at, zone))
        for f in found
    ]
    print_table(text("cli.decisions.title"), headers, rows)


@decisions.command("verify")
def decisions_verify(
    context: typer.Context,
    anchor: Annotated[str, typer.Option("--anchor", help="ENTRI:SIDIK dari laporan yang tercetak.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Memeriksa rantai audit: apakah ada keputusan, tanda tangan, atau catatan lain yang diubah sesudah ditulis."""
    known = _anchor(anchor) if anchor else None
    with at_home(context) as granary, session_scope(granary.sessions) as session:
        whole = session.get(audit.AuditEntry, known.id) if known is not None else None
        if known is not None and whole is not None and whole.hash.startswith(known.hash):
            known = audit.Anchor(known.id, whole.hash)  # a report may be quoted by the beginning of its hash
        found = audit.verify_chain(session, known)
    if as_json:
        print_json({"ok": found.ok, "entries": found.entries, "broken_at": found.broken_at, "reason": found.reason})
    elif found.ok:
        out.print(text("cli.decisions.sound", entries=found.entries))
    else:
        said = text("cli.decisions.broken", entry=found.broken_at, reason=text(f"cli.decisions.{found.reason}"))
        out.print(said, style="bold red")
    if not found.ok:
        raise typer.Exit(1)


def _anchor(written: str) -> audit.Anchor:
    entry, _, mark = written.partition(":")
    if not (entry.isdigit() and mark):
        raise typer.BadParameter("--anchor: 12:3f2a…")
    return audit.Anchor(int(entry), mark)
