"""The SQL table of current rows: a small page from it beside the files, and what following costs a round.

Both catalogues of `benchmarks/scale.py` get a table; then rounds of both go on in turn, each followed as by a harvest.
"""

import statistics
import time

from benchmarks import scale
from benchmarks._bar import Bar
from catalog import current, current_pages
from catalog.current import State
from core.duck import Duck
from core.rows import Compare, Op, Order, RowQuery

_PAIRS = 8
_SIZES = (10, 100, 200, 500, 1_000)


def bars(new: scale.Province, grown: scale.Province) -> dict[str, Bar]:
    """The bars `current_page` and `current_round`; not measured where the catalogue has more rows than a table may."""
    followed: list[float] = []
    for province in (new, grown):
        began = time.perf_counter()
        made = current.follow(province.sessions, province.store, anew=True)
        followed.append(time.perf_counter() - began)
        if any(one.state is not State.HELD for one in made):
            facts = {"rows_at_most": current.MOST}
            return {name: Bar(None, "-", None, facts) for name in ("current_page", "current_round")}
    return {"current_page": _page(grown, followed[-1]), "current_round": _round(new, grown)}


def _ms(seconds: float) -> float:
    return round(seconds, 2)


def _page(province: scale.Province, making: float) -> Bar:
    """A page of a hundred rows from the table beside one from the files; the relation is resolved for both before."""
    duck = Duck([province.store.folder], size=1, threads=2)
    standard = (province.contract.name, province.contract.major)
    day = Order("tanggal", descending=True)
    asked = {str(size): scale._ask(province, None, first=size) for size in _SIZES} | {
        "newest first": scale._ask(province, None, order=(day,)),
        "one value of the first key": scale._ask(province, None, where=Compare("komoditas", Op.EQ, scale.GOODS[-1])),
    }
    ms: dict[str, tuple[float, float]] = {}
    with province.sessions() as session:

        def table(query: RowQuery) -> None:
            assert current_pages.page(session, standard, query) is not None

        for name, query in asked.items():
            table_ms, files_ms = scale._timed(
                lambda q=query: table(q),  # type: ignore[misc]  # bound as it is made
                lambda q=query: duck.page(q, deadline=60),  # type: ignore[misc]  # likewise
            )
            ms[name] = (_ms(table_ms), _ms(files_ms))
        rows = current_pages.count(session, standard, asked["100"])
    duck.close()
    ours, files = ms["100"]
    return Bar(
        _ms(ours / files), "<= 0.5", ours <= 0.5 * files,
        {"ms": ours, "files_ms": files, "rows": rows, "table_and_files_ms": ms, "making_seconds": _ms(making)},
    )  # fmt: skip


def _round(new: scale.Province, grown: scale.Province) -> Bar:
    """Committing a round and following it, in a catalogue that has grown beside a new one."""
    took: dict[int, list[tuple[float, float]]] = {id(new): [], id(grown): []}
    for i in range(_PAIRS):
        for province in (grown, new) if i % 2 else (new, grown):
            commit, _ = province.round()
            began = time.perf_counter()
            current.follow(province.sessions, province.store)
            took[id(province)].append((commit, time.perf_counter() - began))
    start, end = (statistics.median(map(sum, took[id(province)])) for province in (new, grown))
    follow = [statistics.median(f for _, f in took[id(province)]) for province in (new, grown)]
    return Bar(
        round(end / start, 2), "<= 1.2", end <= 1.2 * start,
        {"seconds_start": round(start, 3), "seconds_end": round(end, 3), "pairs": _PAIRS,
         "follow_seconds_start": round(follow[0], 3), "follow_seconds_end": round(follow[1], 3),
         "follow_ms_a_table": round(1000 * follow[1] / scale.MEMBERS, 2)},
    )  # fmt: skip
