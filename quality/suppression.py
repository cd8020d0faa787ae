"""Small counts are not shown, nor anything that subtraction would give them back from (docs/adr/0015).

A contract declares it (`suppression`); the checking worker applies it to the rows that pass, before they are written,
so that no door, export or earlier state ever holds the exact figure. Which cells add up to which follows from the
contract's `by`: whatever is empty or `total` in a row stands for the sum over it, a region for its districts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.contract import Contract, Suppression

#: A place on one axis from the coarsest level to the finest; empty is the sum over all.
Path = tuple[str, ...]
#: A cell of a table: its place on each axis.
Cell = tuple[Path, ...]
TOTAL = "total"
#: The name of a part that a whole has beyond its parts; no cell of a table is called so.
_REST = "\0"
#: Hiding a total costs so many times what hiding one of its parts does, for each axis it sums over, and a zero as much.
_TOTAL_COST, _ZERO_COST = 4.0, 1_000.0
#: Cells hidden already cost next to nothing; of several ways the first in order of the cells is a little cheaper.
_HIDDEN_COST, _TIE = 1e-3, 1e-4
#: The longest that one cell is thought about, how near a whole number must be, and how near to the cheapest is enough.
_SECONDS, _WHOLE, _NEAR = 20.0, 1e-6, 0.5


def protected(table: pa.Table, contract: Contract, returned: npt.NDArray[np.int64]) -> pa.Table:
    """The typed table with small counts and those that would betray them empty, and a flag that says so.

    Args:
        returned: positions of rows that are set aside, which nobody will see beside the others.
    """
    rule = contract.suppression
    if rule is None:
        return table
    axes = [name for axis in rule.by for name in axis]
    apart = [name for name in contract.key if name not in axes]
    names = list(dict.fromkeys((*axes, *apart, rule.count)))
    rows = table.select(names).to_pylist()
    gone = set(returned.tolist())
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        if at not in gone and row[rule.count] is not None:
            groups[tuple(row[name] for name in apart)].append(at)
    hide = np.zeros(table.num_rows, np.bool_)
    for places in groups.values():
        cells = [_cell(rows[at], rule, contract) for at in places]
        for one in hidden(cells, [int(rows[at][rule.count]) for at in places], rule.threshold):
            hide[places[one]] = True
    flags, counts = pa.array(hide), table[rule.count]
    shown = pa.array([None if h else c for h, c in zip(hide.tolist(), counts.to_pylist(), strict=True)], counts.type)
    for name, values in ((rule.count, shown), (rule.flag, flags)):
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def _cell(row: Mapping[str, Any], rule: Suppression, contract: Contract) -> Cell:
    return tuple(
        tuple(level for name in axis for level in _levels(row[name], contract.column(name).reference == "region"))
        for axis in rule.by
    )


def _levels(value: object, region: bool) -> Iterator[str]:
    text = "" if value is None else str(value).strip()
    if not text or text.casefold() == TOTAL:
        return
    if region:  # 33.74 is a part of 33
        yield from (text[:i] for i, sign in enumerate(text) if sign == ".")
    yield text


def hidden(cells: Sequence[Cell], counts: Sequence[int], threshold: int) -> frozenset[int]:
    """Which cells of one table are not to be shown, by position: those from 1 to below the threshold, and further ones.

    Whoever adds and subtracts what is left can narrow no hidden cell to fewer than `threshold` whole numbers, even
    knowing that no zero is ever hidden. The same holds for what a stated whole has beyond its parts, where that is
    small: a part that was set aside, or never sent, is not told by the others. Further cells are sought one small cell
    at a time, each time those that cost least, so that their number is small but not always the least.
    """
    whole = _Table(cells, counts, threshold)
    rests = whole.rests()
    shown = whole.hide()
    if not rests or len(shown) == len(cells):
        return shown
    beside = _Table((*cells, *rests), (*counts, *rests.values()), threshold)
    while True:  # hiding more for the one may open what hiding more for the other has to close
        further = beside.hide(shown, only=rests.keys()) & frozenset(range(len(cells)))
        if further == shown:
            return shown
        shown = whole.hide(further)


class _Table:
    """One table's cells with all sums among them, those that no row states included."""

    def __init__(self, cells: Sequence[Cell], counts: Sequence[int], threshold: int) -> None:
        self.cells, self.width, self.threshold = cells, threshold - 1, threshold
        self.at: dict[Cell, int] = {}
        least: dict[int, int] = {}
        for cell, count in zip(cells, counts, strict=True):  # the same cell twice is hidden or shown in both rows
            place = self.at.setdefault(cell, len(self.at))
            least[place] = min(count, least.get(place, count))
        self.real = len(self.at)
        self.counts = np.array([least[i] for i in range(self.real)], np.int64)
        self.depths = [max(map(len, paths)) for paths in zip(*self.at, strict=True)]
        self.sums = self._sums()
        self.cost = np.array([self._cost(cell, i) for cell, i in self.at.items()])
        self.concealed = np.zeros(len(self.at), np.bool_)
        self.concealed[self.real :] = True  # nobody has published them

    def _sums(self) -> Any:
        """One row for each sum along one axis: the whole less its parts."""
        from scipy import sparse

        parts: defaultdict[tuple[Cell, int], list[int]] = defaultdict(list)
        todo = list(self.at)
        while todo:
            cell = todo.pop()
            for axis, path in enumerate(cell):
                if not path:
                    continue
                whole = (*cell[:axis], path[:-1], *cell[axis + 1 :])
                parts[whole, axis].append(self.at[cell])
                if whole not in self.at:
                    self.at[whole] = len(self.at)
                    todo.append(whole)
        rows: list[int] = []
        columns: list[int] = []
        signs: list[float] = []
        for row, ((whole, _), found) in enumerate(parts.items()):
            rows += [row] * (1 + len(found))
            columns += [self.at[whole], *found]
            signs += [1.0, *[-1.0] * len(found)]
        return sparse.csr_matrix((signs, (rows, columns)), shape=(len(parts), len(self.at)))

    def _cost(self, cell: Cell, place: int) -> float:
        if place >= self.real:
            return 0.0
        above = sum(deepest - len(path) for deepest, path in zip(self.depths, cell, strict=True))
        zero = _ZERO_COST if self.counts[place] == 0 else 0.0
        return 1.0 + _TOTAL_COST * above + zero + _TIE * place / self.real

    def rests(self) -> dict[Cell, int]:
        """What stated wholes have beyond the parts that are there, where it is small: a part of a name of its own."""
        parts: defaultdict[tuple[Cell, int], list[Cell]] = defaultdict(list)
        for cell in self.at:
            for axis, path in enumerate(cell):
                if path:
                    parts[(*cell[:axis], path[:-1], *cell[axis + 1 :]), axis].append(cell)

        def count(cell: Cell, axis: int) -> int:
            place = self.at[cell]
            if place < self.real:
                return int(self.counts[place])
            return sum(count(part, axis) for part in parts.get((cell, axis), ()))

        found: dict[Cell, int] = {}
        for (whole, axis), some in parts.items():
            if self.at[whole] < self.real:
                rest = int(self.counts[self.at[whole]]) - sum(count(part, axis) for part in some)
                if 0 < rest < self.threshold:
                    found[(*whole[:axis], (*whole[axis], _REST), *whole[axis + 1 :])] = rest
        return found

    def hide(self, already: frozenset[int] = frozenset(), *, only: Collection[Cell] | None = None) -> frozenset[int]:
        """The cells to hide beside those hidden already, by position, until every one is safe, or those of `only`."""
        small = (self.counts > 0) & (self.counts < self.threshold)
        small[[self.at[self.cells[i]] for i in already]] = True
        if not small.any():
            return frozenset()
        self.concealed[: self.real] |= small
        asked = range(self.real) if only is None else [self.at[cell] for cell in only]
        low, high = np.zeros(len(self.at)), np.zeros(len(self.at))
        open_ = True
        while open_:
            open_ = False
            for place in asked:
                if not self.concealed[place] or high[place] - low[place] >= self.width:
                    continue
                open_ = True
                change = self._change(place)
                if change is None:  # no way was found in time: nothing of the table is shown
                    return frozenset(range(len(self.cells)))
                self.concealed |= np.abs(change) > 0.5
                low, high = np.minimum(low, change), np.maximum(high, change)
        return frozenset(i for i, cell in enumerate(self.cells) if self.concealed[self.at[cell]])

    def _change(self, place: int) -> npt.NDArray[np.float64] | None:
        """Another table with the same sums in which this cell is larger by the width, changing what costs least."""
        from scipy import sparse
        from scipy.optimize import Bounds, LinearConstraint, milp

        every = len(self.at)
        far = float(self.counts.max(initial=0) + 100 * self.width)
        cost = np.where(self.concealed, _HIDDEN_COST, self.cost)
        up, down = np.full(every, far), np.full(every, far)
        down[: self.real] = np.maximum(self.counts - 1, 0)
        fixed = np.zeros(2 * every)
        fixed[place] = up[place] = self.width
        down[place] = 0
        sums = LinearConstraint(sparse.hstack([self.sums, -self.sums], "csr"), 0, 0)
        most = limit = np.concatenate([up, down])
        # Fractions are much faster, and nearly always come out whole; if not, whole numbers are sought among the cells
        # that they change, and only then among all.
        for whole in (0, 1, 1):
            found = milp(
                np.concatenate([cost, cost]), bounds=Bounds(fixed, most), constraints=sums,
                integrality=np.full(2 * every, whole), options={"time_limit": _SECONDS, "mip_rel_gap": _NEAR},
            )  # fmt: skip
            if found.x is not None:
                change: npt.NDArray[np.float64] = found.x[:every] - found.x[every:]
                if np.abs(change - np.rint(change)).max() < _WHOLE:
                    return np.rint(change)
                most = np.where(np.tile(np.abs(change) > _WHOLE, 2), limit, 0)
            else:
                most = limit
        return None
