"""`lumbung datasets`, `rows`, `runs`, `rebuild`: looking at the catalogue, and making again what is derived."""

import re
import sys
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import typer

from catalog import compaction, current, maintenance, query, relations
from catalog.query import DatasetFilter, RunFilter
from core import cursors
from core.access import SYSTEM, scope, scope_text
from core.arrow import ARROW
from core.clock import aware
from core.contract import Classification, ColumnType
from core.db import session_scope
from core.duck import Duck
from core.messages import text
from core.rows import TRUE, Compare, Filter, Op, Relation, RowQuery, Scope, all_of
from core.rows_check import MAX_FIRST
from core.spreadsheet import formula_like
from hub.cli.app import JsonOption, app, at_home
from hub.cli.output import out, print_json, print_table
from services.granary import Granary
from services.intake import replay

_PAGE = MAX_FIRST


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def standing(resources: Sequence[Mapping[str, Any]]) -> tuple[list[str] | str, list[str] | str]:
    """What a dataset's files follow, and what became of them: each standard and verdict once, not the first file's."""
    standards = list(dict.fromkeys(r["contract"] for r in resources if r["contract"]))
    verdicts = list(dict.fromkeys(text(f"verdict.{r['verdict'] or 'none'}") for r in resources))
    return standards or text("dataset.unmapped"), verdicts or "—"


