"""What committed files hold for the SQL table of current rows: the rows that count, and what they end.

Values come in the form that the database stores (`catalog/current_table.stored`); putting them in is left to
`catalog/current.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from catalog.current_table import OWN, kinds_of, stored
from catalog.packing import NOW
from catalog.store import SnapshotStore
from catalog.tables import GLOB, Shape, Workbench
from core.rows import Packed
from core.rows_duckdb import live_rows, quoted
from core.storage_errors import storage_errors


class RowSource(Workbench):
    """What files hold, in the form that the database stores."""

    def __init__(self, store: SnapshotStore, dialect: str) -> None:
        super().__init__(store.folder)
        self._dialect = dialect

    def _query(self, files: Sequence[Packed], shape: Shape) -> tuple[str, list[object]]:
        params: list[object] = []
        bind = _binder(params)
        live = live_rows(bind, files, dict(shape.columns), NOW, own=tuple(OWN))
        picked = ", ".join(f"{stored(n, kind, self._dialect)} AS {quoted(n)}" for n, kind in kinds_of(shape).items())
        return f"SELECT {picked} FROM ({live}) ORDER BY _snapshot, _ord", params

    def rows(self, files: Sequence[Packed], shape: Shape) -> list[list[Any]]:
        """The rows that count of some files, column by column."""
        sql, params = self._query(files, shape)
        with storage_errors(self._scratch):
            table = self._db.sql(sql, params=params).to_arrow_table()
        return [column.to_pylist() for column in table.columns]

    def chunks(self, files: Sequence[Packed], shape: Shape, size: int) -> Iterator[list[list[Any]]]:
        """The same in chunks of so many rows."""
        sql, params = self._query(files, shape)
        with storage_errors(self._scratch):
            for batch in self._db.sql(sql, params=params).to_arrow_reader(size):
                yield [column.to_pylist() for column in batch.columns]

    def ended(self, files: Sequence[Packed], shape: Shape) -> tuple[list[tuple[str, str, int]], list[tuple[int, int]]]:
        """What some files end: whole streams (resource, stream, from which commit on) and single rows."""
        params: list[object] = []
        bind = _binder(params)
        marks = [f for f in files if f.closings or f.wholes]
        paths = [bind(GLOB.sub(r"[\1]", str(f.path))) for f in marks]
        sources = " UNION ALL ".join(
            f"SELECT _resource, _stream, _snapshot + {f.base} AS _snapshot, _closes_seq, _closes_ord "
            f"FROM read_parquet({path}) WHERE _closes_seq IS NOT NULL"
            for f, path in zip(marks, paths, strict=True)
        )
        if not sources:
            return [], []
        with storage_errors(self._scratch):
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE ends AS {sources}", params)
            wholes = self._db.execute(
                "SELECT _resource, _stream, max(_snapshot) FROM ends WHERE _closes_ord IS NULL "
                "GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            singles = self._db.execute(
                "SELECT _closes_seq, _closes_ord FROM ends WHERE _closes_ord IS NOT NULL ORDER BY ALL"
            ).fetchall()
        return [(str(r), str(s), int(n)) for r, s, n in wholes], [(int(a), int(b)) for a, b in singles]


def _binder(params: list[object]) -> Callable[..., str]:
    def bind(value: object, sql_type: str | None = None) -> str:
        params.append(value)
        return f"${len(params)}" if sql_type is None else f"CAST(${len(params)} AS {sql_type})"

    return bind
