"""What the looks beyond one file count for scores, and the findings behind those counts.

Sums and parts speak of consistency, sources against each other and references of accuracy; the others of neither
(docs/adr/0018). A dataset that no look could compare has nothing here: it was not measured.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalog import findings
from catalog.findings import Noted, Standing
from quality.beyond.finding import ACCURACY, CONSISTENCY
from quality.score import Dimension, Measure, total


def dimension(kind: str) -> Dimension | None:
    """The dimension that a kind of finding counts for, or None."""
    if kind in CONSISTENCY:
        return Dimension.CONSISTENCY
    return Dimension.ACCURACY if kind in ACCURACY else None


def measures(session: Session, moment: datetime) -> dict[str, dict[Dimension, Measure]]:
    """What the looks that stood at a moment counted of each dataset; what none compared is absent."""
    found: dict[str, dict[Dimension, Measure]] = {}
    said = _said_right(session, moment)
    for contract, one in findings.looks(session, moment=moment).items():
        for kind, rule, dataset, failed, measured in one.tallies:
            if (counts_for := dimension(kind)) is not None and measured:
                mine = found.setdefault(dataset, {})
                confirmed = min(failed, said[contract, kind, rule, dataset])
                counted = Measure(measured - failed, measured, confirmed=confirmed)
                mine[counts_for] = total((mine.get(counts_for), counted)) or counted
    return found


def _said_right(session: Session, moment: datetime) -> Counter[tuple[str, str, str, str]]:
    """How many findings that stood at a moment a person had said are right, by standard, kind, rule and dataset."""
    return Counter(
        (one.noted.contract, one.noted.kind, one.noted.rule, dataset)
        for one in findings.open_findings(session, moment=moment, accepted=True)
        if one.accepted is not None
        for dataset in one.noted.concerns
    )


@dataclass(frozen=True, slots=True)
class Failed:
    """Findings behind a count: one, or `count` of a rule that were not kept one by one (`noted` is None then).

    `accepted` is who said that it is right as it is, and why.
    """

    rule: str
    noted: Noted | None
    count: int = 1
    accepted: tuple[str, str] | None = None


def failed(session: Session, dataset: str, wanted: Dimension, moment: datetime) -> Iterator[Failed]:
    """What failed of a dataset's comparisons in a dimension at a moment; the counts are those of `measures`."""
    kept: Mapping[tuple[str, str, str], list[Standing]] = _kept(session, dataset, moment)
    for contract, one in findings.looks(session, moment=moment).items():
        for kind, rule, about, wrong, _ in one.tallies:
            if about == dataset and wrong and dimension(kind) is wanted:
                mine = kept.get((contract, kind, rule), [])[:wrong]
                yield from (Failed(rule, one.noted, accepted=one.accepted) for one in mine)
                if wrong > len(mine):
                    yield Failed(rule, None, wrong - len(mine))


def _kept(session: Session, dataset: str, moment: datetime) -> dict[tuple[str, str, str], list[Standing]]:
    found: dict[tuple[str, str, str], list[Standing]] = {}
    for one in findings.open_findings(session, moment=moment, accepted=True):
        if dataset in one.noted.concerns:
            found.setdefault((one.noted.contract, one.noted.kind, one.noted.rule), []).append(one)
    return found
