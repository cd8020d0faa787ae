"""`lumbung scores`: measures of quality per dataset, source, dinas, member and province, and what is behind them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from catalog import query
from catalog.writing import reading
from core.access import SYSTEM
from core.clock import zone
from core.messages import text
from hub.cli.app import JsonOption, at_home
from hub.cli.app import app as root
from hub.cli.output import out, print_json, print_table
from quality import mqa
from quality.gates import gates
from quality.score import Dimension, Gate, Level, Measure, Scorecard, Week
from services.granary import Granary
from services.review import matrix as owing
from services.review import measure
from services.review.described import descriptions
from services.review.opens import broken_rules, opened
from services.review.titles import titles

app = typer.Typer(help="Skor mutu data menurut hitungan; setiap angka dapat dibuka sampai ke barisnya.")
root.add_typer(app, name="scores")

WeekOption = Annotated[str | None, typer.Option("--week", help="Minggu ISO, misalnya 2026-W47; kosong: minggu ini.")]
MemberOption = Annotated[str | None, typer.Option("--member", help="Hanya anggota ini, misalnya 33.21.")]


@contextmanager
def _opened(context: typer.Context) -> Iterator[tuple[Granary, Session]]:
    with at_home(context) as granary, reading(granary.sessions) as session:
        yield granary, session


def _week(granary: Granary, said: str | None) -> Week:
    return Week.parse(said) if said else Week.of(granary.clock(), zone(granary.settings.timezone))


@app.callback(invoke_without_command=True)
def scores(
    context: typer.Context,
    member: MemberOption = None,
    week: WeekOption = None,
    level: Annotated[Level | None, typer.Option("--level", help="Kosong: anggota; dengan --member: dataset.")] = None,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=measure.WEEKS, help="Sampai berapa minggu.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Skor mutu per dataset, sumber, dinas, anggota, atau provinsi: berapa yang lulus dari yang diperiksa."""
    if context.invoked_subcommand is not None:
        return
    chosen = level or (Level.DATASET if member else Level.MEMBER)
    with _opened(context) as (granary, session):
        measure.close_weeks(granary, now=granary.clock())
        asked = _week(granary, week)
        found = measure.series(
            granary, session, asked, now=granary.clock(), levels=[chosen], member=member, weeks=weeks
        )
    cards = [card for one in found for card in one.cards if card is not None]
    if as_json:
        print_json({"week": str(asked), "level": chosen, "scores": [_plain(card) for card in cards]})
        return
    if not cards:
        out.print(text("cli.scores.none", week=asked))
        return
    heads = [text(f"report.dimension.{d.value}") for d in Dimension]
    fine = chosen is Level.DATASET
    first = [text("cli.column.id"), text("cli.column.title")] + ([text("cli.scores.week")] if weeks > 1 else [])
    rows = (
        (
            card.id[:10] if fine else card.id,
            card.title,
            *([str(card.week)] if weeks > 1 else []),
            *(share(card.dimensions.get(d)) for d in Dimension),
            *([_gates_passed(card)] if fine else []),
            _points(card.mqa),
        )
        for card in cards
    )
    title = text("cli.scores.title", level=text(f"score.level.{chosen.value}"), week=asked)
    print_table(title, [*first, *heads, *([text("cli.scores.gates")] if fine else []), "MQA"], rows, named=True)
    out.print(text("cli.scores.how"), style="dim", highlight=False, markup=False)


