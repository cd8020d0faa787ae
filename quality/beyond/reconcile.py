"""Whether the figures of a province's regencies and cities add up to the province's own.

Of each region one figure counts: its own member's before what others say of it, then the newest. Where regencies lack,
the sum says nothing, and that is a finding of its own kind, one for all such sums of a rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from core.contract import Contract
from core.contract_checks import Reconcile
from core.rows_duckdb import quoted
from quality.beyond.asking import ROW, Bound, facts, first_day, names, unreadable
from quality.beyond.finding import Found, Kind, Outcome, Rows, Settings, Side
from quality.beyond.sums import Group, Sums

_SHOWN = 8


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The sums that do not come out, those that cannot be made, and how many were made of each dataset with a total."""
    for rule in contract.metadata.checks.reconcile:
        closed = unreadable(Kind.SUM, rule.id, (rule.value, rule.over, *rule.by, *rule.where), rows)
        yield from [closed] if closed else _Regions(contract, rule, settings).check(rows)


class _Regions:
    """One rule over one standard."""

    def __init__(self, contract: Contract, rule: Reconcile, settings: Settings) -> None:
        self.rule, self.settings = rule, settings
        self.columns = (rule.value, rule.over, *rule.by)
        self.sums = Sums(contract, rule, Kind.SUM, "finding.side.province", "finding.side.regencies")

    def check(self, rows: Rows) -> Iterator[Outcome]:
        groups = self._groups(rows)
        if not groups:
            yield self.sums.unmade()
        incomplete: dict[str, list[Group]] = defaultdict(list)
        for province, group in groups:
            there = {part["region"]: part for part in group.parts}
            expected = self._children(province, facts(self.rule.by, group.by))
            if any(code not in there for code in expected):
                incomplete[province].append(group)
                continue
            whole = replace(group, parts=[there[code] for code in expected])
            failed = self.sums.apart(whole)
            self.sums.count(whole, failed=failed)
            if failed:
                key = {self.rule.over: province, **facts(self.rule.by, group.by)}
                values = {"regions": len(expected)}
                yield self.sums.wrong(whole, "finding.sum", key=key, columns=self.columns, values=values)
        for province, some in sorted(incomplete.items()):
            yield self._incomplete(province, some)
        yield from self.sums.tallies()

    def _groups(self, rows: Rows) -> list[tuple[str, Group]]:
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
        found = []
        for row in rows.select(sql, bind.params):
            parts: Any = row[2 + width]
            found.append((str(row[0]), Group(row[1 : 1 + width], row[1 + width], list(parts))))
        return found

    def _children(self, province: str, key: dict[str, Any]) -> list[str]:
        """The regencies and cities that there were at the time of a group."""
        began = first_day(key)
        day = self.settings.today
        if began is not None:
            day = min(day, began if "month" in key or "date" in key else date(began.year, 12, 31))
        return [region.code for region in self.settings.regions.children(province, day)]

    def _incomplete(self, province: str, some: Sequence[Group]) -> Found:
        """One finding for every sum that cannot be made: the newest of them stands for all."""
        there = {part["region"] for part in some[-1].parts}
        expected = self._children(province, facts(self.rule.by, some[-1].by))
        missing = [code for code in expected if code not in there]
        titles = [self.settings.regions.region(code).name for code in missing]
        shown = ", ".join(titles[:_SHOWN]) + (" …" if len(titles) > _SHOWN else "")
        return self.sums.unsaid(
            Kind.SUM_INCOMPLETE, some, "finding.sum_incomplete", key={self.rule.over: province}, columns=self.columns,
            expected=Side("finding.side.missing", ", ".join(missing), (), 0),
            values={"missing": len(missing), "regions": len(expected), "names": shown},
        )  # fmt: skip
