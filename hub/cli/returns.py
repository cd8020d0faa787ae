"""`lumbung returns`: what did not pass goes back to who made it, is followed, and comes again repaired."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog import return_acts, returns
from catalog.models import Dataset
from catalog.return_acts import Finding, Suspension
from catalog.returns import ReturnCase
from core.clock import on_screen, zone
from core.contract_metadata import DataKind
from core.db import session_scope
from core.messages import catalogue, text
from hub.cli.acting import ByOption, ReasonOption, TokenOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table, show_error
from services.granary import Granary
from services.intake.fetching import FetchLoop
from services.returns import accept as accepting
from services.returns import build as building
from services.returns.accept import Accepted
from services.returns.build import Built
from services.returns.follow import follow
from services.returns.pembina import pembina_of

returns_app = typer.Typer(no_args_is_help=True, help="Pengembalian: baris dan kiriman yang tidak lolos pemeriksaan.")
app.add_typer(returns_app, name="returns")

MemberOption = Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.21.")]
DatasetOption = Annotated[
    list[str] | None, typer.Option("--dataset", help="Nama dataset atau awal nomornya; dapat diulang.")
]
CaseArgument = Annotated[str, typer.Argument(help="Nomor pengembalian dari `lumbung returns list`.")]


@returns_app.command("build")
def build(
    context: typer.Context,
    member: MemberOption,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder tujuan; kosong: HOME/returns/ANGGOTA.")] = None,
    dataset: DatasetOption = None,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menyusun satu buku kerja Excel per berkas, dalam susunan pengirim, dengan komentar pada setiap sel yang salah."""
    with at_home(context) as granary:
        actor = acting(granary, by, token_env)
        report = building.build(granary, member, actor=actor, out=folder, datasets=dataset or ())
    if as_json:
        made = [{name: getattr(b, name) for name in b.__slots__} for b in report.built]
        print_json({"member": member, "returns": made, "failed": [e.as_dict() for e in report.failed]})
    else:
        _show_built(member, report.built)
        for error in report.failed:
            show_error(error, json=False)
    if report.failed:
        raise typer.Exit(1)


def _show_built(member: str, built: Sequence[Built]) -> None:
    if not built:
        out.print(text("cli.returns.none", member=member))
        return
    rows = [(b.case, b.path.name, b.title, text("cli.returns.whole") if b.held else b.rows, b.due) for b in built]
    title = text("cli.returns.built", member=member, files=len(built), folder=built[0].path.parent)
    print_table(title, ("return", "workbook", "title", "returned_rows", "due"), rows)
    out.print(text("cli.returns.next", member=member), highlight=False, markup=False)


