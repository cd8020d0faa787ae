"""Counts every dataset as it stood at the end of a week, from what the gate left; wider subjects are sums of these.

A week that is over is written down once (`catalog/measures.py`) and read from there ever after; the running one, and
one that nobody has closed yet, are counted from the gate's records before its end. What each dimension counts is
`quality/counting.py`'s matter, release schedules are `services/review/periods.py`'s.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from catalog import measures
from catalog.measures import MeasureRecord
from catalog.writing import reading
from core.clock import zone
from quality import mqa
from quality.gates import gates
from quality.report.model import Series
from quality.score import Dimension, Gate, Level, Measure, Scorecard, Week, total
from services.granary import Granary
from services.review.described import descriptions
from services.review.known import Known
from services.review.records import Ledger, timeliness
from services.review.titles import titles

#: The running week and the 26 before it.
WEEKS = 27
#: So long after its end nothing is on its way any more that was stamped within a week.
SETTLED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset at the end of one week; `gates` and `mqa` are None where no description of that week was judged."""

    dataset: str
    source: str
    member: str
    producer: str | None
    counts: Mapping[Dimension, Measure] = field(default_factory=dict)
    gates: Mapping[Gate, bool | None] | None = None
    mqa: int | None = None

    def subject(self, level: Level, province: str) -> str | None:
        """Its subject at a level; None where it has none (a dataset whose dinas is not known)."""
        match level:
            case Level.DATASET:
                return self.dataset
            case Level.SOURCE:
                return self.source or None
            case Level.PRODUCER:
                return f"{self.member}/{self.producer}" if self.producer else None
            case Level.MEMBER:
                return self.member
            case Level.PROVINCE:
                return province


#: Which datasets of a week count at a level.
Keep = Callable[[Iterable[Part], Level], Iterable[Part]]


def number(week: Week) -> int:
    """The week as the catalogue keeps it."""
    return week.year * 100 + week.number


def parts(
    home: Known, session: Session, weeks: Sequence[Week], *, now: datetime, member: str | None = None
) -> dict[Week, tuple[Part, ...]]:
    """Every dataset at the end of each of these weeks (of the running one: at `now`), of one member or of all.

    Descriptions are judged for the running week alone; those of earlier weeks were judged when the week was closed.
    """
    here = zone(home.settings.timezone)
    stored = measures.weeks(session, (number(w) for w in weeks), member=member)
    found = {week: tuple(_kept(r) for r in stored.get(number(week), ())) for week in weeks}
    began = {week: week.bounds(here) for week in weeks if number(week) not in stored}
    open_ = {week: min(end, now) for week, (start, end) in began.items() if start < now}
    if open_:
        ledger = Ledger.read(home, session, list(open_.values()), member=member)
        for week, moment in open_.items():
            mine = list(counted(ledger, moment))
            if week == Week.of(now, here):
                described = _described(home, session, {part.dataset: part.counts for part in mine})
                mine = [
                    replace(part, gates=described[part.dataset][0], mqa=described[part.dataset][1])
                    if part.dataset in described
                    else part
                    for part in mine
                ]
            found[week] = tuple(mine)
    return found


def counted(ledger: Ledger, moment: datetime) -> Iterator[Part]:
    """Every dataset, then every line of a data list for which nothing has ever come though it was due."""
    due = ledger.due(moment)
    dinas = {(s.member, s.organisation_title): s.organisation for s in ledger.subjects}
    for s in ledger.datasets(moment):
        counts = ledger.counts(s, moment)
        if (on_time := timeliness(due.pop(s.id, ()))) is not None:
            counts[Dimension.TIMELINESS] = on_time
        yield Part(s.id, s.source, s.member, s.organisation, counts)
    for id_, owed in due.items():
        if (on_time := timeliness(owed)) is not None:
            one = owed[0].owed
            producer = dinas.get((one.member, one.producer), one.producer)
            yield Part(id_, "", one.member, producer, {Dimension.TIMELINESS: on_time})


def _kept(record: MeasureRecord) -> Part:
    return Part(
        dataset=record.dataset_id,
        source=record.source,
        member=record.member,
        producer=record.producer,
        counts={Dimension(name): _counted(*kept) for name, kept in record.counts.items()},
        gates=None if record.gates is None else {Gate(name): passed for name, passed in record.gates.items()},
        mqa=record.mqa,
    )


def _counted(passed: int, measured: int, confirmed: int = 0) -> Measure:
    return Measure(passed, measured, confirmed=confirmed)


def _described(
    home: Known, session: Session, counted: Mapping[str, Mapping[Dimension, Measure]]
) -> dict[str, tuple[dict[Gate, bool | None], int]]:
    found = descriptions(home, session, counted)
    return {
        id_: (
            {j.gate: j.passed for j in gates(one, counted[id_].get(Dimension.ACCURACY))},
            mqa.score(mqa.points(one)),
        )
        for id_, one in found.items()
    }


