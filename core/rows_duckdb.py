"""A row query as DuckDB SQL over its snapshot files; values are always bound, identifiers always quoted.

Every row gets its provenance from a manifest of the parts, joined by file name. What may be asked was checked
when the query was made (`core/rows_check.py`); running it is left to `core/duck.py`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.contract import ColumnType, Mode
from core.rows import PROVENANCE, All, AnyOf, Compare, Compiled, Filter, Not, Op, Packed, Part, RowQuery, Value
from core.rows_ended import NONE, PLAIN, Gone, name_of, number_of, place_of, scans_of
from core.rows_files import needed
from core.rows_names import Bind, explained, quoted_name

SQL_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.MOMENT: "TIMESTAMPTZ",
    ColumnType.BOOLEAN: "BOOLEAN",
}
_SIGNS = {Op.EQ: "=", Op.NE: "<>", Op.LT: "<", Op.LTE: "<=", Op.GT: ">", Op.GTE: ">="}
_FILE = "_lumbung_file"
_FACTS = tuple(c for c in PROVENANCE if c != "_row")
#: So many hidden streams are named one by one: cheaper than a join, which does not keep a file's order either.
NAMED = 200
_GLOB = re.compile(r"([*?\[])")
#: An identifier that can hold anything a header can.
quoted = quoted_name


@dataclass(slots=True)
class Statement:
    """The values bound so far; `bind` gives the place to write into the text."""

    types: dict[str, ColumnType]
    params: list[object] = field(default_factory=list)

    def bind(self, value: object, sql_type: str | None = None) -> str:
        """The place of a value, cast to a type if one is named."""
        self.params.append(value)
        return f"${len(self.params)}" if sql_type is None else f"CAST(${len(self.params)} AS {sql_type})"

    def where(self, part: Filter) -> str:
        """A filter as SQL that is null or false for rows that it does not hold for."""
        if isinstance(part, Compare):
            return self._compare(part)
        if isinstance(part, Not):
            return f"(NOT coalesce({self.where(part.part)}, false))"
        if not part.parts:
            return "true" if isinstance(part, All) else "false"
        return "(" + (" AND " if isinstance(part, All) else " OR ").join(map(self.where, part.parts)) + ")"

    def _compare(self, part: Compare) -> str:
        column, sql_type = quoted(part.column), SQL_TYPES[self.types[part.column]]
        if part.op is Op.IS_NULL:
            return f"({column} IS {'' if part.value else 'NOT '}NULL)"
        if isinstance(part.value, tuple):
            values = ", ".join(self.bind(v, sql_type) for v in part.value)
            return f"({column} IN ({values}))" if values else "false"
        value = self.bind(part.value, sql_type)
        if part.op in (Op.PREFIX, Op.CONTAINS):
            return f"{'starts_with' if part.op is Op.PREFIX else 'contains'}({column}, {value})"
        return f"({column} {_SIGNS[part.op]} {value})"


def _fact(part: Part, column: str) -> Value:
    return getattr(part, column.removeprefix("_"))  # type: ignore[no-any-return]  # Part's fields are typed


def _may_hold(where: Filter, part: Part) -> bool:
    """Whether a part can hold a matching row, by the facts that are the same for a whole resource."""
    if isinstance(where, All):
        return all(_may_hold(p, part) for p in where.parts)
    if isinstance(where, AnyOf):
        return any(_may_hold(p, part) for p in where.parts)
    if isinstance(where, Compare) and where.column in ("_member", "_source", "_dataset", "_resource"):
        if where.op is Op.EQ:
            return _fact(part, where.column) == where.value
        if where.op is Op.IN and isinstance(where.value, tuple):
            return _fact(part, where.column) in where.value
    return True


def _manifest(statement: Statement, parts: Iterable[Part]) -> str:
    """One row a part: its file and facts, bound as one list a column."""
    kept = tuple(parts)
    columns = [f"unnest({statement.bind([str(p.path) for p in kept], 'VARCHAR[]')}) AS {_FILE}"]
    for name in _FACTS:
        values = statement.bind([_fact(p, name) for p in kept], SQL_TYPES[PROVENANCE[name]] + "[]")
        columns.append(f"unnest({values}) AS {name}")
    return "SELECT " + ", ".join(columns)


def _source(statement: Statement, query: RowQuery, parts: Sequence[Part]) -> str:
    """All rows of some parts with their provenance; a column that a part was written without is null there."""
    relation = query.relation
    stored = (*relation.columns, ("_row", ColumnType.INTEGER))
    shape = [f"CAST(NULL AS {SQL_TYPES[kind]}) AS {quoted(name)}" for name, kind in stored]
    if relation.mode is Mode.UPSERT:
        shape.append("CAST(NULL AS BOOLEAN) AS _deleted")
    if not parts:
        facts = (f"CAST(NULL AS {SQL_TYPES[PROVENANCE[name]]}) AS {name}" for name in _FACTS)
        return f"SELECT {', '.join((*shape, *facts))} WHERE false"
    files = statement.bind([_GLOB.sub(r"[\1]", str(p.path)) for p in parts])
    names = ", ".join(f"f.{quoted(name)}" for name, _ in stored)
    if relation.mode is Mode.UPSERT:
        names += ", f._deleted"
    return (
        f"SELECT {names}, {', '.join(f'm.{name}' for name in _FACTS)} FROM ("
        f"SELECT {', '.join(shape)}, CAST(NULL AS VARCHAR) AS {_FILE} WHERE false UNION ALL BY NAME "
        f"SELECT * FROM read_parquet({files}, union_by_name = true, filename = '{_FILE}')"
        f") f JOIN ({_manifest(statement, parts)}) m ON f.{_FILE} = m.{_FILE}"
    )


#: What a packed file has beside a contract's columns and provenance.
OWN_COLUMNS = {
    "_stream": "VARCHAR", "_ord": "BIGINT", "_deleted": "BOOLEAN", "_to": "BIGINT",
    "_closes_seq": "BIGINT", "_closes_ord": "BIGINT",
}  # fmt: skip


def _paths(bind: Bind, files: Sequence[Packed]) -> str:
    return bind([_GLOB.sub(r"[\1]", str(f.path)) for f in files])


def _scan(bind: Bind, files: Sequence[Packed], types: Mapping[str, str], names: Sequence[str]) -> tuple[str, str]:
    """What to select some columns of some packed files from, and a row's own number there; its name is `f`.

    One scan of all files wherever it can be: each scan more costs a page a millisecond, each file more a third of that.
    """
    sources: list[tuple[str, str]] = []
    for complete in (True, False):
        some = [f for f in files if f.complete is complete]
        if not some:
            continue
        source = f"read_parquet({_paths(bind, some)}, union_by_name = {'false' if complete else 'true'})"
        if not complete:
            shape = ", ".join(f"CAST(NULL AS {types[n]}) AS {quoted(n)}" for n in dict.fromkeys((*names, "_snapshot")))
            source = (
                f"(SELECT {shape}, CAST(NULL AS UBIGINT) AS file_index WHERE false "
                f"UNION ALL BY NAME SELECT *, file_index FROM {source})"
            )
        sources.append((source, number_of(some)))
    if len(sources) == 1:
        return sources[0]
    picked = ", ".join(f"f.{quoted(n)}" for n in names if n != "_snapshot")
    union = " UNION ALL ".join(f"SELECT {picked}, {number} AS _snapshot FROM {source} f" for source, number in sources)
    return f"({union})", PLAIN


@dataclass(frozen=True, slots=True)
class _Live:
    """The rows of packed files that count: a selection named `f`, what is joined to it, conditions, and columns."""

    source: str
    joins: str
    where: str
    columns: dict[str, str]

    @property
    def plain(self) -> bool:
        """Whether the columns are the files' own, so that nothing needs to lie around the selection."""
        return not self.joins and all(text == f"f.{quoted(name)}" for name, text in self.columns.items())

    def __str__(self) -> str:
        columns = ", ".join(f"{text} AS {quoted(name)}" for name, text in self.columns.items())
        return f"SELECT {columns} FROM {self.source} f{self.joins} WHERE {self.where}"


