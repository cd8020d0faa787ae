"""What looks beyond one file had found by the end of a week, as the weekly report shows it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from catalog import findings
from core.contract import Contract
from quality.report.model import Finding, Unchecked


def found(session: Session, contracts: Mapping[str, Contract], moment: datetime) -> tuple[Finding, ...]:
    """The findings that stood at a moment and that nobody had accepted by then."""
    return tuple(
        Finding(
            id=one.noted.id,
            code=one.noted.message,
            member=one.noted.member,
            title=_title(contracts, one.noted.contract),
            values=one.noted.values,
            rows=max(1, sum(int(side["count"]) for side in (one.noted.seen, *one.noted.expected))),
            at=one.since,
            kind=one.noted.kind,
            contract=one.noted.contract,
        )
        for one in findings.open_findings(session, moment=moment)
    )


def unchecked(session: Session, contracts: Mapping[str, Contract], moment: datetime) -> tuple[Unchecked, ...]:
    """The checks that could not be made; where nothing had been looked at by then, that."""
    looks = findings.looks(session, moment=moment)
    if not looks:
        return (Unchecked("", "", "finding.unmade.never", {}),)
    lines = {
        (_title(contracts, name), str(one["kind"]), str(one["message"]), tuple(sorted(one["values"].items()))): None
        for name, look in looks.items()
        for one in look.unmade
    }
    return tuple(Unchecked(title, kind, code, dict(values)) for title, kind, code, values in lines)


def _title(contracts: Mapping[str, Contract], name: str) -> str:
    """What a standard is called in Indonesian; its name where it is not there any more."""
    return contracts[name].title["id"] if name in contracts else name