@returns_app.command("list")
def list_(
    context: typer.Context,
    member: Annotated[str | None, typer.Option("--member", help="Hanya anggota ini.")] = None,
    late: Annotated[bool, typer.Option("--overdue", help="Hanya yang lewat batas waktu.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Juga yang sudah selesai.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Daftar pengembalian dengan keadaan dan batas waktunya."""
    with at_home(context) as granary:
        follow(granary)
        with session_scope(granary.sessions) as session:
            found = returns.cases(session, member=member, closed=everything)
            here = zone(granary.settings.timezone)
            missed = {one.case for one in returns.overdue(session, now=granary.clock(), zone=here)}
            rows = [_plain(case, dataset, overdue=case.number in missed) for case, dataset in found]
    rows = [row for row in rows if row["overdue"] or not late]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(text("cli.returns.nothing"))
        return
    shown = [
        (
            row["case"], row["member"], row["title"], text("cli.returns.whole") if row["held"] else row["rows"],
            text(f"returns.state.{row['state']}"),
            text("cli.returns.late", due=row["due"]) if row["overdue"] else row["due"],
        )
        for row in rows
    ]  # fmt: skip
    print_table(text("cli.returns.title"), ("return", "member", "title", "returned_rows", "state", "due"), shown)


@returns_app.command("show")
def show(context: typer.Context, case: CaseArgument, as_json: JsonOption = False) -> None:
    """Satu pengembalian: sebab yang terbuka dan tertutup, dan setiap langkahnya."""
    with at_home(context) as granary:
        follow(granary)
        with session_scope(granary.sessions) as session:
            found = returns.case_named(session, case)
            dataset = session.get_one(Dataset, found.dataset_id)
            here = zone(granary.settings.timezone)
            late = {one.case for one in returns.overdue(session, now=granary.clock(), zone=here)}
            row = _plain(found, dataset, overdue=found.number in late)
            row |= {"steps": found.steps, "sha256": found.sha256, "recheck": found.recheck}
    if as_json:
        print_json(row)
        return
    out.print(f"{row['case']} · {row['member']} · {row['title']}", style="bold", highlight=False, markup=False)
    state = text(f"returns.state.{row['state']}")
    stands = "cli.returns.stands" if row["due"] is not None else "cli.returns.stands.done"
    out.print(text(stands, state=state, due=row["due"]), highlight=False, markup=False)
    for rule, known in row["reasons"].items():
        key = "cli.returns.reason_closed" if known["closed"] else "cli.returns.reason_open"
        counts = " → ".join(str(count) for _, count in known["history"])
        opened, closed = (_shown(known[k], granary) for k in ("opened", "closed"))
        said = text(key, rule=rule, counts=counts, opened=opened, closed=closed)
        out.print(f"  {said}", highlight=False, markup=False)
    for step in row["steps"]:
        why = step["why"]
        said = text(f"returns.why.{why}") if f"returns.why.{why}" in catalogue("id") else why
        state = text(f"returns.state.{step['state']}")
        out.print(f"  {_shown(step['at'], granary)} · {state} · {step['by']} · {said}", highlight=False, markup=False)


@returns_app.command("suspend")
def suspend(
    context: typer.Context,
    case: CaseArgument,
    official: Annotated[str, typer.Option("--official", help="Nama pejabat yang menangguhkan.")],
    position: Annotated[str, typer.Option("--position", help="Jabatannya.")],
    document: Annotated[str, typer.Option("--document", help="Nomor dokumen penangguhan.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Hari terakhir penangguhan.")],
    reason: ReasonOption,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menangguhkan batas waktu sebuah pengembalian atas keputusan pejabat; sesudah harinya ia lewat batas lagi."""
    with at_home(context) as granary:
        follow(granary)
        now = granary.clock()
        found = return_acts.suspend(
            granary.sessions, case, Suspension(official, position, document, until.date()), reason=reason,
            actor=acting(granary, by, token_env), today=now.astimezone(zone(granary.settings.timezone)).date(), now=now,
        )  # fmt: skip
    if as_json:
        print_json({"case": found.number, "state": found.state, **found.suspension})
        return
    out.print(text("cli.returns.suspended", case=found.number, **found.suspension), highlight=False, markup=False)


@returns_app.command("accept")
def accept(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Buku kerja yang sudah diperbaiki.")],
    member: MemberOption,
    case: Annotated[str | None, typer.Option("--case", help="Nomornya, bila lembar Ringkasan sudah dihapus.")] = None,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menerima buku kerja yang diperbaiki sebagai kiriman berkas yang sama; sebab yang diperbaiki ditutup."""
    with _taking(context) as (granary, downloads):
        actor = acting(granary, by, token_env)
        done = accepting.accept(granary, downloads, file, member=member, actor=actor, case=case)
    _show_accepted(done, as_json=as_json)


@contextmanager
def _taking(context: typer.Context) -> Iterator[tuple[Granary, FetchLoop]]:
    """The home, and what a delivery that is taken in by hand is fetched with."""
    with at_home(context) as granary, closing(FetchLoop(granary.landing, granary.settings)) as downloads:
        yield granary, downloads


def _show_accepted(done: Accepted, *, as_json: bool) -> None:
    """What came of a delivery that was taken in by hand; an error of its run ends the command with 1."""
    if as_json:
        plain = {name: getattr(done, name) for name in done.__slots__ if name != "report"}
        print_json({**plain, "run": done.report.as_dict()})
    else:
        out.print(text("cli.returns.accepted", case=done.case, title=done.title, closed=len(done.closed),
                       open=len(done.open), state=text(f"returns.state.{done.state}")), highlight=False)  # fmt: skip
        if done.confirmed:
            out.print(text("cli.returns.confirmed", count=done.confirmed), highlight=False)
        for rule, count in done.open.items():
            out.print(f"  {rule}: {count}", highlight=False, markup=False)
        for error in done.report.errors:
            out.print(f"  {error['what']}", highlight=False, markup=False)
    if done.report.errors:
        raise typer.Exit(1)


@returns_app.command("confirm")
def confirm(
    context: typer.Context,
    case: CaseArgument,
    value: Annotated[
        list[str], typer.Option("--value", help="Tanda nilai dari lembar Ringkasan, atau awalnya; dapat diulang.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Mengapa memang benar; dicatat dalam jejak audit.")],
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menyatakan nilai yang tampak salah ketik memang benar; barisnya terbit, dan nilai itu tidak ditanyakan lagi."""
    with _taking(context) as (granary, downloads):
        actor = acting(granary, by, token_env)
        done = accepting.say_true(granary, downloads, case, dict.fromkeys(value, reason), actor=actor)
    _show_accepted(done, as_json=as_json)


@returns_app.command("recheck")
def recheck(
    context: typer.Context,
    case: CaseArgument,
    finding: Annotated[Finding, typer.Option("--finding", help="sesuai atau tidak.")],
    by: Annotated[str, typer.Option("--by", help="Nama pemeriksa dari pembina data.")],
    note: Annotated[str, typer.Option("--note", help="Rekomendasi; wajib bila tidak sesuai.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Mencatat pemeriksaan ulang data prioritas oleh pembina data, dan rekomendasinya."""
    with at_home(context) as granary:
        follow(granary)
        with session_scope(granary.sessions) as session:
            known = returns.case_named(session, case)
        contract = granary.contracts.get(known.contract or "")
        kind = contract.metadata.kind if contract is not None else DataKind.STATISTICAL
        pembina = pembina_of(granary.settings.folder("reference"), granary.registry.member(known.member), kind)
        found = return_acts.recheck(
            granary.sessions, known.id, finding, note=note, pembina=pembina, actor=acting(granary, by),
            now=granary.clock(),
        )  # fmt: skip
    if as_json:
        print_json({"case": found.number, **found.recheck})
        return
    said = {**found.recheck, "finding": finding.value}
    out.print(text("cli.returns.rechecked", case=found.number, **said), highlight=False, markup=False)


def _plain(case: ReturnCase, dataset: Dataset, *, overdue: bool) -> dict[str, Any]:
    return {
        "case": case.number, "member": case.member, "dataset": case.dataset_id, "title": dataset.title,
        "producer": dataset.organisation_title or case.organisation, "table": case.table, "contract": case.contract,
        "state": case.state, "held": case.held, "rows": case.rows, "opened_at": case.opened_at,
        "returned_at": case.returned_at, "closed_at": case.closed_at, "due": _due(case), "overdue": overdue,
        "reasons": case.reasons, "suspension": case.suspension,
    }  # fmt: skip


def _due(case: ReturnCase) -> date | None:
    return None if case.closed_at is not None else case.awaited


def _shown(moment: str | None, granary: Granary) -> str:
    return "—" if moment is None else on_screen(datetime.fromisoformat(moment), granary.settings.timezone)