def live_rows(
    bind: Bind,
    files: Sequence[Packed],
    columns: Mapping[str, ColumnType],
    seq: int,
    *,
    hidden: Sequence[str] = (),
    moved: Sequence[tuple[str, str]] = (),
    own: Sequence[str] = (),
) -> str:
    """The rows of packed files that count at a commit, with their provenance and the `own` columns asked for.

    A row counts from its snapshot on until the file's own `_to`, a row of another file that takes its place, or a
    later whole table of its stream.
    """
    asked = _Question(columns, seq, tuple(hidden), tuple(moved), tuple(dict.fromkeys((*columns, *PROVENANCE, *own))))
    return str(_live(bind, files, asked, files))


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of packed files, whichever of them: see `Relation`; `shown` are the columns to give."""

    columns: Mapping[str, ColumnType]
    seq: int
    hidden: tuple[str, ...]
    moved: tuple[tuple[str, str], ...]
    shown: tuple[str, ...]


def _live(
    bind: Bind,
    files: Sequence[Packed],
    asked: _Question,
    closing: Sequence[Packed],
    gone: Sequence[int] | None = None,
) -> _Live:
    """Rows of some files, ended by rows of `closing`, that count; what is known of all rows is not asked of each."""
    columns, shown = asked.columns, asked.shown
    types = {n: SQL_TYPES[k] for n, k in (*columns.items(), *PROVENANCE.items())} | OWN_COLUMNS
    if not files:
        return _Live("(SELECT 0)", "", "false", {n: f"CAST(NULL AS {types[n]})" for n in shown})
    source, number = _scan(bind, files, types, list(dict.fromkeys((*shown, "_stream", "_ord", "_deleted", "_to"))))
    at, where, joins = int(asked.seq), ["true"], ""
    if any(f.last is None or f.last > asked.seq for f in files):
        where.append(f"{number} <= {at}")
    if any(f.closings or f.wholes for f in files):
        where.append("NOT f._deleted")
    if any(f.ends for f in files):
        where.append(f"(f._to IS NULL OR f._to > {at})")
    if asked.hidden:
        named = len(asked.hidden) <= NAMED
        streams = (
            ", ".join(map(bind, asked.hidden)) if named else f"SELECT unnest({bind(list(asked.hidden), 'VARCHAR[]')})"
        )
        where.append(f"f._stream NOT IN ({streams})")
    ends = ("_stream", "_closes_seq", "_closes_ord")
    if whole := [f for f in closing if f.wholes]:
        marks, since = _scan(bind, whole, types, ends)
        joins += (
            f" LEFT JOIN (SELECT f._stream, max({since}) AS since FROM {marks} f WHERE f._closes_seq IS NOT NULL "
            f"AND f._closes_ord IS NULL AND {since} <= {at} GROUP BY f._stream) w ON w._stream = f._stream"
        )
        where.append(f"{number} >= coalesce(w.since, 0)")
    if gone is not None:
        joins += f" ANTI JOIN (SELECT unnest({bind(gone, 'BIGINT[]')}) AS ended) c ON c.ended = {place_of(files)}"
    elif single := [f for f in closing if f.closings]:
        marks, since = _scan(bind, single, types, ends)
        joins += (  # on one number: DuckDB is a third faster so
            f" ANTI JOIN (SELECT {name_of('f._closes_seq', 'f._closes_ord')} AS ended FROM {marks} f "
            f"WHERE f._closes_ord IS NOT NULL AND {since} <= {at}) c ON c.ended = {name_of(number, 'f._ord')}"
        )
    picked = {n: number if n == "_snapshot" else f"f.{quoted(n)}" for n in shown}
    if asked.moved and "_member" in picked:
        joins += (
            f" LEFT JOIN (SELECT unnest({bind([s for s, _ in asked.moved], 'VARCHAR[]')}) AS _stream, "
            f"unnest({bind([m for _, m in asked.moved], 'VARCHAR[]')}) AS member) o ON o._stream = f._stream"
        )
        picked["_member"] = "coalesce(o.member, f._member)"
    return _Live(source, joins, " AND ".join(where), picked)


def read_columns(query: RowQuery, *, placed: bool) -> set[str]:
    """The columns that a statement reads: shown, compared and, with `placed`, ordered by."""
    names = {c for c in query.columns if query.visible(c)} | compared(query.matching)
    return names | {o.column for o in query.total_order} if placed else names


def compared(where: Filter) -> set[str]:
    """The columns that a filter speaks about."""
    if isinstance(where, Compare):
        return {where.column}
    parts = (where.part,) if isinstance(where, Not) else where.parts
    return {name for part in parts for name in compared(part)}


def current(
    statement: Statement,
    query: RowQuery,
    wanted: Collection[str],
    *,
    paged: bool,
    apart: bool = False,
    gone: Gone = NONE,
) -> tuple[str, str]:
    """The wanted columns of the rows that count: what to select them from, and under which condition."""
    looked = [lookup for lookup in query.looked if lookup.name in wanted]
    own = {*wanted, *(lookup.of for lookup in looked)}
    source, counts = _counted(statement, query, own, paged=paged, apart=apart, gone=gone)
    if not looked:
        return source, counts
    return explained(statement.bind, looked, f"SELECT * FROM {source} WHERE {counts}"), "true"


def _counted(
    statement: Statement, query: RowQuery, wanted: Collection[str], *, paged: bool, apart: bool, gone: Gone
) -> tuple[str, str]:
    relation = query.relation
    shown = [n for n in (*(name for name, _ in relation.columns), *PROVENANCE) if n in wanted] or ["_row"]
    asked = _Question(
        dict(relation.columns), relation.seq, relation.hidden, relation.moved, (*shown, "_ord") if apart else (*shown,)
    )
    files = needed(query)
    without = [replace(f, closings=0) for f in files]
    scans = {(True, not apart): files} if relation.files else {}
    if not paged and files:
        scans = scans_of(files)
    lives = [
        _live(statement.bind, some, asked, files if joined else without, gone.get(tuple(some)) if joined else None)
        for (_, joined), some in scans.items()
    ]
    ranked = [_ranked(statement, query)] if relation.parts or not lives else []
    if len(lives) == 1 and not ranked and lives[0].plain:
        return f"{lives[0].source} f", lives[0].where
    return f"({' UNION ALL BY NAME '.join([*map(str, lives), *ranked])})", "true"


def _ranked(statement: Statement, query: RowQuery) -> str:
    """The rows of parts that count: all of them, or with UPSERT the newest of each key within its resource.

    A commit holds a key once (`catalog/tables.py` refuses another), so only resources with several parts are ranked:
    ranking 31,000 rows by five columns of text cost 33 of 49 ms.
    """
    # pruning here only spares opening files; the same predicate stands in the statement
    parts = [p for p in query.relation.parts if _may_hold(query.matching, p)]
    if query.relation.mode is not Mode.UPSERT:
        return _source(statement, query, parts)
    commits = Counter(p.resource for p in parts)
    single = [p for p in parts if commits[p.resource] == 1]
    several = [p for p in parts if commits[p.resource] > 1]
    sources: list[str] = []
    if single or not several:
        sources.append(f"SELECT *, 1 AS _lumbung_age FROM ({_source(statement, query, single)})")
    if several:
        key = ", ".join(quoted(c) for c in ("_resource", *query.relation.key))
        sources.append(
            f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY _snapshot DESC, _row DESC NULLS LAST) "
            f"AS _lumbung_age FROM ({_source(statement, query, several)})"
        )
    return f"SELECT * FROM ({' UNION ALL '.join(sources)}) WHERE _lumbung_age = 1 AND NOT coalesce(_deleted, false)"


def shown(query: RowQuery) -> list[str]:
    """The query's columns as SQL, masked ones null."""
    null = "CAST(NULL AS {}) AS {}"
    return [quoted(c) if query.visible(c) else null.format(SQL_TYPES[query.types[c]], quoted(c)) for c in query.columns]


