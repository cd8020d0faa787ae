"""Rows of text as a file: what an export's address asks of a dataset that no data standard describes yet.

`where` and `orderBy` are the inputs that the graph's field `rows` has. Writing is `gateway/exporting.py`'s.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from core.messages import text
from core.rows import Order, all_of
from core.rows_export import Format
from gateway.building import lst
from gateway.export_errors import ExportInvalid
from gateway.exporting import Asked, Values, known_only, parsed, variables, written
from gateway.subgraphs.text_rows import TextCondition, TextOrder, resolve_text
from gateway.where import compared

#: What the file is called in an address; whose rows it holds is said by `dataset` or `resource`.
NAME = "rows"
PARAMETERS = ("dataset", "resource", "table", "where", "columns", "orderBy", "asOf", "asOfSeq", "bom", "delimiter")


@cache
def _values() -> Values:
    return Values(lst(TextCondition), lst(TextOrder), ("[TextCondition!]", "[TextOrder!]"))


def _order(given: str) -> Any:
    """`orderBy` as JSON, or in short as `Dinas,-Jumlah`."""
    if given.lstrip().startswith(("[", "{")):
        return parsed("orderBy", given)
    steps = [step.strip() for step in given.split(",") if step.strip()]
    return [{"column": step.removeprefix("-"), "descending": step.startswith("-")} for step in steps]


def _columns(given: str) -> tuple[str, ...] | None:
    """The names of columns, parted by commas, or a JSON list where a name has one itself."""
    names = parsed("columns", given) if given.lstrip().startswith("[") else [name.strip() for name in given.split(",")]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ExportInvalid(parameter="columns", expected=text("export.expected.json"))
    return tuple(dict.fromkeys(name for name in names if name)) or None


def read(form: Format, given: Mapping[str, str]) -> Asked:
    """What an address's parameters ask of a dataset's rows.

    Raises:
        ExportInvalid: a parameter that is unknown or cannot be read, or none that names a dataset.
        QueryInvalid, FilterInvalid, MomentAmbiguous: what no question to the graph may say either.
    """
    known_only(given, PARAMETERS)
    dataset, resource, table = (given.get(name) or None for name in ("dataset", "resource", "table"))
    if dataset is None and resource is None:
        raise ExportInvalid(parameter="dataset", expected="dataset | resource")
    where, order, moment = _values().read(variables(given, _order))
    bom, delimiter = written(given)
    return Asked(
        name="-".join(part for part in (NAME, dataset or resource, table) if part is not None),
        version="",
        resolve=resolve_text(dataset, resource, table),
        form=form,
        columns=_columns(given.get("columns", "")),
        where=all_of(compared(c.column, c.where) for c in where or ()),
        order=(tuple(Order(o.column, o.descending) for o in order or ()), ()),
        moment=moment,
        bom=bom,
        delimiter=delimiter,
    )