def share(found: Measure | None) -> str:
    """A measure as people read it: percent, never rounded up to what was not reached, and how many did not pass."""
    if found is None or not found.measured:
        return text("score.unmeasured")
    whole, tenth = divmod(found.passed * 1000 // found.measured, 10)
    failed = found.measured - found.passed
    if not failed:
        return text("score.share.all", whole=whole, tenth=tenth)
    message = "score.share.confirmed" if found.confirmed else "score.share"
    return text(message, whole=whole, tenth=tenth, failed=failed, confirmed=found.confirmed)


def _passed(passed: bool | None) -> str:
    if passed is None:
        return text("score.unmeasured")
    return text("cli.yes") if passed else text("cli.no")


def _gates_passed(card: Scorecard) -> str:
    known = [passed for passed in card.gates.values() if passed is not None]
    return f"{sum(known)}/{len(Gate)}" if known else text("score.unmeasured")


def _points(points: int | None) -> str:
    if points is None:
        return text("score.unmeasured")
    return f"{points} ({text(f'score.band.{mqa.band(points).value}')})"


def _plain(card: Scorecard) -> dict[str, Any]:
    return {
        "level": card.level,
        "id": card.id,
        "title": card.title,
        "week": str(card.week),
        "dimensions": {d.value: _counts(card.dimensions.get(d)) for d in Dimension},
        "gates": {g.value: card.gates.get(g) for g in Gate},
        "mqa": None if card.mqa is None else {"points": card.mqa, "of": mqa.MOST, "band": mqa.band(card.mqa)},
    }


def _counts(found: Measure | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "passed": found.passed, "measured": found.measured, "confirmed": found.confirmed, "share": found.share,
        "opens": found.opens,
    }  # fmt: skip


@app.command("opens")
def opens(
    context: typer.Context,
    dimension: Annotated[Dimension, typer.Argument(help="Dimensi mutu.")],
    id_: Annotated[str, typer.Option("--id", help="Dataset, sumber, ANGGOTA/DINAS, anggota, atau provinsi.")],
    level: Annotated[Level, typer.Option("--level")] = Level.DATASET,
    week: WeekOption = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Kosong: semua (tabel: 50).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Baris, sel, atau periode yang tidak lulus di balik sebuah angka."""
    with _opened(context) as (granary, session):
        asked, now = _week(granary, week), granary.clock()
        moment = min(asked.bounds(zone(granary.settings.timezone))[1], now)
        found = opened(granary, session, dimension, level, id_, moment=moment)
        lines = list(islice(found, limit if as_json else limit or 50))
        left = 0 if as_json or limit else sum(one.count for one in found)
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    if not lines:
        out.print(text("cli.scores.opens.none", week=asked))
        return
    heads = ("title", "file", "row", "rule", "value", "why", "count")
    rows = ((one.title, one.file, one.row, one.rule, one.value, one.message, one.count) for one in lines)
    title = text("cli.scores.opens.title", dimension=text(f"report.dimension.{dimension.value}"), id=id_, week=asked)
    print_table(title, [text(f"cli.column.{head}") for head in heads], rows, named=True)
    if left:
        out.print(text("cli.scores.opens.left", count=left), style="dim")


@app.command("why")
def why(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Awal nomor dataset.")],
    as_json: JsonOption = False,
) -> None:
    """Empat prinsip SDI dan 405 butir MQA sebuah dataset, masing-masing dengan sebabnya."""
    with _opened(context) as (granary, session):
        found = query.dataset_named(session, SYSTEM, dataset)
        now = granary.clock()
        week = Week.of(now, zone(granary.settings.timezone))
        mine = measure.parts(granary, session, [week], now=now, member=found.member)[week]
        codes = next((p.counts.get(Dimension.ACCURACY) for p in mine if p.dataset == found.id), None)
        described = descriptions(granary, session, [found.id])[found.id]
        broken = broken_rules(granary, session, found.id, now)
        name, title = found.id, titles(granary, session, [found.id])[found.id]
    judged, points = gates(described, codes), mqa.points(described)
    if as_json:
        print_json({
            "dataset": name,
            "title": title,
            "rules": {rule: {"failed": failed, "measured": looked} for rule, (failed, looked) in broken.items()},
            "gates": [{"gate": j.gate, "passed": j.passed, "reasons": j.texts()} for j in judged],
            "mqa": {
                "points": mqa.score(points), "of": mqa.MOST, "band": mqa.band(mqa.score(points)), "source": mqa.SOURCE,
                "items": [{"name": p.name, "theme": p.theme, "points": p.points, "met": p.met, "why": p.text()}
                          for p in points],
            },
        })  # fmt: skip
        return
    rows = [(text(f"score.gate.{j.gate.value}"), _passed(j.passed), " ".join(j.texts()) or "—") for j in judged]
    print_table(title, _heads(("gate", "passed", "why")), rows, named=True)
    if broken:
        failed = ((rule, count, looked) for rule, (count, looked) in broken.items())
        print_table(text("cli.scores.rules"), _heads(("rule", "failed", "measured")), failed, named=True)
    items = [(text(f"score.theme.{p.theme.value}"), p.text(), f"{p.given}/{p.points}") for p in points]
    of = text(
        "cli.scores.mqa",
        points=mqa.score(points),
        most=mqa.MOST,
        band=text(f"score.band.{mqa.band(mqa.score(points)).value}"),
    )
    print_table(of, _heads(("theme", "what", "points")), items, named=True)
    out.print(text("cli.scores.mqa.source", source=mqa.SOURCE), style="dim", highlight=False)


@app.command("matrix")
def matrix(
    context: typer.Context,
    member: MemberOption = None,
    periods: Annotated[int, typer.Option("--periods", min=1, max=400, help="Berapa periode terakhir.")] = 6,
    as_json: JsonOption = False,
) -> None:
    """Daftar data terhadap yang datang: setiap dataset per periode, tepat waktu, terlambat, ditahan, atau belum ada."""
    with _opened(context) as (granary, session):
        found = owing.matrix(granary, session, now=granary.clock(), member=member, most=periods)
    together = owing.complete(found)
    if as_json:
        lines = [asdict(line.row) | {"listed": line.listed, "cells": dict(line.row.cells)} for line in found]
        counted = None if together is None else {"passed": together.passed, "measured": together.measured}
        print_json({"complete": counted, "rows": lines})
        return
    if not found:
        out.print(text("cli.scores.matrix.none"))
        return
    rows = (
        (line.row.member, line.row.title, line.row.every, text("cli.yes") if line.listed else text("cli.no"),
         " · ".join(f"{name} {text(f'report.cell.{cell.value}')}" for name, cell in line.row.cells) or "—")
        for line in found
    )  # fmt: skip
    heads = [*_heads(("member", "title")), *(text(f"cli.scores.matrix.{n}") for n in ("every", "listed", "periods"))]
    print_table(text("cli.scores.matrix.title", complete=share(together)), heads, rows, named=True)
    if not all(line.listed for line in found):
        out.print(text("cli.scores.matrix.unlisted"), style="dim", highlight=False)


def _heads(names: Iterable[str]) -> list[str]:
    return [text(f"cli.column.{name}") for name in names]
