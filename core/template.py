"""The template of a data standard as it comes back filled: its header alone says which standard it is.

Written by `quality/standard/template.py`, recognised in `services/intake` before any mapping is looked for.
"""

from collections.abc import Iterable, Mapping, Sequence

from core.contract import Contract
from core.contracts import LANGUAGES
from core.mapping import DatasetMapping, Match
from core.reference import fold

#: The sheet that a steward fills.
DATA_SHEET = "Data"

#: A template's header, folded, to the standard's name.
Headers = Mapping[tuple[str, ...], str]


def headers(contracts: Iterable[Contract]) -> dict[tuple[str, ...], str]:
    """The header of each standard's template in each language; what two standards share recognises neither."""
    found: dict[tuple[str, ...], set[str]] = {}
    for contract in contracts:
        for lang in LANGUAGES:
            found.setdefault(_folded(c.title[lang] for c in contract.columns), set()).add(contract.name)
    return {header: names.pop() for header, names in found.items() if len(names) == 1}


def standard_of(known: Headers, columns: Sequence[str]) -> str | None:
    """The standard whose template has exactly these columns in this order, or None."""
    return known.get(_folded(columns))


def mapping(contract: str) -> DatasetMapping:
    """The mapping of a filled template: every title is its column's own."""
    return DatasetMapping(contract, Match())


def _folded(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(fold(column) for column in columns)
