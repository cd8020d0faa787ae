"""`lumbung queries trust|list`: documents that may be asked for by their id, or that alone may be run."""

from pathlib import Path
from typing import Annotated

import typer
from graphql import GraphQLError

from core import audit
from core.db import session_scope
from core.messages import text
from gateway import trusted
from gateway.documents import Documents, Refused
from gateway.errors import known
from gateway.schema import make_schema
from hub.cli.acting import ByOption, acting
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table

queries_app = typer.Typer(no_args_is_help=True, help="Dokumen GraphQL tepercaya.")
app.add_typer(queries_app, name="queries")


@queries_app.command()
def trust(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Berkas .graphql.", exists=True, dir_okay=False)],
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mendaftarkan sebuah dokumen; hub yang sedang berjalan mengenalnya dalam beberapa detik."""
    query = file.read_text(encoding="utf-8", errors="replace")
    id_ = trusted.digest(query)
    with at_home(context) as granary:
        schema = make_schema(granary.contracts)._schema
        try:
            Documents(schema, introspection=True).read(query)
        except Refused as refused:
            error = refused.errors[0]
            raise known(error) if isinstance(error, GraphQLError) else error from None
        kept = granary.settings.folder(trusted.FOLDER) / f"{file.stem}-{id_[:8]}.graphql"
        half = kept.with_suffix(".half")  # a serving hub may be looking at the folder
        half.write_text(query, encoding="utf-8")
        half.replace(kept)
        with session_scope(granary.sessions, write=True) as session:
            actor = acting(granary, by)
            audit.record(session, actor, "document.trusted", id_, {"name": file.stem}, now=granary.clock())
    if as_json:
        print_json({"id": id_, "name": file.stem})
    else:
        out.print(text("cli.queries.trusted", name=file.stem, id=id_), highlight=False, soft_wrap=True)


@queries_app.command("list")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """Dokumen yang dapat diminta dengan nomornya: bawaan, dan yang didaftarkan."""
    with at_home(context) as granary:
        found = list(trusted.read((trusted.SHIPPED, granary.settings.home / trusted.FOLDER)))
    if as_json:
        print_json([{"id": d.id, "name": d.name, "title": d.title} for d in found])
    else:
        print_table(text("cli.queries.title"), ("id", "title"), [(d.id, d.title) for d in found])
