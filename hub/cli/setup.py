"""`lumbung init`, `members`, `source`: a home, who takes part, and where their data comes from."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core import settings as core_settings
from core.errors import LumbungError
from core.messages import text
from core.reference_check import check_reference, sound_regions
from federation.member import MemberKind, SourceConfig, SourceKind
from federation.members_edit import add_member, add_source, remove_source
from federation.packs import init_home
from federation.registry import Registry
from hub.cli.app import JsonOption, app, home_of
from hub.cli.output import err, out, print_json, print_table, show_error

members_app = typer.Typer(no_args_is_help=True, help="Anggota: pemerintah daerah dan instansi yang ikut serta.")
source_app = typer.Typer(no_args_is_help=True, help="Sumber data setiap anggota.")
app.add_typer(members_app, name="members")
app.add_typer(source_app, name="source")


@app.command()
def init(
    context: typer.Context,
    province: Annotated[str | None, typer.Option("--province", help="Kode provinsi, misalnya 33.")] = None,
    pack: Annotated[list[Path] | None, typer.Option("--pack", help="Folder paket provinsi lain.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Membuat folder lumbung, dari paket provinsi atau kosong."""
    home = init_home(home_of(context), province, pack or ())
    registry = Registry.load(home)
    if as_json:
        print_json({"home": home, "province": province, "members": len(registry.members)})
        return
    out.print(text("cli.init.done", home=home, members=len(registry.members)))
    out.print(text("cli.init.next" if registry.members else "cli.init.empty", home=home), style="dim")


@members_app.command("list")
def members_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """Daftar anggota dengan wilayah dan jumlah sumbernya."""
    registry = Registry.load_sound(home_of(context))
    if as_json:
        print_json(
            [
                {
                    "code": m.code,
                    "name": m.name,
                    "kind": m.kind,
                    "regions": m.regions,
                    "schedule": m.schedule,
                    "sources": [s.id for s in m.sources],
                }
                for m in registry.members
            ]
        )
    else:
        rows = [(m.code, m.name, text(f"member.kind.{m.kind}"), m.regions, len(m.sources)) for m in registry.members]
        print_table(text("cli.members.title"), ("code", "name", "kind", "regions", "sources"), rows)
    for problem in registry.problems:
        show_error(problem, json=False)