def opens(dimension: Dimension, level: Level, id_: str, week: Week) -> str:
    """The command that lists what stands behind a number."""
    return f"lumbung scores opens {dimension.value} --level {level.value} --id {id_} --week {week}"


def cards(
    parts: Iterable[Part], level: Level, week: Week, *, province: str, titles: Mapping[str, str]
) -> list[Scorecard]:
    """The scorecards of every subject at a level, by id: their parts' counts added.

    A wider subject passes a gate where all of its datasets do, and cannot be judged where one cannot and none fails
    (`passing` says how many do); its points are the mean of its datasets', as MQA rates a catalogue, rounded down.
    """
    found: dict[str, list[Part]] = {}
    for part in parts:
        if (id_ := part.subject(level, province)) is not None:
            found.setdefault(id_, []).append(part)
    return [
        Scorecard(
            level=level,
            id=id_,
            title=titles.get(id_, id_),
            week=week,
            dimensions={d: total((p.counts.get(d) for p in mine), opens(d, level, id_, week)) for d in Dimension},
            gates=_gates(mine),
            mqa=_mean([p.mqa for p in mine if p.mqa is not None]),
        )
        for id_, mine in sorted(found.items())
    ]


def _mean(points: Sequence[int]) -> int | None:
    return sum(points) // len(points) if points else None


def passing(parts: Iterable[Part], gate: Gate) -> Measure | None:
    """How many of these datasets pass a gate, of those that could be judged; None where none could."""
    known = [p.gates[gate] for p in parts if p.gates is not None and p.gates.get(gate) is not None]
    return Measure(sum(map(bool, known)), len(known)) if known else None


def _gates(mine: Sequence[Part]) -> dict[Gate, bool | None]:
    known = [part.gates for part in mine if part.gates is not None]
    out: dict[Gate, bool | None] = {}
    for gate in Gate if known else ():
        said = [gates_.get(gate) for gates_ in known]
        out[gate] = False if False in said else None if None in said else True
    return out


def series(
    home: Known,
    session: Session,
    week: Week,
    *,
    now: datetime,
    levels: Sequence[Level] = tuple(Level),
    member: str | None = None,
    weeks: int = WEEKS,
    keep: Keep | None = None,
) -> tuple[Series, ...]:
    """The scorecards of every subject over the weeks up to and with this one, oldest first; None before it was known.

    Args:
        now: the moment that counts as the end of a week that is not over.
        keep: which datasets count at a level; all where None.
    """
    asked = [week.back(n) for n in reversed(range(weeks))]
    found = parts(home, session, asked, now=now, member=member)
    names, province = titles(home, session, (p.dataset for p in found[week])), home.settings.province
    out: list[Series] = []
    for level in levels:
        rows: dict[str, dict[Week, Scorecard]] = {}
        for one in asked:
            counting = found[one] if keep is None else keep(found[one], level)
            for card in cards(counting, level, one, province=province, titles=names):
                rows.setdefault(card.id, {})[one] = card
        for id_, known in sorted(rows.items()):
            shown = tuple(known.get(one) for one in asked)
            out.append(Series(level.value, id_, names.get(id_, id_), shown))
    return tuple(out)


def close_weeks(granary: Granary, *, now: datetime, weeks: int = WEEKS) -> int:
    """Write down the weeks that are over and not written down yet, the newest 26 at most; how many these were.

    Descriptions have no past: a week gets its gates and points only where it is closed within the week after it.
    """
    here = zone(granary.settings.timezone)
    running = Week.of(now, here)
    over = [week for n in range(weeks - 1, 0, -1) if (week := running.back(n)).bounds(here)[1] + SETTLED <= now]
    with reading(granary.sessions) as session:
        known = measures.closed(session, (number(w) for w in over))
        missing = [week for week in over if number(week) not in known]
        if not missing:
            return 0
        found = parts(granary, session, missing, now=now)
        last = {p.dataset: p.counts for p in found.get(running.back(1), ())}
        described = _described(granary, session, last)
    oldest = number(running.back(measures.KEPT_WEEKS))
    done = 0
    for week in missing:
        seen = described if week == running.back(1) else {}
        records = [_record(number(week), part, *seen.get(part.dataset, (None, None))) for part in found[week]]
        done += measures.close(granary.sessions, number(week), records, oldest=oldest, now=now)
    return done


def _record(week: int, part: Part, judged: Mapping[Gate, bool | None] | None, points: int | None) -> MeasureRecord:
    return MeasureRecord(
        week=week,
        dataset_id=part.dataset,
        source=part.source,
        member=part.member,
        producer=part.producer,
        counts={d.value: m.counts for d, m in part.counts.items()},
        gates=None if judged is None else {gate.value: passed for gate, passed in judged.items()},
        mqa=points,
    )
