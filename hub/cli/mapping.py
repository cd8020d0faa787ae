"""`lumbung map suggest|confirm|list|forget`: how a file becomes rows of a standard, proposed and then remembered."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.markup import escape

from core.clock import on_screen
from core.contract import Contract
from core.mapping import DatasetMapping, DateStyle, Melt, NumberStyle
from core.messages import text
from federation.mappings_edit import mapping_toml
from hub.cli.acting import ByOption, ReasonOption, TokenOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table
from quality.harmonise import SURE, Codes, ColumnSuggestion, Suggestion
from services import mapping as memory
from services import mapping_open
from services.errors import MappingAnswerInvalid
from services.granary import Granary
from services.mapping import Proposal, Remembered
from services.mapping_answers import Answers, questions
from services.mapping_open import Fitting

map_app = typer.Typer(
    no_args_is_help=True, help="Pemetaan berkas ke standar data: diusulkan, dipastikan orang, lalu diingat."
)
app.add_typer(map_app, name="map")

NameArgument = Annotated[
    str, typer.Argument(help="Berkas di komputer ini; atau nomor (awalnya) atau nama dataset di katalog.")
]
SourceOption = Annotated[str | None, typer.Option("--source", help="Sumber asal berkas itu.")]
FileOption = Annotated[str | None, typer.Option("--file", help="Nama salah satu berkas dataset itu.")]
StandardOption = Annotated[str | None, typer.Option("--standard", help="Standar data yang dimaksud.")]
TableOption = Annotated[str | None, typer.Option("--table", help="Tabel atau lembar yang dimaksud.")]
WholeOption = Annotated[bool, typer.Option("--whole-dataset", help="Berlaku bagi semua berkas dataset itu.")]
#: So many columns of one melt are shown by their first and last.
_FEW = 4


@map_app.command("suggest")
def map_suggest(
    context: typer.Context,
    name: NameArgument,
    member: Annotated[str | None, typer.Option("--member", help="Anggota pemilik berkas.")] = None,
    source: SourceOption = None,
    file: FileOption = None,
    standard: StandardOption = None,
    toml: Annotated[bool, typer.Option("--toml", help="Blok untuk berkas anggota, siap disalin.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Mengusulkan standar, tabel, dan padanan setiap kolom sebuah berkas, dengan alasan dan keyakinannya."""
    with at_home(context) as granary:
        found = _proposal(granary, name, member=member, source=source, file=file, standard=standard)
        contracts = granary.contracts
        empty = {listed for listed, one in granary.references.items() if not one.codes}
        folder = granary.settings.folder("reference")
    if as_json:
        print_json(_plain(found))
        return
    best = found.best
    if best is None:
        out.print(text("cli.map.no_table", file=found.file))
        return
    if toml:
        if best.standard is not None and found.match is not None:
            out.out(mapping_toml(best.mapping(found.match)), highlight=False, end="")
        else:
            out.print(text("cli.map.no_toml"), style="yellow")
        return
    for one in found.tables:
        _show(one, contracts.get(one.standard or ""), whole=one is best)
    for listed in sorted({codes.list for codes in best.codes} & empty):
        said = text("cli.map.codes.empty", list=listed, file=folder / f"{listed}.csv")
        out.print(said, style="yellow", highlight=False, markup=False)
    if best.standard is not None:
        out.print("\n" + text("cli.map.how", name=name), highlight=False, markup=False)


