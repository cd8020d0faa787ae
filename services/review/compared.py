"""What the looks beyond one file count for scores, and the findings behind those counts.

Sums and parts speak of consistency, sources against each other and references of accuracy; the others of neither
(docs/adr/0018). A dataset that no look could compare has nothing here: it was not measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalog import findings
from catalog.findings import Noted
from quality.beyond.finding import ACCURACY, CONSISTENCY
from quality.score import Dimension, Measure


def dimension(kind: str) -> Dimension | None:
    """The dimension that a kind of finding counts for, or None."""
    if kind in CONSISTENCY:
        return Dimension.CONSISTENCY
    return Dimension.ACCURACY if kind in ACCURACY else None


def measures(session: Session, moment: datetime) -> dict[str, dict[Dimension, Measure]]:
    """What the looks that stood at a moment counted of each dataset; what none compared is absent."""
    found: dict[str, dict[Dimension, Measure]] = {}
    for one in findings.looks(session, moment=moment).values():
        for kind, _, dataset, failed, measured in one.tallies:
            if (counts_for := dimension(kind)) is not None and measured:
                mine = found.setdefault(dataset, {})
                before = mine.get(counts_for, Measure(0, 0))
                mine[counts_for] = Measure(before.passed + measured - failed, before.measured + measured)
    return found


@dataclass(frozen=True, slots=True)
class Failed:
    """Findings behind a count: one, or `count` of a rule that were not kept one by one (`noted` is None then)."""

    rule: str
    noted: Noted | None
    count: int = 1


def failed(session: Session, dataset: str, wanted: Dimension, moment: datetime) -> Iterator[Failed]:
    """What failed of a dataset's comparisons in a dimension at a moment; the counts are those of `measures`."""
    kept: Mapping[tuple[str, str, str], list[Noted]] = _kept(session, dataset, moment)
    for contract, one in findings.looks(session, moment=moment).items():
        for kind, rule, about, wrong, _ in one.tallies:
            if about == dataset and wrong and dimension(kind) is wanted:
                mine = kept.get((contract, kind, rule), [])[:wrong]
                yield from (Failed(rule, noted) for noted in mine)
                if wrong > len(mine):
                    yield Failed(rule, None, wrong - len(mine))


def _kept(session: Session, dataset: str, moment: datetime) -> dict[tuple[str, str, str], list[Noted]]:
    found: dict[tuple[str, str, str], list[Noted]] = {}
    for one in findings.open_findings(session, moment=moment, accepted=True):
        if dataset in one.noted.concerns:
            found.setdefault((one.noted.contract, one.noted.kind, one.noted.rule), []).append(one.noted)
    return found
