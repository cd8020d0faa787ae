"""`lumbung questions`, `answer`: columns whose style a person must state, and the statement."""

from typing import Annotated, Any

import typer

from catalog import questions as asking
from core.db import session_scope
from core.messages import text
from hub.cli.acting import ByOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table


@app.command()
def questions(
    context: typer.Context,
    source: Annotated[str | None, typer.Option("--source", help="Hanya sumber ini.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Kolom yang cara penulisannya harus ditetapkan orang; kirimannya ditahan sampai dijawab."""
    with at_home(context) as granary, session_scope(granary.sessions) as session:
        found = asking.open_questions(session, source=source)
    rows: list[dict[str, Any]] = [
        {
            "resource": q.resource,
            "file": q.resource_name,
            "dataset": q.dataset,
            "title": q.dataset_title,
            "member": q.member,
            "source": q.source,
            "contract": q.contract,
            "column": q.column,
            "column_title": q.title,
            "examples": q.examples,
            "choices": q.choices,
            "remembered": q.remembered,
            "asked_at": q.asked_at,
        }
        for q in found
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(text("cli.questions.none"))
        return
    headers = ("id", "title", "source", "question_column", "example", "choices")
    shown = [
        (r["resource"][:12], r["title"], r["source"], r["column"], r["examples"], " · ".join(r["choices"]))
        for r in rows
    ]
    print_table(text("cli.questions.title"), headers, shown)
    first = rows[0]
    out.print(text("cli.questions.how", resource=first["resource"][:12], column=first["column"]), highlight=False)
    for choice in sorted({choice for row in rows for choice in row["choices"]}):
        out.print(f"  {choice}: {text(f'cli.questions.choice.{choice}')}", highlight=False, markup=False)


@app.command()
def answer(
    context: typer.Context,
    resource: Annotated[str, typer.Argument(help="Nomor sumber daya (atau awalnya) dari `lumbung questions`.")],
    column: Annotated[str, typer.Argument(help="Nama kolom seperti tertulis pada pertanyaan.")],
    style: Annotated[str, typer.Argument(help="dmy, mdy, atau ymd untuk tanggal; id atau en untuk angka.")],
    reason: Annotated[str, typer.Option("--reason", help="Dasar jawaban; dicatat dalam jejak audit.")],
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Menetapkan cara penulisan sebuah kolom bagi sumbernya; panen berikut menerima kiriman yang ditahan."""
    with at_home(context) as granary:
        settled = asking.answer(
            granary.sessions,
            resource,
            column,
            style.lower(),
            reason=reason,
            actor=acting(granary, by),
            now=granary.clock(),
        )
    if as_json:
        print_json(
            {
                "source": settled[0].source,
                "contract": settled[0].contract,
                "column": settled[0].column,
                "style": style.lower(),
                "resources": [q.resource for q in settled],
            }
        )
        return
    done = text("cli.answer.done", column=settled[0].column, source=settled[0].source, files=len(settled))
    out.print(done, highlight=False)