@app.command()
def datasets(
    context: typer.Context,
    search: Annotated[str | None, typer.Option("--search", help="Kata dalam judul, nama, tag, atau catatan.")] = None,
    member: Annotated[str | None, typer.Option("--member")] = None,
    source: Annotated[str | None, typer.Option("--source")] = None,
    contract: Annotated[str | None, typer.Option("--contract", help="Standar data.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Daftar dataset dalam katalog bersama."""
    wanted = DatasetFilter(text=search, member=member, source=source, contract=contract)
    with at_home(context) as granary, session_scope(granary.sessions) as session:
        total = query.count_datasets(session, SYSTEM, wanted)
        found = query.datasets(session, SYSTEM, wanted, first=limit).items
        resources = query.resources(session, SYSTEM, [d.id for d in found])
        rows: list[dict[str, Any]] = [
            {
                "id": d.id,
                "title": d.title,
                "member": d.member,
                "organisation": d.organisation_title or d.organisation,
                "source": d.source,
                "state": d.state,
                "classification": d.classification,
                "modified": d.modified,
                "resources": [
                    {
                        "id": r.id,
                        "name": r.name,
                        "format": r.format,
                        "contract": r.contract,
                        "verdict": r.last_verdict,
                        "rows": r.rows,
                        "seq": r.current_seq,
                    }
                    for r in resources[d.id]
                ],
            }
            for d in found
        ]
    if as_json:
        print_json({"total": total, "datasets": rows})
        return
    shown = [
        (
            row["id"][:10],
            row["title"],
            row["member"],
            *standing(row["resources"]),
            sum(r["rows"] or 0 for r in row["resources"]),
        )
        for row in rows
    ]
    title = text("cli.datasets.title", shown=len(rows), total=total)
    print_table(title, ("id", "title", "member", "contract", "verdict", "rows"), shown)


@app.command()
def runs(
    context: typer.Context,
    source: Annotated[str | None, typer.Option("--source")] = None,
    member: Annotated[str | None, typer.Option("--member")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Panen yang telah dan sedang berjalan, yang terbaru di atas."""
    with at_home(context) as granary, session_scope(granary.sessions) as session:
        found = query.runs(session, SYSTEM, RunFilter(source=source, member=member), first=limit).items
        rows: list[dict[str, Any]] = [
            {
                "id": r.id,
                "source": r.source,
                "member": r.member,
                "state": r.state,
                "started": r.started,
                "ended": r.ended,
                "resumes": r.resumes,
                "counts": r.counts,
                "error": r.error,
                "errors": [
                    {"code": e.code, "values": e.values, "at": e.at}
                    for e in query.errors(session, SYSTEM, r.id, first=20).items
                ],
            }
            for r in found
        ]
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            r["started"],
            r["source"],
            text(f"run.state.{r['state']}"),
            r["counts"].get("snapshots"),
            r["counts"].get("rows_published"),
            r["counts"].get("rows_quarantined"),
            len(r["errors"]),
        )
        for r in rows
    ]
    headers = ("started", "source", "state", "snapshots", "rows_published", "rows_quarantined", "errors")
    print_table(text("cli.runs.title"), headers, shown)


def _as_of(value: str | None) -> int | datetime | None:
    if value is None:
        return None
    if re.fullmatch(r"\d{1,18}", value):
        return int(value)
    try:
        return aware(datetime.fromisoformat(value))
    except ValueError as error:
        raise typer.BadParameter(text("cli.rows.as_of", value=value)) from error


def _typed(value: str, kind: ColumnType) -> Any:
    match kind:
        case ColumnType.INTEGER:
            return int(value)
        case ColumnType.NUMBER:
            return float(value)
        case ColumnType.BOOLEAN:
            return value.lower() in {"true", "1", "ya"}
        case ColumnType.DATE:
            return datetime.fromisoformat(value).date()
        case ColumnType.MOMENT:
            return aware(datetime.fromisoformat(value))
        case ColumnType.TEXT:
            return value


def _filter(relation: Relation, conditions: list[str]) -> Filter:
    types = dict(relation.columns)
    parts: list[Filter] = []
    for condition in conditions:
        name, sign, value = condition.partition("=")
        if not sign:
            raise typer.BadParameter(text("cli.rows.where", value=condition))
        try:
            parts.append(Compare(name, Op.EQ, _typed(value, types.get(name, ColumnType.TEXT))))
        except ValueError as error:
            raise typer.BadParameter(text("cli.rows.where", value=condition)) from error
    return all_of(parts) if parts else TRUE


def _found(granary: Granary, name: str, as_of: int | datetime | None) -> tuple[Relation, Scope]:
    """A contract's rows, or the text rows of the dataset whose id begins so."""
    with session_scope(granary.sessions) as session:
        if name in granary.contracts:
            contract = granary.contracts[name]
            return relations.relation(session, granary.store, contract, as_of, actor=SYSTEM), scope(SYSTEM, contract)
        dataset = query.dataset_named(session, SYSTEM, name)
        relation = relations.text_relation(session, granary.store, dataset_id=dataset.id, as_of=as_of)
        columns = [c for c, _ in relation.columns]
        return relation, scope_text(SYSTEM, Classification(dataset.classification), dataset.member, columns)


@app.command()
def rows(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Standar data, atau awal id dataset.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="Nomor versi (seq) atau saat ISO.")] = None,
    where: Annotated[list[str] | None, typer.Option("--where", help="kolom=nilai; dapat diulang.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Kosong: semua (tabel: 50).")] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Berkas tujuan; kosong: layar.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Baris standar data atau dataset, keadaan kini atau pada saat tertentu."""
    chosen = Format.JSON if as_json else format_
    with at_home(context) as granary:
        relation, seen = _found(granary, name, _as_of(as_of))
        duck = Duck([granary.settings.folder("snapshots")])
        try:
            wanted = (limit or 50) if chosen is Format.TABLE else limit
            table = _read(duck, relation, seen, _filter(relation, where or []), wanted)
        finally:
            duck.close()
        measured = {c.name for c in granary.contracts[name].columns if c.unit} if name in granary.contracts else set()
    _write(table, chosen, output, title=text("cli.rows.title", name=name, seq=relation.seq), measured=measured)


def _read(duck: Duck, relation: Relation, seen: Scope, where: Filter, limit: int | None) -> pa.Table:
    columns = (*(c for c, _ in relation.columns), "_member", "_source", "_snapshot", "_row")
    pages: list[pa.Table] = []
    after: str | None = None
    left = limit
    while left is None or left > 0:
        first = _PAGE if left is None else min(left, _PAGE)
        asked = RowQuery(relation, columns, seen, where, first=first, after=after)
        page = duck.page(asked, deadline=60.0)
        pages.append(pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in page.rows], _schema(asked)))
        if left is not None:
            left -= len(page.rows)
        if not page.has_next:
            break
        after = cursors.encode(asked, page.places[-1])
    return pa.concat_tables(pages)


def _schema(asked: RowQuery) -> pa.Schema:
    return pa.schema([(name, ARROW[asked.types[name]]) for name in asked.columns])


def _unformulated(table: pa.Table) -> pa.Table:
    """Text that a spreadsheet would run as a formula gets an apostrophe; only exports do this (F28)."""
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            values = [f"'{v}" if v and formula_like(v) else v for v in table.column(i).to_pylist()]
            table = table.set_column(i, field, pa.array(values, pa.string()))
    return table


def shown_row(row: Mapping[str, Any], measured: Set[str]) -> tuple[Any, ...]:
    """A row for a person: what is counted or measured with its thousands marked, years and row numbers as they are."""
    return tuple(str(v) if isinstance(v, int) and name not in measured else v for name, v in row.items())


def _write(table: pa.Table, chosen: Format, output: Path | None, *, title: str, measured: Set[str]) -> None:
    if chosen is Format.TABLE:
        print_table(title, table.column_names, (shown_row(row, measured) for row in table.to_pylist()), named=True)
        out.print(text("cli.rows.shown", count=table.num_rows), style="dim")
        return
    if chosen is Format.JSON:
        print_json(table.to_pylist())
        return
    sink: Any = str(output) if output else sys.stdout.buffer
    if chosen is Format.CSV:
        pa_csv.write_csv(_unformulated(table), sink)
    else:
        pq.write_table(table, sink, compression="zstd")


@app.command()
def rebuild(context: typer.Context, as_json: JsonOption = False) -> None:
    """Memeriksa semua versi, memulihkan yang hilang atau rusak dari berkas aslinya, dan membuang berkas sisa."""
    with at_home(context) as granary, TemporaryDirectory(dir=granary.staging) as folder:
        made = replay.rebuild(granary, Path(folder))
        segments, unmade = compaction.restore(granary.sessions, granary.store)
        compaction.forget(granary.sessions, now=granary.clock())
        swept = maintenance.sweep_orphans(granary.sessions, granary.store)
        returned = maintenance.sweep_orphans(granary.sessions, granary.returned, quarantine=True)
        leftovers = granary.landing.sweep()
        tables = []
        if not (made.lost or unmade):
            tables = current.rebuild(granary.sessions, granary.store, most=granary.settings.current_rows_max)
    answer = {
        "checked": made.checked,
        "restored": list(made.rebuilt),
        "failed": list(made.lost),
        "segments": segments,
        "segments_failed": unmade,
        "tables": len(tables),
        "tables_changed": sum(not table.same for table in tables),
        "swept": swept.files + returned.files + leftovers,
    }
    if as_json:
        print_json(answer)
    else:
        shown = {**answer, "restored": len(made.rebuilt), "failed": len(made.lost)}
        out.print(text("cli.rebuild.done", **shown))
        out.print(text("cli.rebuild.segments", segments=segments, failed=unmade))
        out.print(text("cli.rebuild.tables", tables=answer["tables"], changed=answer["tables_changed"]))
    if made.lost or unmade:
        raise typer.Exit(1)