@members_app.command("add")
def members_add(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="Kode wilayah (33.74), atau kata bagi instansi (bbws-pemali-juana).")],
    name: Annotated[str | None, typer.Option("--name", help="Nama; kosong: nama wilayahnya.")] = None,
    kind: Annotated[MemberKind | None, typer.Option("--kind", help="Jenis; kosong: jenis wilayahnya.")] = None,
    regions: Annotated[
        list[str] | None, typer.Option("--region", help="Wilayah yang datanya ia pegang; kosong: wilayahnya sendiri.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Menambah anggota; provinsi, kabupaten, dan kota cukup dengan kode wilayahnya."""
    home = home_of(context)
    member = add_member(home, code, name=name, kind=kind, regions=regions or ())
    if as_json:
        print_json({"code": member.code, "name": member.name, "kind": member.kind, "regions": sorted(member.regions)})
        return
    out.print(text("cli.members.added", code=member.code, name=member.name), highlight=False, markup=False)
    out.print(text("cli.init.next", home=home), style="dim", highlight=False, markup=False)


@members_app.command("check")
def members_check(context: typer.Context, as_json: JsonOption = False) -> None:
    """Memeriksa berkas semua anggota dan daftar rujukan; menyebut berkas, baris, dan kunci yang salah."""
    home = home_of(context)
    regions, faults = sound_regions(home / "reference")
    registry = Registry.load_sound(home, regions)
    problems = (*faults, *check_reference(home / "reference", regions), *registry.problems)
    today = datetime.now(UTC).date()
    expired = [
        {"source": s.id, "what": a.what, "by": a.by, "reason": a.reason, "until": a.until}
        for s, a in registry.expired(today)
    ]
    if as_json:
        print_json(
            {
                "members": len(registry.members),
                "problems": [p.as_dict() for p in problems],
                "expired_allowances": expired,
            }
        )
    else:
        for problem in problems:
            show_error(problem, json=False)
        for row in expired:
            err.print(text("cli.members.expired", **row))
        if not problems:
            out.print(text("cli.members.sound", members=len(registry.members)))
    if problems:
        raise typer.Exit(1)


def _shown(source: SourceConfig) -> dict[str, object]:
    return {
        "id": source.id,
        "kind": source.kind,
        "url": source.url,
        "member": source.member,
        "organisation": source.organisation,
        "token_env": source.token_env,
        "schedule": source.schedule,
        "mappings": [m.contract for m in source.mappings],
        "allow": [
            {"what": a.what, "value": a.value, "by": a.by, "reason": a.reason, "until": a.until} for a in source.allow
        ],
    }


@source_app.command("add")
def source_add(
    context: typer.Context,
    kind: Annotated[SourceKind, typer.Argument(help="ckan, folder, http, rest, sql, inbox, atau node")],
    member: Annotated[str, typer.Option("--member", help="Kode anggota, misalnya 33.74.")],
    location: Annotated[
        str, typer.Argument(help="Alamat; folder: letaknya; sql: nama variabel lingkungan; inbox: kosong.")
    ] = "",
    source_id: Annotated[str | None, typer.Option("--id", help="Nama sumber; bila kosong dibuatkan.")] = None,
    title: Annotated[str | None, typer.Option("--title")] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help="Dinas pemilik sumber ini.")] = None,
    token_env: Annotated[str | None, typer.Option("--token-env", help="Variabel lingkungan berisi token.")] = None,
    schedule: Annotated[str | None, typer.Option("--schedule", help="Jadwal cron; bila kosong ikut anggota.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="Untuk sql: satu SELECT.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Menambah sumber pada berkas anggota."""
    home = home_of(context)
    if kind is SourceKind.FOLDER:
        location = str(Path(location).expanduser().resolve())
    known = {s.id for s in Registry.load_sound(home).sources}
    if source_id is None:
        source_id = f"{member}-{kind.value}"
        number = 2
        while source_id in known:
            source_id, number = f"{member}-{kind.value}-{number}", number + 1
    source = add_source(
        home,
        member,
        source_id=source_id,
        kind=kind,
        location=location,
        title=title,
        organisation=organisation,
        token_env=token_env,
        schedule=schedule,
        query=query,
    )
    if as_json:
        print_json(_shown(source))
    else:
        out.print(text("cli.source.added", source=source.id, member=member))


@source_app.command("list")
def source_list(
    context: typer.Context,
    member: Annotated[str | None, typer.Option("--member")] = None,
    as_json: JsonOption = False,
) -> None:
    """Daftar sumber, dengan pengecualian yang berlaku."""
    sources = [s for s in Registry.load_sound(home_of(context)).sources if member in (None, s.member)]
    if as_json:
        print_json([_shown(s) for s in sources])
        return
    rows = [
        (s.id, s.member, s.kind.value, s.url, len(s.mappings), [f"{a.what.value} → {a.until}" for a in s.allow])
        for s in sources
    ]
    print_table(text("cli.source.title"), ("source", "member", "kind", "url", "mappings", "allow"), rows)


@source_app.command("check")
def source_check(
    context: typer.Context,
    source_id: Annotated[str | None, typer.Argument(help="Nama sumber; kosong berarti semua.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Menanyai sumber satu kali tanpa menyimpan apa pun."""
    from federation.connectors.registry import connector_for

    settings = core_settings.load(home_of(context))
    registry = Registry.load_sound(settings.home)
    chosen = [registry.source(source_id)] if source_id else list(registry.sources)
    answers: list[dict[str, object]] = []
    for source in chosen:
        try:
            crawl = asyncio.run(connector_for(source, settings).crawl(None))
        except LumbungError as error:
            answers.append({"source": source.id, "ok": False, "error": error.as_dict()})
            if not as_json:
                show_error(error, json=False)
            continue
        resources = sum(len(d.resources) for d in crawl.datasets)
        answers.append({"source": source.id, "ok": True, "datasets": len(crawl.datasets), "resources": resources})
        if not as_json:
            found = text("cli.source.ok", source=source.id, datasets=len(crawl.datasets), resources=resources)
            out.print(found)
    if as_json:
        print_json(answers)
    if not all(a["ok"] for a in answers):
        raise typer.Exit(1)


@source_app.command("remove")
def source_remove(
    context: typer.Context, source_id: Annotated[str, typer.Argument()], as_json: JsonOption = False
) -> None:
    """Mengeluarkan sumber dari berkas anggota; data yang sudah ada tetap."""
    source = remove_source(home_of(context), source_id)
    if as_json:
        print_json({"removed": source.id, "member": source.member})
    else:
        out.print(text("cli.source.removed", source=source.id, member=source.member))
