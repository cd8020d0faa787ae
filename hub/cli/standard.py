"""`lumbung standard new|lint|template|diff`: writing data standards, and what a steward fills for them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from core.contracts import load_contract
from core.messages import text
from core.settings import FILE
from hub.cli.app import JsonOption, app, home_of
from hub.cli.output import out, print_json, print_table
from hub.home import open_home
from quality.standard import column_guide, new
from quality.standard.lint import Level, lint
from services import standards

standard_app = typer.Typer(
    no_args_is_help=True, help="Standar data: membuat, memeriksa, membandingkan, dan templatnya."
)
app.add_typer(standard_app, name="standard")


def _home(context: typer.Context) -> Path | None:
    """The home folder where there is one; standards can be written and checked without."""
    home = home_of(context)
    return home if (home / FILE).is_file() else None


@standard_app.command("new")
def standard_new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Nama standar: huruf kecil dan garis bawah, misalnya harga_ikan.")],
    as_json: JsonOption = False,
) -> None:
    """Membuat kerangka standar data yang tinggal diisi."""
    path = new.create(home_of(context) / "contracts", name)
    if as_json:
        print_json({"standard": name, "file": path})
        return
    out.print(text("cli.standard.new.done", file=path), highlight=False, markup=False)
    out.print(text("cli.standard.new.next", name=name), style="dim", markup=False)


@standard_app.command("lint")
def standard_lint(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Standar atau berkas YAML; kosong: semua standar.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Menyebut semua yang kurang atau bertentangan dalam standar data; gagal bila ada kesalahan."""
    home = _home(context)
    references = {}
    if home is not None and (name is None or not Path(name).is_file()):
        references = dict(standards.references(home))
    paths = [standards.file_of(home, name)] if name is not None else list(standards.files(home).values())
    found = [one for path in paths for one in lint(path, references)]
    errors = sum(one.level is Level.ERROR for one in found)
    if as_json:
        shown = [
            {"level": f.level, "code": f.code, "file": f.file, "path": f.path, "what": f.what, "fix": f.fix}
            for f in found
        ]
        print_json({"files": len(paths), "errors": errors, "warnings": len(found) - errors, "findings": shown})
    else:
        for one in found:
            colour = "bold red" if one.level is Level.ERROR else "yellow"
            label = text(f"standard.lint.level.{one.level}")
            out.print(f"[{colour}]{label}[/] {escape(f'{one.file.name} {one.path}')}", highlight=False)
            out.print(f"  {one.what}", highlight=False, markup=False)
            out.print(f"  → {one.fix}", highlight=False, markup=False)
        out.print(text("cli.standard.lint.done", files=len(paths), errors=errors, warnings=len(found) - errors))
    if errors:
        raise typer.Exit(1)