@map_app.command("confirm")
def map_confirm(
    context: typer.Context,
    name: NameArgument,
    source: SourceOption = None,
    file: FileOption = None,
    whole: WholeOption = False,
    standard: StandardOption = None,
    table: TableOption = None,
    columns: Annotated[
        list[str] | None, typer.Option("--set", help="JUDUL=kolom_standar; JUDUL= bila tidak dipakai. Boleh berulang.")
    ] = None,
    constants: Annotated[
        list[str] | None, typer.Option("--constant", help="kolom_standar=nilai yang sama bagi semua baris.")
    ] = None,
    factors: Annotated[
        list[str] | None, typer.Option("--factor", help="kolom_standar=pengali satuan, misalnya stock_kg=1000.")
    ] = None,
    date_style: Annotated[str | None, typer.Option("--date-style", help="dmy, mdy, atau ymd.")] = None,
    number_style: Annotated[str | None, typer.Option("--number-style", help="id (1.234,5) atau en (1,234.5).")] = None,
    as_suggested: Annotated[
        bool, typer.Option("--as-suggested", help="Juga usulan yang belum pasti dinyatakan benar.")
    ] = False,
    reason: ReasonOption = "",
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Memastikan pemetaan sebuah dataset; panen berikut memasukkannya ke standar tanpa meminta berkasnya lagi."""
    answers = Answers(
        standard=standard,
        table=table,
        columns=_pairs(columns, empty=True),
        constants=_pairs(constants),
        factors=_pairs(factors),
        date_style=cast(DateStyle | None, _one_of(date_style, "dmy", "mdy", "ymd")),
        number_style=cast(NumberStyle | None, _one_of(number_style, "id", "en")),
        as_suggested=as_suggested,
    )
    with at_home(context) as granary:
        found = _proposal(granary, name, member=None, source=source, file=file, standard=standard, whole=whole)
        done = memory.confirm(granary, found, answers, actor=acting(granary, by, token_env), reason=reason)
        path = granary.registry.files[done.member]
    if as_json:
        print_json({**_kept(done), "file": path})
        return
    out.print(
        text("cli.map.confirmed", file=found.file, standard=done.mapping.contract, source=done.source, path=path),
        highlight=False,
        markup=False,
    )
    out.print(text("cli.map.next", source=done.source), highlight=False, markup=False, style="dim")


@map_app.command("list")
def map_list(
    context: typer.Context,
    source: SourceOption = None,
    open_: Annotated[
        bool, typer.Option("--open", help="Berkas tanpa standar yang tampaknya pas dengan salah satu standar.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Pemetaan yang diingat setiap sumber; dengan --open yang belum dipetakan tetapi pas dengan sebuah standar."""
    with at_home(context) as granary:
        zone = granary.settings.timezone
        if open_:
            _list_open(mapping_open.ask_open(granary, source), as_json=as_json)
            return
        found = mapping_open.remembered(granary, source)
    if as_json:
        print_json([_kept(one) for one in found])
        return
    if not found:
        out.print(text("cli.map.none"))
        return
    rows = [
        (
            one.source, _meant(one.mapping), one.mapping.contract, len(one.mapping.columns) + len(one.mapping.melts),
            one.by or text("cli.map.by_hand"), on_screen(one.at, zone) if one.at is not None else "",
        )
        for one in found
    ]  # fmt: skip
    print_table(text("cli.map.title"), ("source", "meant_for", "standard", "columns", "confirmed_by", "since"), rows)


@map_app.command("forget")
def map_forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset; dengan --source: id, tag, judul, atau pola berkasnya.")],
    source: SourceOption = None,
    reason: ReasonOption = "",
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Melupakan sebuah pemetaan: datasetnya kembali tanpa standar pada panen berikut."""
    with at_home(context) as granary:
        done = memory.forget(granary, name, source=source, actor=acting(granary, by, token_env), reason=reason)
    if as_json:
        print_json(_kept(done))
        return
    said = text("cli.map.forgotten", meant=_meant(done.mapping), standard=done.mapping.contract, source=done.source)
    out.print(said, highlight=False, markup=False)


def _proposal(
    granary: Granary,
    name: str,
    *,
    member: str | None,
    source: str | None,
    file: str | None,
    standard: str | None,
    whole: bool = False,
) -> Proposal:
    if Path(name).is_file():
        return memory.propose_file(granary, Path(name), member=member, source=source, standard=standard)
    return memory.propose_dataset(granary, name, source=source, file=file, standard=standard, whole=whole)


# -- what is typed ----------------------------------------------------------------------------------------------------


def _pairs(said: Sequence[str] | None, *, empty: bool = False) -> dict[str, str]:
    out_: dict[str, str] = {}
    for one in said or ():
        name, equals, value = one.rpartition("=")
        if not equals or not name.strip() or not (value.strip() or empty):
            raise MappingAnswerInvalid(answer=one, choices=text("cli.map.pair"))
        out_[name.strip()] = value.strip()
    return out_


def _one_of(said: str | None, *choices: str) -> str | None:
    if said is not None and said not in choices:
        raise MappingAnswerInvalid(answer=said, choices=", ".join(choices))
    return said


# -- what is shown ----------------------------------------------------------------------------------------------------


def _show(one: Suggestion, contract: Contract | None, *, whole: bool) -> None:
    """A table's reading; of all but the likeliest only what it is."""
    row = one.header_row if one.header_row is not None else "?"
    if contract is None:
        out.print(text("cli.map.fits_none", table=one.table, row=row), highlight=False, markup=False)
    else:
        said = text(
            "cli.map.fits", table=one.table, row=row, standard=contract.title["id"], name=contract.name,
            sure=_sure(one.confidence),
        )  # fmt: skip
        out.print(f"[bold]{escape(said)}[/]", highlight=False)
        for why in one.evidence:
            out.print(f"  {why.sentence()}", highlight=False, markup=False, style="dim")
    if not whole:
        return
    if contract is not None:
        for line in _lines(one.columns):
            out.print(line, highlight=False)
        for name, value in one.constants.items():
            because = one.constant_evidence.get(name)
            reason = because.sentence() if because is not None else ""
            out.print(f"  [cyan]{escape(name)}[/] = “{escape(value)}”  [dim]{escape(reason)}[/]", highlight=False)
        for melt in one.melts:
            out.print(f"  {_melted(melt)}", highlight=False, markup=False)
        for codes in one.codes:
            out.print(f"  {_codes(codes)}", highlight=False, markup=False)
        for name, pairs in one.values.items():
            words = ", ".join(f"“{word}” = {value}" for word, value in pairs.items())
            out.print(f"  {text('cli.map.words.meant', column=name, words=words)}", highlight=False, markup=False)
    for question in questions(one):
        out.print(f"  ? {question.sentence()}", style="yellow", highlight=False, markup=False)


def _lines(columns: Sequence[ColumnSuggestion]) -> list[str]:
    """A line or two for each column; those of one melt together."""
    out_: list[str] = []
    melted: dict[tuple[str | None, tuple[str, ...]], list[ColumnSuggestion]] = {}
    for column in columns:
        if column.role == "melt":
            melted.setdefault((column.to, column.names), []).append(column)
            if len(melted[column.to, column.names]) > 1:
                continue
            together = [c for c in columns if c.role == "melt" and (c.to, c.names) == (column.to, column.names)]
            names = [c.header for c in together]
            shown = ", ".join(names) if len(names) <= _FEW else f"{names[0]} … {names[-1]} ({len(names)})"
            least = min(together, key=lambda c: c.confidence)
            out_ += _line(shown, f"{', '.join(column.names)} + {column.to}", least)
        elif column.to is None:
            out_ += _line(column.header, text("cli.map.unused"), column)
        else:
            out_ += _line(column.header, column.to, column)
    return out_


def _line(header: str, to: str, column: ColumnSuggestion) -> list[str]:
    colour = "green" if column.sure else "yellow"
    out_ = [f"  “{escape(header)}” → [cyan]{escape(to)}[/]  [{colour}]{_sure(column.confidence)}[/]{_how(column)}"]
    if column.evidence:
        out_.append(f"      [dim]{escape(' '.join(e.sentence() for e in column.evidence))}[/]")
    if column.alternatives and not column.sure:
        others = ", ".join(f"{name} ({_number(share)})" for name, share in column.alternatives)
        out_.append(f"      [dim]{escape(text('cli.map.or', others=others))}[/]")
    return out_


def _how(column: ColumnSuggestion) -> str:
    said = []
    if column.unit is not None or column.factor is not None:
        said.append(text("cli.map.unit", unit=column.unit or "?", factor=column.factor or "1"))
    if column.number_style != "auto":
        said.append(text(f"cli.map.number.{column.number_style}"))
    if column.date_style != "auto":
        said.append(text("cli.map.date", style=column.date_style))
    return f"  [dim]{escape('; '.join(said))}[/]" if said else ""


def _sure(confidence: float) -> str:
    """A confidence in words and as a number."""
    word = "sure" if confidence >= SURE else "likely" if confidence >= 0.7 else "perhaps"
    return text(f"cli.map.sure.{word}", number=_number(confidence))


def _number(share: float) -> str:
    return f"{min(share, 0.99):.2f}".replace(".", ",")  # nothing is beyond doubt


def _melted(melt: Melt) -> str:
    into = ", ".join(dict.fromkeys([*([melt.names] if melt.names else ()), *melt.written])) or "…"
    kind = text(f"cli.map.like.{melt.like or ('pattern' if melt.pattern else 'listed')}")
    return text("cli.map.melt", count=len(melt.columns), kind=kind, names=into, value=melt.value)


def _codes(codes: Codes) -> str:
    unresolved = ", ".join(f"“{t}”" for t in codes.unresolved) or "-"
    percent = f"{100 * codes.resolved:.0f}"
    return text("cli.map.codes", column=codes.column, list=codes.list, percent=percent, unresolved=unresolved)


def _meant(mapping: DatasetMapping) -> str:
    match = mapping.match
    said = (("id", match.id), ("tag", match.tag), ("title", match.title), ("resource", match.resource))
    return "; ".join(f"{name}: {value}" for name, value in said if value is not None)


def _list_open(found: Sequence[Fitting], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        out.print(text("cli.map.open.none"))
        return
    rows = [
        (one.dataset[:12], one.title, one.file, one.standard, _sure(one.confidence), one.questions) for one in found
    ]
    print_table(text("cli.map.open.title"), ("id", "title", "file", "standard", "confidence", "questions"), rows)
    out.print(text("cli.map.open.how", name=found[0].dataset[:12]), highlight=False, markup=False)


def _kept(one: Remembered) -> dict[str, Any]:
    return {
        "source": one.source, "member": one.member, "contract": one.mapping.contract, "mapping": one.mapping,
        "by": one.by, "at": one.at,
    }  # fmt: skip


def _plain(found: Proposal) -> dict[str, Any]:
    best = found.best
    block = mapping_toml(best.mapping(found.match)) if best and best.standard and found.match else None
    return {
        "file": found.file, "dataset": found.dataset, "resource": found.resource, "title": found.title,
        "source": found.source.id if found.source is not None else None, "match": found.match,
        "current": found.current, "sure": best.sure if best is not None else False, "toml": block,
        "tables": found.tables,
    }  # fmt: skip
