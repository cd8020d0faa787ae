"""What is unusual among a standard's rows: values that look mistyped, and periods that leap against the one before.

The gate has stopped gross typos that it could see (`stopping.py`); here are those that only later rows gave away, and
what is unlikely but may be true. Rows are read as numbers alone, a few dozen bytes each, and named when they are told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from core.arrow import ARROW
from core.contract import Contract
from core.contract_checks import Typical
from core.rows_duckdb import quoted
from quality.beyond.asking import ROW, Bound, facts, names, number, row_of, rows_of, title_of, told, unreadable
from quality.beyond.finding import Found, Kind, Outcome, Rows, Settings, Side, Tally, Unmade
from quality.beyond.levels import Floats, Ints
from quality.beyond.periods import Times
from quality.beyond.season import Leaps, leaps
from quality.beyond.stopping import marked_by, marks_of, meant, rounded
from quality.beyond.typos import Suspects, judge, series_columns

#: So many values are told of one rule, the farthest off first.
MOST = 500


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The values that look mistyped and the newest period's leaps, by rule."""
    for rule in contract.metadata.checks.typical:
        columns = (*series_columns(contract, rule), *rule.time, rule.value)
        closed = unreadable(Kind.TYPO, rule.id, columns, rows)
        yield from [closed] if closed is not None else _Look(contract, rule, rows, settings).outcomes()


def _hash(columns: Sequence[str], *more: str) -> str:
    return f"CAST(hash({', '.join([names(columns) or '0', *more])}) >> 1 AS BIGINT)"


_ROW_HASH = _hash(["_resource", "_row", "_snapshot"])


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A standard's rows as numbers; `areas` and `datasets` lead from the small numbers back to the hashes."""

    values: Floats
    series: Ints
    kind: Ints
    time: Ints
    row: Ints
    area: Ints
    areas: Ints
    dataset: Ints
    datasets: Ints