@standard_app.command("template")
def standard_template(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Standar data atau berkasnya.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder tujuan.")] = Path(),
    lang: Annotated[str, typer.Option("--lang", help="id atau en: judul dan petunjuk.")] = "id",
    member: Annotated[str | None, typer.Option("--member", help="Kode anggota: pilihan dibatasi wilayahnya.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Membuat templat XLSX dan CSV yang diisi walidata; yang terisi dikenali tanpa pemetaan."""
    if lang not in ("id", "en"):
        raise typer.BadParameter(text("cli.standard.template.lang", value=lang))
    from quality.standard import template  # openpyxl takes long to import

    home = _home(context)
    file = standards.file_of(home, name)
    contract = load_contract(file)
    lists, prepared = standards.choices(home_of(context), contract, member) if home or member else ({}, "")
    columns = column_guide.guides(contract, lists, column_guide.stated_examples(file), lang)
    stem = contract.name if member is None else f"{contract.name}-{member}"
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{stem}.xlsx", folder / f"{stem}.csv"]
    made[0].write_bytes(template.workbook(contract, columns, lang=lang, member=prepared))
    made[1].write_bytes(template.delimited(contract, lang=lang))
    if as_json:
        print_json({"standard": contract.name, "version": contract.version, "files": made})
        return
    for path in made:
        out.print(text("cli.standard.template.done", file=path), highlight=False, markup=False)


@standard_app.command("diff")
def standard_diff(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Standar data.")],
    old: Annotated[Path | None, typer.Argument(help="Berkas versi lama; kosong: yang berlaku.", exists=True)] = None,
    new_file: Annotated[Path | None, typer.Argument(metavar="NEW", help="Berkas versi baru.", exists=True)] = None,
    against: Annotated[Path | None, typer.Option("--against", help="Berkas versi baru.", exists=True)] = None,
    as_json: JsonOption = False,
) -> None:
    """Menunjukkan apa yang berubah, langkah versinya, dan baris serta pemetaan siapa yang tidak lagi sesuai."""
    from quality.standard import diff
    from services.standard_changes import Breaking, breaking

    given = against or new_file
    if given is None or (against is not None and old is not None):
        raise typer.BadParameter(text("cli.standard.diff.files"))
    home = _home(context)
    before, after = load_contract(old or standards.file_of(home, name)), load_contract(given)
    for one in (before, after):
        if one.name != name:
            raise typer.BadParameter(text("cli.standard.diff.name", name=name, other=one.name))
    found = diff.changes(before, after)
    needed, taken = diff.needed(found), diff.taken(before, after)
    broken = Breaking(0, (), {}, ())
    if home is not None:
        granary = open_home(home)
        try:
            broken = breaking(granary, before, after)
        finally:
            granary.close()
    if as_json:
        print_json(
            {
                "standard": name,
                "versions": [before.version, after.version],
                "needed": needed.name.lower(),
                "taken": taken.name.lower(),
                "enough": taken >= needed,
                "changes": [
                    {
                        "step": c.step.name.lower(),
                        "kind": c.kind,
                        "subject": c.subject,
                        "before": c.before,
                        "after": c.after,
                        "what": c.what,
                    }
                    for c in found
                ],
                "rows": broken.rows,
                "broken": [
                    {
                        "member": b.member,
                        "source": b.source,
                        "dataset": b.dataset,
                        "title": broken.titles.get(b.dataset),
                        "rule": b.rule,
                        "severity": b.severity,
                        "rows": b.rows,
                        "of": b.of,
                        "expected": b.expected,
                    }
                    for b in broken.broken
                ],
                "mappings": [
                    {"member": g.member, "source": g.source, "number": g.number, "lacking": g.lacking, "gone": g.gone}
                    for g in broken.gaps
                ],
            }
        )
        return
    for change in found:
        step = text(f"standard.diff.step.{change.step.name.lower()}")
        out.print(f"{step}: {change.what}", highlight=False, markup=False)
    steps = {"needed": text(f"standard.diff.step.{needed.name.lower()}"), "old": before.version, "new": after.version}
    verdict = "none" if not found else "enough" if taken >= needed else "short"
    out.print(text(f"cli.standard.diff.{verdict}", **steps), highlight=False, markup=False)
    if home is None:
        return
    if broken.broken:
        rows = [
            (b.member, broken.titles.get(b.dataset, b.dataset), b.rule, b.rows, b.of, b.expected) for b in broken.broken
        ]
        headers = ("member", "title", "rule", "rows_failing", "rows_all", "expected")
        print_table(text("cli.standard.diff.broken"), headers, rows)
    for g in broken.gaps:
        values = {"member": g.member, "source": g.source, "number": g.number}
        if g.lacking:
            said = text("cli.standard.diff.lacking", columns=", ".join(g.lacking), **values)
            out.print(said, highlight=False, markup=False)
        if g.gone:
            out.print(
                text("cli.standard.diff.gone", columns=", ".join(g.gone), **values), highlight=False, markup=False
            )
    affected = len({b.dataset for b in broken.broken})
    done = text("cli.standard.diff.done", rows=broken.rows, datasets=affected, mappings=len(broken.gaps))
    out.print(done, highlight=False)
