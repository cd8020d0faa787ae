"""What a weekly report holds: plain values, counted and bounded before they come here, the same in every language.

Gathering them is left to `services/review`, ordering the decisions to `quality/report/ranking.py`, and sentences to
whoever writes them down: here stand codes and values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from quality.score import Cell, Scorecard, Week

#: What a sentence may be filled with.
Fact = str | int | float | None
Facts = Mapping[str, Fact]

#: So many decisions stand on page one, however many there are.
MOST = 10


class Kind(StrEnum):
    """What a person is asked to decide about."""

    PERSONAL = "personal"  # personal data found: nothing is published until it is classified or taken out
    EMPTY_SOURCE = "empty_source"
    ID_REUSED = "id_reused"
    MANY_MISSING = "many_missing"
    HELD = "held"
    QUESTION = "question"
    OVERDUE = "overdue"
    UNREACHABLE = "unreachable"
    EXCEPTION = "exception"
    FINDING = "finding"
    REJECTED = "rejected"
    LISTED = "listed"  # datasets of the yearly list that did not come
    MAPPING = "mapping"  # a file without a standard that surely fits one


@dataclass(frozen=True, slots=True)
class Item:
    """One decision that is asked for.

    Attributes:
        id: the same for the same matter week after week.
        subject: what people call it.
        values: what the sentences `report.item.KIND.*` are filled with.
        whys: what is wrong, as message ids and values.
        weight: how much hangs on it (rows, datasets, days), for the order within its kind.
        options: what may be decided; `report.option.OPTION` says what each means.
        command: what to type to look at it, or to carry the decision out.
        since: when it came up.
    """

    id: str
    kind: Kind
    member: str | None
    subject: str
    values: Facts
    options: tuple[str, ...]
    command: str
    since: datetime | None = None
    weight: int = 0
    whys: tuple[tuple[str, Facts], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision that an earlier report asked for.

    Attributes:
        decision, by, reason, at: None where nobody has decided.
        open: whether the matter still stands.
        week: of the report in which it was asked.
    """

    id: str
    kind: Kind
    member: str | None
    subject: str
    week: Week
    open: bool
    decision: str | None = None
    by: str | None = None
    reason: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One row that came, went or changed: its key, and of a changed one the values before and after."""

    what: str  # "added", "changed" or "removed"
    member: str
    key: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a standard's rows of one member within the week, by key: before it against its end."""

    contract: str
    member: str
    rows: int  # at the end
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class ContractChanges:
    """The changes of one standard; `by_key` is false where rows have no key or may not be read, and commits count."""

    contract: str
    title: Mapping[str, str]
    members: tuple[Change, ...]
    examples: tuple[Example, ...] = ()
    by_key: bool = True
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # what each is called


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One listed dataset of a member over the periods of the matrix, oldest first."""

    member: str
    dataset: str
    title: str
    contract: str | None
    producer: str | None
    priority: bool
    every: str | None
    cells: tuple[tuple[str, Cell], ...]  # the period's name and how it stands


@dataclass(frozen=True, slots=True)
class Return:
    """A file that was returned and not repaired in time."""

    member: str
    title: str
    producer: str | None
    rows: int
    since: datetime
    due: date | None
    state: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class StandardChange:
    """A standard whose text was used for the first time in this week."""

    contract: str
    title: Mapping[str, str]
    version: str
    before: str | None  # None where the standard is new
    datasets: int


@dataclass(frozen=True, slots=True)
class SourceDown:
    """A source that could not be asked: the error of its newest run, as code and values."""

    source: str
    member: str
    code: str
    values: Facts
    since: datetime | None  # the first failed run after the last good one
    last_ok: datetime | None
    runs: int  # failed ones within the week


@dataclass(frozen=True, slots=True)
class Exemption:
    """A rule of the address policy that is set aside for a source, by whom and until when."""

    source: str
    member: str
    what: str
    value: str | None
    by: str
    reason: str
    until: date
    expired: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """A held delivery about which a person decided within the week."""

    member: str
    title: str
    file: str
    decision: str
    by: str
    reason: str
    at: datetime
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that is held at the end of the week, with why as message ids and values."""

    member: str
    title: str
    file: str
    name: str
    contract: str | None
    since: datetime
    whys: tuple[tuple[str, Facts], ...]
    settled: str | None = None  # what was decided about it, where something was


@dataclass(frozen=True, slots=True)
class PersonalStop:
    """A delivery stopped before publication because personal data was found in it."""

    member: str
    title: str
    file: str
    columns: str
    at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rows of a dataset that stand in quarantine at the end of the week."""

    member: str
    dataset: str
    title: str
    contract: str | None
    rows: int
    new: int  # of batches of this week
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that only a look beyond one file shows; `code` and `values` give the sentence.

    Attributes:
        at: since when it stands.
        kind, contract: of which kind it is, about which standard's rows.
    """

    id: str
    code: str
    member: str | None
    title: str
    values: Facts
    rows: int
    at: datetime
    kind: str = ""
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A look beyond one file that could not be made, and why; without a kind: all of them."""

    title: str
    kind: str
    code: str
    values: Facts


@dataclass(frozen=True, slots=True)
class Series:
    """The scorecards of one subject, oldest week first; None where nothing was measured in a week.

    Attributes:
        member: whose it is; None for the province.
    """

    level: str
    id: str
    title: str
    cards: tuple[Scorecard | None, ...]
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The week in numbers, of the province or of one member."""

    sources: int = 0
    sources_down: int = 0
    datasets: int = 0
    datasets_new: int = 0
    datasets_missing: int = 0
    runs: int = 0
    deliveries: int = 0
    published: int = 0
    warned: int = 0
    held: int = 0
    rows: int = 0
    rows_returned: int = 0


@dataclass(frozen=True, slots=True)
class MemberPage:
    """What a member's Sekda reads: its own numbers, matters and datasets."""

    code: str
    name: str
    totals: Totals
    before: Totals
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One week of the province.

    Attributes:
        since, until: the first moment of the week, and the first that does not belong to the report any more.
        preliminary: the week had not ended when the report was made.
        first: nothing was in the catalogue before this week.
        seq_before, seq: the newest commits before the week and within it.
        anchor: number and hash of the newest entry of the audit at `until`.
        items: every matter that is open, in their order; the first `MOST` stand on page one.
    """

    week: Week
    province: str
    province_name: str
    service: str
    zone: str
    since: datetime
    until: datetime
    preliminary: bool
    first: bool
    seq_before: int
    seq: int
    anchor: tuple[int, str]
    totals: Totals
    before: Totals
    items: tuple[Item, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    changes: tuple[ContractChanges, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    returns: tuple[Return, ...] = ()
    standards: tuple[StandardChange, ...] = ()
    unreachable: tuple[SourceDown, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    stops: tuple[PersonalStop, ...] = ()
    held: tuple[Held, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    scores: tuple[Series, ...] = ()
    members: tuple[MemberPage, ...] = ()

    @property
    def decisions(self) -> tuple[Item, ...]:
        """What stands on page one."""
        return self.items[:MOST]

    @property
    def empty(self) -> bool:
        """Whether nothing happened in this week and nothing waits."""
        return not (self.totals.runs or self.totals.deliveries or self.items)
