"""Whether the figures of a province's regencies and cities add up to the province's own.

Of each region one figure counts: its own member's before what others say of it, then the newest. Where regencies lack,
the sum says nothing, and that is a finding of its own kind, one for all such sums of a rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from core.contract import Contract
from core.contract_checks import Reconcile
from core.rows_duckdb import quoted
from quality.beyond.asking import (
    ROW,
    Bound,
    apart,
    fact,
    facts,
    first_day,
    names,
    number,
    percent,
    row_of,
    rows_of,
    title_of,
    told,
    unreadable,
)  # fmt: skip
from quality.beyond.finding import Found, Kind, Outcome, Rows, Settings, Side, Tally, Unmade

_SHOWN = 8


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The sums that do not come out, those that cannot be made, and how many were made of each dataset with a total."""
    for rule in contract.metadata.checks.reconcile:
        closed = unreadable(Kind.SUM, rule.id, (rule.value, rule.over, *rule.by, *rule.where), rows)
        yield from [closed] if closed else _Sums(contract, rule, settings).check(rows)


class _Sums:
    """One rule over one standard."""

    def __init__(self, contract: Contract, rule: Reconcile, settings: Settings) -> None:
        self.contract, self.rule, self.settings = contract, rule, settings
        self.failed: dict[str, int] = defaultdict(int)
        self.measured: dict[str, int] = defaultdict(int)

    def check(self, rows: Rows) -> Iterator[Outcome]:
        groups = self._groups(rows)
        if not groups:
            yield Unmade(Kind.SUM, self.rule.id, "finding.unmade.no_total", {"rule": self.rule.id})
        incomplete: dict[str, list[tuple[Sequence[Any], Any, list[str]]]] = defaultdict(list)
        for province, by, total, parts in groups:
            there = {part["region"]: part for part in parts}
            expected = self._children(province, facts(self.rule.by, by))
            missing = [code for code in expected if code not in there]
            if missing:
                incomplete[province].append((by, total, missing))
                continue
            dataset = total["at"]["dataset"]
            self.measured[dataset] += 1
            summed = sum(there[code]["value"] for code in expected)
            if apart(total["value"], summed, self.rule.tolerance):
                self.failed[dataset] += 1
                yield self._disagrees(province, by, total, [there[code] for code in expected], summed)
        for province, some in sorted(incomplete.items()):
            yield self._incomplete(province, some)
        for dataset, measured in sorted(self.measured.items()):
            yield Tally(Kind.SUM, self.rule.id, dataset, self.failed[dataset], measured)

    def _groups(self, rows: Rows) -> list[tuple[str, tuple[Any, ...], Any, list[Any]]]:
        """Province, group, the province's figure and its regencies', where the province has one."""
        rule, bind = self.rule, Bound()
        over, value = quoted(rule.over), quoted(rule.value)
        regions = [r for r in self.settings.regions if r.province == self.settings.province]
        codes = bind(sorted({r.code for r in regions}))
        by = names(rule.by)
        sql = (
            f"WITH told AS (SELECT {over} AS _region, {by}, first({{'region': {over}, 'value': {value}, 'at': {ROW}}} "
            f"ORDER BY _member = {over} DESC, _fetched_at DESC, _dataset, _resource, _row) AS _said FROM rows "
            f"WHERE {value} IS NOT NULL AND list_contains({codes}, {over}) AND {bind.where(rule.where)} "
            f"GROUP BY {over}, {by}) "
            f"SELECT p._region, {names(rule.by, 'p.')}, first(p._said), "
            "coalesce(list(c._said ORDER BY c._region) FILTER (c._region IS NOT NULL), []) FROM told p "
            f"LEFT JOIN told c ON c._region <> p._region AND "
            + " AND ".join(f"c.{quoted(c)} IS NOT DISTINCT FROM p.{quoted(c)}" for c in rule.by)
            + f" WHERE p._region = {bind(self.settings.province)} GROUP BY p._region, {names(rule.by, 'p.')} "
            f"ORDER BY p._region, {names(rule.by, 'p.')}"
        )
        width = len(rule.by)
        found: list[tuple[str, tuple[Any, ...], Any, list[Any]]] = []
        for row in rows.select(sql, bind.params):
            parts: Any = row[2 + width]
            found.append((str(row[0]), row[1 : 1 + width], row[1 + width], list(parts)))
        return found

    def _children(self, province: str, key: dict[str, Any]) -> list[str]:
        """The regencies and cities that there were at the time of a group."""
        began = first_day(key)
        day = self.settings.today
        if began is not None:
            day = min(day, began if "month" in key or "date" in key else date(began.year, 12, 31))
        return [region.code for region in self.settings.regions.children(province, day)]

    def _disagrees(self, province: str, by: Sequence[Any], total: Any, parts: Sequence[Any], summed: Any) -> Found:
        key = facts(self.rule.by, by)
        stated, summed = number(total["value"]), number(summed)
        datasets = dict.fromkeys([total["at"]["dataset"], *(part["at"]["dataset"] for part in parts)])
        return Found(
            kind=Kind.SUM, contract=self.contract.name, rule=self.rule.id, member=total["at"]["member"], dataset=None,
            columns=(self.rule.value, self.rule.over, *self.rule.by), key={self.rule.over: province, **key},
            seen=Side("finding.side.province", stated, (row_of(total["at"]),), 1),
            expected=(Side("finding.side.regencies", summed, rows_of([p["at"] for p in parts]), len(parts)),),
            weight=float(len(parts) + 1), message="finding.sum",
            values={
                "group": told(key), "stated": fact(stated), "summed": fact(summed),
                "difference": fact(abs(total["value"] - _plain(summed))), "regions": len(parts),
                "tolerance": percent(self.rule.tolerance), "column": title_of(self.contract, self.rule.value),
            },
            as_of=first_day(key), concerns=tuple(datasets),
        )  # fmt: skip

    def _incomplete(self, province: str, some: Sequence[tuple[Sequence[Any], Any, list[str]]]) -> Found:
        """One finding for every sum that cannot be made: the newest of them stands for all."""
        by, total, missing = some[-1]
        key = facts(self.rule.by, by)
        titles = [self.settings.regions.region(code).name for code in missing]
        shown = ", ".join(titles[:_SHOWN]) + (" …" if len(titles) > _SHOWN else "")
        children = len(self._children(province, key))
        return Found(
            kind=Kind.SUM_INCOMPLETE, contract=self.contract.name, rule=self.rule.id, member=total["at"]["member"],
            dataset=None, columns=(self.rule.value, self.rule.over, *self.rule.by), key={self.rule.over: province},
            seen=Side("finding.side.province", number(total["value"]), (row_of(total["at"]),), 1),
            expected=(Side("finding.side.missing", ", ".join(missing), (), 0),),
            weight=float(len(some)), message="finding.sum_incomplete",
            values={
                "group": told(key), "missing": len(missing), "regions": children, "names": shown,
                "groups": len(some), "column": title_of(self.contract, self.rule.value),
            },
            as_of=first_day(key), concerns=(total["at"]["dataset"],),
        )  # fmt: skip


def _plain(value: object) -> float | int:
    return value if isinstance(value, int | float) else 0
