"""What holds a whole delivery: pure decisions over what is known of it, without reading a row.

Rows are judged in `quality/check.py`; the order of the steps is `quality/worker.py`'s.
"""

from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from core.contract import Contract
from core.reference import fold
from quality.cast import Cast
from quality.outcome import Hold

#: Two headers at least so alike are taken for one renamed.
_ALIKE = 0.6
#: A column of which so much can no longer be read has changed its type.
RETYPED_SHARE = 0.5


def changed_columns(
    before: Sequence[str] | None,
    now: Sequence[str],
    values: Collection[str] = frozenset(),
    confirmed: Sequence[str] = (),
) -> Hold | None:
    """S20: the source's columns are not the ones it had, whatever their order; the sentence shows the difference.

    Args:
        values: headers that are values of a kind the mapping knows, such as months: they come and go.
        confirmed: the other headers that a person confirmed with the mapping; these need no second word, and the
            first delivery is held against them.
    """
    if confirmed:
        known = {fold(header) for header in confirmed}
        if known == {fold(header) for header in now if header not in values}:
            return None
        before = confirmed if before is None else before
    if before is None or set(before) ^ set(now) <= set(values):
        return None
    removed = [c for c in before if c not in now and c not in values]
    added = [c for c in now if c not in before and c not in values]
    renamed: list[str] = []
    for old in list(removed):
        scored = sorted(((SequenceMatcher(None, fold(old), fold(new)).ratio(), new) for new in added), reverse=True)
        if scored and scored[0][0] >= _ALIKE:
            new = scored[0][1]
            renamed.append(f"{old} → {new}")
            removed.remove(old)
            added.remove(new)
    return Hold(
        "COLUMNS_CHANGED",
        {
            "added": ", ".join(added) or "-",
            "removed": ", ".join(removed) or "-",
            "renamed": ", ".join(renamed) or "-",
            "renewed": "",
        },
    )


def retyped_columns(contract: Contract, done: Cast, before: Sequence[str] | None) -> list[Hold]:
    """S20: columns that were read before and now mostly cannot be."""
    if before is None:
        return []
    return [
        Hold(
            "COLUMN_RETYPED",
            {"column": name, "title": contract.column(name).title["id"], "percent": round(share * 100, 1)},
        )
        for name, share in done.unreadable.items()
        if share >= RETYPED_SHARE and contract.column(name).reference is None
    ]


def volume(contract: Contract, rows: int, previous: int | None, *, nihil: bool) -> list[Hold]:
    """S06, F25, F26: empty without saying so, outside the contract's limits, or much less than last time."""
    if rows == 0:
        if contract.event and nihil:
            return []
        return [Hold("EMPTY_DELIVERY", {"event": "ya" if contract.event else "tidak"})]
    limits = contract.volume
    low, high = limits.min_rows, limits.max_rows
    holds = []
    if (low is not None and rows < low) or (high is not None and rows > high):
        holds.append(Hold("ROW_COUNT_OUT_OF_BOUNDS", {"rows": rows, "min": low or 0, "max": high or "∞"}))
    if limits.max_drop is not None and previous and rows < previous * (1 - limits.max_drop):
        dropped = round((1 - rows / previous) * 100, 1)
        allowed = round(limits.max_drop * 100, 1)
        holds.append(
            Hold("ROW_COUNT_DROPPED", {"rows": rows, "previous": previous, "percent": dropped, "allowed": allowed})
        )
    return holds


def foreign_regions(done: Cast) -> list[Hold]:
    """S21: the delivery speaks of regions that are not its member's."""
    if not done.foreign:
        return []
    named = ", ".join(f"{code} {name}" for code, name in list(done.foreign.items())[:20])
    return [Hold("FOREIGN_REGIONS", {"regions": named, "count": len(done.foreign)})]


def rejected_share(contract: Contract, rows: int, quarantined: int) -> list[Hold]:
    """So many rows are set aside that the delivery itself must be wrong."""
    if not rows or quarantined / rows <= contract.reject_share:
        return []
    return [
        Hold(
            "TOO_MANY_REJECTED",
            {
                "rows": rows,
                "quarantined": quarantined,
                "percent": round(quarantined / rows * 100, 1),
                "allowed": round(contract.reject_share * 100, 1),
            },
        )
    ]
