"""`lumbung data-list import|show|match`: the yearly data list of each member, and what of it is in the catalogue."""

from pathlib import Path
from typing import Annotated, Any

import typer

from catalog import data_list as kept
from core.db import session_scope
from core.messages import text
from hub.cli.acting import ByOption, TokenOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table
from services import data_list
from services.data_list import Standing

data_list_app = typer.Typer(no_args_is_help=True, help="Daftar data tahunan setiap anggota.")
app.add_typer(data_list_app, name="data-list")

MemberOption = Annotated[str | None, typer.Option("--member", help="Kode anggota; kosong: semua.")]
YearOption = Annotated[int | None, typer.Option("--year", min=2000, max=2100, help="Kosong: tahun ini.")]


@data_list_app.command("import")
def data_list_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Daftar data: XLSX, CSV, atau berkas tabel lain.", exists=True)],
    member: Annotated[str, typer.Option("--member", help="Kode anggota.")],
    year: Annotated[int, typer.Option("--year", min=2000, max=2100)],
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menjadikan sebuah berkas daftar data anggota tahun itu; daftar sebelumnya diganti."""
    with at_home(context) as granary:
        done = data_list.import_list(granary, file, member, year, actor=acting(granary, by, token_env))
    changed = done.changed
    counts = {
        "lines": done.lines, "added": changed.added, "altered": changed.altered, "same": changed.same,
        "removed": changed.removed, "matched": done.matched,
    }  # fmt: skip
    if as_json:
        print_json({"member": member, "year": year, **counts, "alike": done.alike})
        return
    out.print(text("cli.data_list.imported", member=member, year=year, **counts), highlight=False, markup=False)
    for one, other in done.alike:
        out.print(text("cli.data_list.alike", one=one, other=other), highlight=False, markup=False)


@data_list_app.command("show")
def data_list_show(
    context: typer.Context, member: MemberOption = None, year: YearOption = None, as_json: JsonOption = False
) -> None:
    """Daftar data dengan dataset katalognya, atau usulan yang menunggu dipastikan."""
    with at_home(context) as granary:
        chosen = year or granary.clock().year
        with session_scope(granary.sessions) as session:
            found = data_list.standing(session, chosen, member)
    if as_json:
        print_json([_plain(one) for one in found])
        return
    if not found:
        out.print(text("cli.data_list.none", year=chosen))
        return
    headers = ("id", "member", "title", "contract", "producer", "schedule", "priority", "dataset")
    rows = [
        (
            one.listed.id[:12], one.listed.member, one.listed.title, one.listed.contract, one.listed.producer,
            one.listed.release and one.listed.release.every.value, one.listed.priority, _dataset(one),
        )
        for one in found
    ]  # fmt: skip
    print_table(text("cli.data_list.title", year=chosen), headers, rows)
    known = sum(one.listed.dataset_id is not None for one in found)
    out.print(text("cli.data_list.known", known=known, lines=len(found)), highlight=False)


@data_list_app.command("match")
def data_list_match(
    context: typer.Context,
    line: Annotated[str | None, typer.Argument(help="Nomor baris (atau awalnya); kosong: semua yang pasti.")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Nomor dataset; kosong: belum ada.")] = None,
    member: MemberOption = None,
    year: YearOption = None,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Memastikan dataset sebuah baris daftar data, atau mencocokkan semua yang tidak meragukan."""
    with at_home(context) as granary:
        chosen = year or granary.clock().year
        if line is None:
            matched = data_list.match_exactly(granary, chosen, member)
            answer: dict[str, Any] = {"year": chosen, "matched": matched}
            said = text("cli.data_list.matched", matched=matched, year=chosen)
        else:
            actor = acting(granary, by, token_env)
            one = kept.confirm(granary.sessions, line, dataset, actor=actor, now=granary.clock())
            answer = {"id": one.id, "title": one.title, "dataset": one.dataset_id, "by": actor.name}
            state = "confirmed" if one.dataset_id else "unmatched"
            said = text(f"cli.data_list.{state}", title=one.title, dataset=one.dataset_id, by=actor.name)
    if as_json:
        print_json(answer)
    else:
        out.print(said, highlight=False, markup=False)


def _dataset(one: Standing) -> str:
    if one.listed.dataset_id is not None:
        return one.title or one.listed.dataset_id
    if not one.proposals:
        return "—"
    first = one.proposals[0]
    return text("cli.data_list.proposed", title=first.title, dataset=first.dataset[:12], likeness=first.likeness)


def _plain(one: Standing) -> dict[str, Any]:
    line = one.listed
    return {
        "id": line.id,
        "member": line.member,
        "year": line.year,
        "title": line.title,
        "contract": line.contract,
        "producer": line.producer,
        "schedule": line.release and line.release.every.value,
        "due_days": line.release and line.release.due_days,
        "priority": line.priority,
        "dataset": line.dataset_id,
        "matched_by": line.matched_by,
        "place": line.place,
        "proposals": [{"dataset": p.dataset, "title": p.title, "likeness": p.likeness} for p in one.proposals],
    }
