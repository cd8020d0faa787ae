"""`lumbung map words`: what a source's own words mean in columns of codes, asked once and then remembered."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from core.messages import text
from hub.cli.acting import ByOption, ReasonOption, TokenOption, acting
from hub.cli.app import JsonOption, at_home
from hub.cli.mapping import FileOption, SourceOption, map_app
from hub.cli.output import out, print_json, print_table
from quality.harmonise.meant import Word
from services import mapping_words
from services.errors import MappingAnswerInvalid


@map_app.command("words")
def map_words(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Dataset; kosong: semua yang memuat kata belum dikenal.")] = None,
    source: SourceOption = None,
    file: FileOption = None,
    said: Annotated[
        list[str] | None, typer.Option("--set", help="kolom:KATA=kode; kode kosong melupakannya. Boleh berulang.")
    ] = None,
    as_suggested: Annotated[bool, typer.Option("--as-suggested", help="Semua usulan dinyatakan benar.")] = False,
    reason: ReasonOption = "",
    by: ByOption = None,
    token_env: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Kata pada kolom berkode yang tidak ada dalam daftarnya: diusulkan artinya, dipastikan orang, lalu diingat."""
    with at_home(context) as granary:
        if name is None:
            _show_asked(mapping_words.asked(granary, source), as_json=as_json)
            return
        found, words = mapping_words.words(granary, name, source=source, file=file)
        answers = _pairs(said or ())
        if as_suggested:
            for word in words:
                if word.how == "suggested" and word.value is not None:
                    answers.setdefault(word.column, {}).setdefault(word.word, word.value)
        if not answers:
            _show(name, words, as_json=as_json)
            return
        done = mapping_words.teach(granary, found, answers, actor=acting(granary, by, token_env), reason=reason)
        path = granary.registry.files[done.member]
    if as_json:
        print_json({"source": done.source, "values": done.mapping.values, "file": path})
        return
    count = sum(map(len, answers.values()))
    out.print(text("cli.map.words.done", count=count, source=done.source, path=path), highlight=False, markup=False)
    out.print(text("cli.map.next", source=done.source), highlight=False, markup=False, style="dim")


def _pairs(said: Sequence[str]) -> dict[str, dict[str, str]]:
    out_: dict[str, dict[str, str]] = {}
    for one in said:
        where, equals, value = one.rpartition("=")
        column, colon, word = where.partition(":")
        if not equals or not colon or not column.strip() or not word.strip():
            raise MappingAnswerInvalid(answer=one, choices=text("cli.map.words.pair"))
        out_.setdefault(column.strip(), {})[word.strip()] = value.strip()
    return out_


def _show_asked(found: Sequence[mapping_words.Asked], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        out.print(text("cli.map.words.none"))
        return
    rows = [(one.dataset[:12], one.title, one.file, title, said) for one in found for title, said in one.words.items()]
    print_table(text("cli.map.words.open"), ("id", "title", "file", "column_title", "words"), rows)
    _how(found[0].dataset[:12])


def _show(name: str, words: Sequence[Word], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in words])
        return
    if not words:
        out.print(text("cli.map.words.none"))
        return
    rows = [
        (w.column, w.word, w.rows, f"{w.value} {w.name}".strip() if w.value is not None else "",
         text(f"cli.map.words.{w.how}"))
        for w in words
    ]  # fmt: skip
    print_table(text("cli.map.words.title"), ("column", "word", "rows", "meaning", "state"), rows)
    open_ = next((w for w in words if w.how != "confirmed"), None)
    if open_ is not None:
        _how(name, open_.column, open_.word)


def _how(name: str, column: str = "KOLOM", word: str = "KATA") -> None:
    said = text("cli.map.words.how", name=name, column=column, word=word)
    out.print(said, highlight=False, markup=False)