def ordered(query: RowQuery) -> str:
    """The total order as SQL, nulls last, without the columns that the filter holds to one value.

    Backwards it is turned round, so that the last rows are found first.
    """
    steps = [o for o in query.total_order if o.column not in query.fixed] or query.total_order[-1:]
    nulls = "FIRST" if query.backwards else "LAST"
    return ", ".join(
        f"{quoted(o.column)} {'DESC' if o.descending is not query.backwards else 'ASC'} NULLS {nulls}" for o in steps
    )


def compile_duckdb(query: RowQuery, *, paged: bool = True, apart: int | None = None, places: bool = True) -> Compiled:
    """The page as one SELECT: the query's columns (masked ones null), then with `places` its total order.

    `paged` false leaves out the page size and the places, for an export of all matching rows in order. With `apart` the
    rows that a single row of another file ends are left in: the page is so many rows longer, `_ord` the last column.
    """
    statement = Statement(query.types)
    source, counts = current(statement, query, read_columns(query, placed=True), paged=True, apart=apart is not None)
    columns = shown(query)
    if paged:
        columns += [f"{quoted(o.column)} AS _place{i}" for i, o in enumerate(query.total_order) if places]
        columns += ["_ord"] if apart is not None else []
    where = f"{counts} AND {statement.where(query.remaining)}"
    sql = f"SELECT {', '.join(columns)} FROM {source} WHERE {where} ORDER BY {ordered(query)}"
    if paged:
        sql += f" LIMIT {query.first + 1 + (apart or 0)}"
    return Compiled(sql, tuple(statement.params))


def compile_count(query: RowQuery) -> Compiled:
    """How many rows match on all pages together: one row, one integer."""
    statement = Statement(query.types)
    source, counts = current(statement, query, compared(query.matching), paged=False)
    where = f"{counts} AND {statement.where(query.matching)}"
    return Compiled(f"SELECT count(*) FROM {source} WHERE {where}", tuple(statement.params))


def compile_source(query: RowQuery, bound: Sequence[object] = (), gone: Gone = NONE) -> Compiled:
    """Every matching row in no order, with all columns the actor may see: what aggregates are made over.

    With values that are `bound` already, it is the further part of a statement. Rows that are known to be `gone`
    (`Duck.gone`) are left out by their places, others are looked for.
    """
    statement = Statement(query.types, list(bound))
    source, counts = current(statement, query, read_columns(query, placed=False), paged=False, gone=gone)
    columns = ", ".join(quoted(c) for c in query.columns if query.visible(c))
    where = f"{counts} AND {statement.where(query.matching)}"
    return Compiled(f"SELECT {columns} FROM {source} WHERE {where}", tuple(statement.params))