@dataclass(slots=True)
class _Look:
    """One rule over one standard's rows."""

    contract: Contract
    rule: Typical
    rows: Rows
    settings: Settings
    times: Times = field(init=False)
    area: tuple[str, ...] = field(init=False)  # a leap is told of a region's rows of one kind, whichever market's

    def __post_init__(self) -> None:
        region = self.contract.region_column
        of = [region] if region is not None else series_columns(self.contract, self.rule)
        self.area = tuple(dict.fromkeys([*of, *self.rule.by]))
        self.times = Times.of(self.contract, self.rule)

    def outcomes(self) -> Iterator[Outcome]:
        read = self._read()
        if not len(read.values):
            return
        peers = read.series if self.rule.own_sizes else None
        judged = judge(read.values, read.series, read.kind, read.time, factor=self.rule.factor, peers=peers)
        judged = self._unconfirmed(read, judged)
        yield from self._typos(read, judged)
        yield from self._tallies(read, judged)
        yield from self._leaps(read, judged)

    def _level(self) -> str:
        """Whether a row is a province's, a regency's or a part's: the length of its region's code."""
        region = self.contract.region_column
        return f"length({quoted(region)})" if region in series_columns(self.contract, self.rule) and region else "0"

    def _read(self) -> _Numbers:
        bind, rule, value = Bound(), self.rule, quoted(self.rule.value)
        time = self.times.sql(self.contract, rule, bind, str(self.settings.zone))
        sql = (
            f"SELECT CAST({value} AS DOUBLE) AS v, {_hash(series_columns(self.contract, rule))} AS s, "
            f"{_hash(rule.by, self._level())} AS k, {_hash(self.area)} AS a, {time} AS t, {_hash(['_dataset'])} AS d, "
            f"{_ROW_HASH} AS r FROM rows WHERE {value} > 0"
        )
        table = self.rows.arrow(f"SELECT * FROM ({sql}) WHERE t >= 0", bind.params)
        v, s, k, a, t, d, r = (table[name].to_numpy() for name in "vskatdr")
        small = [np.unique(hashes, return_inverse=True) for hashes in (s, k, a, d)]
        (_, series), (_, kind), (areas, area), (datasets, dataset) = small
        return _Numbers(v, series, kind, t, r, area, areas, dataset, datasets)

    def _unconfirmed(self, read: _Numbers, judged: Suspects) -> Suspects:
        """The suspects without the values that a person has said are true."""
        columns = marked_by(self.contract, self.rule.value)
        if not self.settings.confirmed or not len(judged.at) or not self.rows.columns.issuperset(columns):
            return judged
        bind = Bound()
        sql = (
            f"SELECT {names(columns)}, _source, {_ROW_HASH} AS r FROM rows "
            f"WHERE list_contains({bind(read.row[judged.at].tolist())}, {_ROW_HASH})"
        )
        rows = self.rows.arrow(sql, bind.params)
        types = [ARROW[self.contract.column(name).type] for name in columns]
        typed = pa.table([rows[n].cast(t) for n, t in zip(columns, types, strict=True)], names=list(columns))
        marks = marks_of(self.contract, self.rule.value, typed, range(typed.num_rows))
        sources, hashes = rows["_source"].to_pylist(), rows["r"].to_pylist()
        true = [h for i, h in enumerate(hashes) if marks[i] in self.settings.confirmed.get(sources[i], ())]
        kept = ~np.isin(read.row[judged.at], np.array(true, np.int64))
        return replace(
            judged, at=judged.at[kept], usual=judged.usual[kept], gross=judged.gross[kept], alone=judged.alone[kept]
        )

    def _typos(self, read: _Numbers, judged: Suspects) -> Iterator[Found]:
        """The values that look mistyped, by what names them."""
        off = np.abs(np.log(read.values[judged.at] / judged.usual))
        place = {int(read.row[judged.at[i]]): i for i in np.lexsort((judged.at, -off))[:MOST].tolist()}
        if not place:
            return
        rule, bind = self.rule, Bound()
        key = tuple(dict.fromkeys([*series_columns(self.contract, rule), *rule.time]))
        sql = (
            f"SELECT {names(key)}, {ROW}, {quoted(rule.value)}, {_ROW_HASH} FROM rows "
            f"WHERE list_contains({bind(list(place))}, {_ROW_HASH}) ORDER BY {names(key)}, _resource, _row"
        )
        for row in self.rows.select(sql, bind.params):
            at: Any = row[len(key)]
            i, known = place[int(str(row[-1]))], facts(key, row[: len(key)])
            value, usual = float(str(row[-2])), float(judged.usual[i])
            wanted = meant(self.contract, rule.value, value, usual)
            message = "finding.typo" if judged.gross[i] else "finding.unlikely"
            yield Found(
                kind=Kind.TYPO, contract=self.contract.name, rule=rule.id, member=at["member"],
                dataset=at["dataset"], columns=(rule.value, *key), key=known,
                seen=Side("finding.side.value", number(row[-2]), (row_of(at),), 1),
                expected=(Side("finding.side.usual", rounded(usual)),), weight=float(off[i]),
                message=message if wanted is None else f"{message}.likely",
                values={
                    "group": told(known), "column": title_of(self.contract, rule.value),
                    "value": _plain(value), "usual": rounded(usual),
                    "likely": _plain(wanted.value) if wanted is not None else None, "row": at["row"] or 0,
                },
                as_of=self.times.first_day(int(read.time[judged.at[i]])),
            )  # fmt: skip

    def _tallies(self, read: _Numbers, judged: Suspects) -> Iterator[Tally]:
        """How many values of each dataset could be judged, and how many of them were grossly off."""
        measured = np.bincount(read.dataset[judged.measured], minlength=len(read.datasets))
        failed = np.bincount(read.dataset[judged.at[judged.gross]], minlength=len(read.datasets))
        number_of = {int(h): i for i, h in enumerate(read.datasets)}
        for dataset, hash_ in self.rows.select(f"SELECT DISTINCT _dataset, {_hash(['_dataset'])} FROM rows ORDER BY 1"):
            i = number_of.get(int(str(hash_)))
            if i is not None and measured[i]:
                yield Tally(Kind.TYPO, self.rule.id, str(dataset), int(failed[i]), int(measured[i]))

    def _leaps(self, read: _Numbers, judged: Suspects) -> Iterator[Outcome]:
        """What leapt in the newest period against the one before; values that look mistyped are left out of it."""
        values, period = read.values.copy(), self.times.periods(read.time)
        values[judged.at] = np.nan
        today = np.array([self.times.now(self.settings.today)], np.int64)
        newest = min(int(period.max()), int(self.times.periods(today)[0]))
        months = self.times.seasons(period)
        leapt = leaps(values, read.area, read.kind, period, newest=newest, months=months)
        if not len(leapt.measured):
            yield Unmade(
                Kind.PREVIOUS,
                self.rule.id,
                "finding.unmade.history",
                {"column": title_of(self.contract, self.rule.value)},
            )
        elif len(leapt.series):
            chosen = np.argsort(-leapt.times, kind="stable")[:MOST]
            mine = np.flatnonzero((period == newest) & np.isin(read.area, leapt.series[chosen]))
            places = {int(read.areas[leapt.series[i]]): i for i in chosen.tolist()}
            yield from self._told(leapt, places, read.row[mine].tolist(), newest)

    def _told(self, leapt: Leaps, places: dict[int, int], hashes: list[int], newest: int) -> Iterator[Found]:
        bind, area, rule = Bound(), self.area, self.rule
        begins = self.times.begins(newest)
        sql = (
            f"SELECT {names(area)}, list({ROW} ORDER BY _resource, _row), count(*), {_hash(area)} FROM rows "
            f"WHERE list_contains({bind(hashes)}, {_ROW_HASH}) GROUP BY {names(area)} ORDER BY {names(area)}"
        )
        for row in self.rows.select(sql, bind.params):
            at: Any = row[len(area)]
            i, count, known = places[int(str(row[-1]))], int(str(row[-2])), facts(area, row[: len(area)])
            now, before, usual = float(leapt.now[i]), float(leapt.before[i]), float(leapt.usual[i])
            yield Found(
                kind=Kind.PREVIOUS, contract=self.contract.name, rule=rule.id, member=at[0]["member"],
                dataset=at[0]["dataset"], columns=(rule.value, *area), key=known | {"from": begins.isoformat()},
                seen=Side("finding.side.now", rounded(now), rows_of(at), count),
                expected=(Side("finding.side.before", rounded(before)),), weight=float(leapt.times[i]),
                message="finding.previous.season" if leapt.seasonal[i] else "finding.previous",
                values={
                    "group": told(known), "column": title_of(self.contract, rule.value),
                    "now": rounded(now), "before": rounded(before),
                    "change": round((now / before - 1) * 100, 1), "usual": round((usual - 1) * 100, 1),
                    "times": round(float(leapt.times[i]), 1), "from": begins.isoformat(), "rows": count,
                },
                as_of=begins, concerns=tuple(sorted({one["dataset"] for one in at})),
            )  # fmt: skip


def _plain(value: float) -> int | float:
    """A number as it was written: whole where it is whole."""
    return int(value) if value.is_integer() else value
