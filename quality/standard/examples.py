"""A standard's own examples, taken through the gate's own reading and rules: an example that fails teaches wrongly."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from core.contract import Column, Contract
from core.mapping import DatasetMapping, Match
from core.reference import CodeList
from quality import predicates
from quality.cast import AT, ROW, cast

_NOW = datetime(2026, 1, 1, tzinfo=UTC)  # only written into remarks that nobody reads here


def failing(
    contract: Contract, column: Column, examples: Sequence[Any], references: Mapping[str, CodeList]
) -> list[tuple[Any, str]]:
    """The examples that a delivery could not hold in this column, each with the id of the first rule it breaks.

    Examples stand in YAML, so numbers and dates are read as that writes them. A code is looked up where its list is
    at hand.
    """
    known = column if column.reference in references else replace(column, reference=None)
    alone = replace(contract, columns=(known,), rules=(), region_column=None, time_column=None)
    cells = pa.array([str(e).lower() if isinstance(e, bool) else str(e) for e in examples], pa.string())
    source = pa.table({column.name: cells, ROW: pa.array(range(len(examples)), pa.int64())})
    mapping = DatasetMapping(contract.name, Match(), number_style="en", date_style="ymd")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        done = cast(
            connection, source, alone, mapping, references, zone="WIB", decided={}, regions=frozenset(), now=_NOW
        )
        if done.table is None:
            return [(example, "type") for example in examples]
        broken: dict[int, str] = {}
        for at, value in enumerate(done.table[column.name].to_pylist()):
            if value is None:
                broken[at] = "reference" if known.reference else "type"
        connection.register("example", done.table)
        for rule in contract.rules:
            if rule.kwargs.get("column") != column.name or rule.type not in predicates.ROWWISE:
                continue
            query = f"SELECT {predicates.quote(AT)} FROM example WHERE {predicates.breaks(rule)}"
            for (at,) in connection.execute(query).fetchall():
                broken.setdefault(int(at), rule.id)
    return [(examples[at], rule) for at, rule in sorted(broken.items())]
