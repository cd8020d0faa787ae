"""What personal data does to a delivery: held unless its standard has a place for it that is not open to everybody."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from core.contract import Classification, Contract
from quality.outcome import Hold, Warned
from quality.personal.found import Found
from quality.personal.scan import scan

#: The code of the hold, and of the remark where nobody is certain.
HELD, REMARKED = "PERSONAL_DATA", "PERSONAL_DATA_POSSIBLE"


def judge(
    table: pa.Table,
    contract: Contract | None,
    sources: Mapping[str, str | None],
    regions: frozenset[str],
    now: datetime,
) -> tuple[list[Hold], list[Warned]]:
    """A hold for each column in which personal data may not be, a remark for each in which it may be.

    A column that the mapping leaves out counts as well: the file as it came is kept, and returns quote its rows.

    Args:
        table: the text columns as they came, without the number of the row.
        sources: contract column to the source's header.
    """
    places = _places(contract, sources) if contract is not None else frozenset()
    holds: list[Hold] = []
    remarks: list[Warned] = []
    for one in scan(table, regions, now):
        if one.column in places:
            continue
        if one.certain:
            holds.append(Hold(HELD, _values(one)))
        else:
            remarks.append(Warned(REMARKED, _values(one)))
    return holds, remarks


def _places(contract: Contract, sources: Mapping[str, str | None]) -> frozenset[str | None]:
    """The source's columns whose place in the standard is for personal data and not open to everybody."""
    shut = contract.classification is not Classification.OPEN
    return frozenset(
        sources[c.name]
        for c in contract.columns
        if c.personal and (shut or c.classification is not Classification.OPEN)
    )


def _values(one: Found) -> dict[str, str | int | float]:
    percent = max(1, round(100 * one.share))
    return {"column": one.column, "kind": one.kind.value, "rows": one.rows, "percent": percent, "example": one.example}
