"""Totals against what they are the sum of, as `parts.py` and `reconcile.py` both compare and tell them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.contract import Contract
from core.contract_checks import Parts, Reconcile
from quality.beyond.asking import apart, fact, facts, first_day, number, percent, row_of, rows_of, title_of, told
from quality.beyond.finding import Found, Kind, Side, Tally, Unmade
from quality.report.model import Fact


@dataclass(frozen=True, slots=True)
class Group:
    """One total and its parts, each `{'value', 'at'}` with its row; `by` are the values that name the group."""

    by: tuple[Any, ...]
    total: Any
    parts: Sequence[Any]

    @property
    def dataset(self) -> str:
        """The dataset that states the total."""
        return str(self.total["at"]["dataset"])

    @property
    def summed(self) -> Any:
        """What the parts add up to."""
        return sum(part["value"] for part in self.parts)


@dataclass(frozen=True, slots=True)
class Sums:
    """One rule over one standard: which totals were compared, and which are not the sum of their parts.

    Attributes:
        seen, expected: the message ids of both sides.
        measured, failed: of each dataset that states totals, how many were compared and how many were wrong.
    """

    contract: Contract
    rule: Parts | Reconcile
    kind: Kind
    seen: str
    expected: str
    measured: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def apart(self, group: Group) -> bool:
        """Whether a total is not the sum of its parts."""
        return apart(group.total["value"], group.summed, self.rule.tolerance)

    def count(self, group: Group, *, failed: bool) -> None:
        """Take a comparison into the tallies."""
        self.measured[group.dataset] += 1
        self.failed[group.dataset] += failed

    def tallies(self) -> Iterator[Tally]:
        """What was compared, by dataset."""
        for dataset, measured in sorted(self.measured.items()):
            yield Tally(self.kind, self.rule.id, dataset, self.failed[dataset], measured)

    def unmade(self) -> Unmade:
        """That nothing states a total."""
        return Unmade(self.kind, self.rule.id, "finding.unmade.no_total", {"rule": self.rule.id})

    def wrong(
        self,
        group: Group,
        message: str,
        *,
        key: Mapping[str, Fact],
        columns: Sequence[str],
        values: Mapping[str, Fact],
        alone: bool = False,
    ) -> Found:
        """The finding of a total that is not the sum of its parts.

        Args:
            alone: the matter of the one dataset that states the total; else of every dataset with a part in it.
        """
        of, at, summed = facts(self.rule.by, group.by), group.total["at"], number(group.summed)
        stated = number(group.total["value"])
        parts = [part["at"] for part in group.parts]
        concerns: Iterable[str] = () if alone else (part["dataset"] for part in parts)
        return Found(
            kind=self.kind, contract=self.contract.name, rule=self.rule.id, member=at["member"],
            dataset=at["dataset"] if alone else None, columns=tuple(columns), key=key,
            seen=Side(self.seen, stated, (row_of(at),), 1),
            expected=(Side(self.expected, summed, rows_of(parts), len(parts)),),
            weight=float(len(parts) + 1), message=message,
            values={
                "group": told(of), "stated": fact(stated), "summed": fact(summed),
                "difference": fact(abs(group.total["value"] - group.summed)),
                "tolerance": percent(self.rule.tolerance), "column": title_of(self.contract, self.rule.value), **values,
            },
            as_of=first_day(of), concerns=tuple(dict.fromkeys([at["dataset"], *concerns])),
        )  # fmt: skip

    def unsaid(
        self,
        kind: Kind,
        some: Sequence[Group],
        message: str,
        *,
        key: Mapping[str, Fact],
        columns: Sequence[str],
        expected: Side,
        values: Mapping[str, Fact],
        alone: bool = False,
    ) -> Found:
        """One finding for all totals that cannot be compared: the last of them stands for all."""
        group = some[-1]
        of, at = facts(self.rule.by, group.by), group.total["at"]
        return Found(
            kind=kind, contract=self.contract.name, rule=self.rule.id, member=at["member"],
            dataset=at["dataset"] if alone else None, columns=tuple(columns), key=key,
            seen=Side(self.seen, number(group.total["value"]), (row_of(at),), 1), expected=(expected,),
            weight=float(len(some)), message=message,
            values={
                "group": told(of), "groups": len(some), "column": title_of(self.contract, self.rule.value), **values,
            },
            as_of=first_day(of), concerns=(at["dataset"],),
        )  # fmt: skip
