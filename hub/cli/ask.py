"""`lumbung ask`: named questions at the command line, the table of `/tanya` on a screen or in a file."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from core.messages import text
from federation.live.node import LiveLimits
from federation.live.scatter import Live
from gateway.answering import Asker, Table
from gateway.context import Context
from gateway.export_errors import AskUnknown
from gateway.offload import Deadline, Offload
from gateway.questions import Question, read
from gateway.schema import make_schema
from gateway.trusted import FOLDER, SHIPPED
from hub.cli.acting import ByOption, TokenOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table
from hub.home import services_of
from services.granary import Granary


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def ask(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Nama pertanyaan; kosong: daftarnya.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Tulis jawabannya ke buku kerja ini.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Tulis jawabannya ke berkas CSV ini.")] = None,
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mengajukan pertanyaan yang sudah disiapkan; isiannya ditulis sebagai --isian nilai."""
    given = _given(context.args)
    with at_home(context) as granary:
        questions = {q.name: q for q in read((SHIPPED, granary.settings.home / FOLDER))}
        if name is None:
            _listed(list(questions.values()), as_json=as_json)
            return
        if name not in questions:
            raise AskUnknown(name=name)
        table = _asked(granary, questions[name], given, by, token_env)
    for path, made in ((xlsx, table.as_xlsx), (csv, table.as_csv)):
        if path is not None:
            path.write_bytes(made())
            if not as_json:
                done = text("cli.ask.written", file=path, rows=len(table.rows))
                out.print(done, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        print_json(table.as_json())
    elif xlsx is None and csv is None:
        _shown(table)


def _asked(granary: Granary, question: Question, given: dict[str, str], by: str | None, token_env: str | None) -> Table:
    live = Live(LiveLimits.of(granary.settings))
    services = replace(services_of(granary), live=live)
    offload = Offload(services.sessions, sql=2, duck=services.duck.size)
    actor = acting(granary, by, token_env)

    async def answered() -> Table:
        context = Context(services, offload, Deadline(granary.settings.query_seconds), actor)
        try:
            return await Asker(make_schema(granary.contracts)).ask(context, question, given)
        finally:
            await live.close()

    try:
        return asyncio.run(answered())
    finally:
        offload.close()
        services.duck.close()


def _given(options: list[str]) -> dict[str, str]:
    """The fields among the options that no command knows: `--name value` or `--name=value`."""
    given: dict[str, str] = {}
    rest = iter(options)
    for option in rest:
        name, equals, value = option.removeprefix("--").partition("=")
        found = value if equals else next(rest, None)
        if not option.startswith("--") or found is None:
            raise typer.BadParameter(text("cli.ask.option", option=option))
        given[name.replace("-", "_")] = found
    return given


def _listed(questions: list[Question], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"name": q.name, "topic": str(q.topic), "title": str(q.title), "fields": [f.name for f in q.fields]}
                for q in questions
            ]
        )
        return
    heads = [text(f"cli.ask.{head}") for head in ("topic", "name", "question", "fields")]
    rows = [(q.topic, q.name, q.title, " ".join(f"--{f.name}" for f in q.fields)) for q in questions]
    print_table(text("cli.ask.title"), heads, rows, named=True)
    out.print(text("cli.ask.how"), highlight=False, markup=False)


def _shown(table: Table) -> None:
    for problem in table.problems:
        out.print(problem, style="yellow", highlight=False, markup=False)
    if not table.rows:
        out.print(text("question.none"), highlight=False)
        return
    print_table(str(table.question.title), [h.title for h in table.columns], table.cells(), named=True)
    if table.more:
        out.print(text("question.more"), style="dim", highlight=False)
