"""In which order decisions are asked for: the gravest kind first, three of a kind before any kind has a fourth.

The same matters give the same order, whatever order they were found in.
"""

from collections.abc import Iterable
from itertools import groupby

from core.ids import derived_id
from quality.report.model import Item, Kind

#: Gravest first, as the kinds are declared: what harms people, then what would take data away, then what waits.
_GRAVITY = {kind: place for place, kind in enumerate(Kind)}
_IN_A_ROW = 3


def item_id(kind: Kind, *subject: str) -> str:
    """The name of a matter, the same in every week's report: `held-3f2a91c0`."""
    return f"{kind.value.replace('_', '-')}-{derived_id('report item', kind.value, *subject)[:8]}"


def ranked(items: Iterable[Item]) -> tuple[Item, ...]:
    """The items in the order in which they are shown; of one matter found twice the weightier one."""
    placed: list[tuple[int, int, int, Item]] = []
    known: dict[str, Item] = {}
    for item in items:
        if item.id not in known or _place(item) < _place(known[item.id]):
            known[item.id] = item
    for kind, some in groupby(sorted(known.values(), key=lambda i: (_GRAVITY[i.kind], _place(i))), lambda i: i.kind):
        placed += [(n // _IN_A_ROW, _GRAVITY[kind], n, item) for n, item in enumerate(some)]
    return tuple(item for *_, item in sorted(placed, key=lambda p: p[:3]))


def _place(item: Item) -> tuple[int, str, str, str]:
    """Within a kind the weightiest first, then the oldest."""
    since = item.since.isoformat() if item.since is not None else "9999"
    return -item.weight, since, item.member or "", item.id
