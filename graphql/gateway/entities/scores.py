"""Scores: how many of how many passed, per dimension; null where nothing was measured, which is neither 0 nor 100."""

import strawberry

from core.clock import zone
from core.rows_errors import PageInvalid
from gateway.building import field_of
from gateway.context import Info
from gateway.pages import Connection, part_of
from gateway.scalars import BigInt
from quality import mqa
from quality.score import Dimension, Gate, Level, Week
from quality.score import Measure as MeasureRecord
from quality.score import Scorecard as ScorecardRecord
from services.review import measure
from services.review.scores import Subject, level_scores

quality = field_of("quality")

strawberry.enum(Level, name="ScoreLevel", description="Tingkat skor: what a score is about.")
strawberry.enum(mqa.Band, name="MetadataBand", description="Peringkat metadata by the points of MQA.")


@strawberry.type(description="Hitungan: how many passed of how many were measured.")
class Measure:
    """One measure of one subject and week."""

    record: strawberry.Private[MeasureRecord]

    @quality("Yang lulus.")
    def passed(self) -> BigInt:
        """How many passed."""
        return BigInt(self.record.passed)

    @quality("Yang diperiksa.")
    def measured(self) -> BigInt:
        """How many were measured."""
        return BigInt(self.record.measured)

    @quality("Yang tidak lulus tetapi dinyatakan benar demikian; tetap dihitung tidak lulus.")
    def confirmed(self) -> BigInt:
        """How many of those that did not pass a person said are right as they are."""
        return BigInt(self.record.confirmed)

    @quality("From 0 to 1.")
    def share(self) -> float | None:
        """The share that passed."""
        return self.record.share

    @quality("The command that lists what did not pass.")
    def opens(self) -> str:
        """What the number opens to."""
        return self.record.opens


@strawberry.type(description="Syarat Satu Data (Perpres 39/2019 pasal 3); null: belum dapat dinilai.")
class Gates:
    """Whether a subject's datasets have what each of them must have."""

    card: strawberry.Private[ScorecardRecord]

    @quality("Standar data.")
    def standard(self) -> bool | None:
        """Whether they follow a data standard."""
        return self.card.gates.get(Gate.STANDARD)

    @quality("Metadata.")
    def metadata(self) -> bool | None:
        """Whether they are described."""
        return self.card.gates.get(Gate.METADATA)

    @quality("Interoperabilitas.")
    def interoperability(self) -> bool | None:
        """Whether machines can read them."""
        return self.card.gates.get(Gate.INTEROPERABILITY)

    @quality("Kode referensi and data induk.")
    def codes(self) -> bool | None:
        """Whether they use the reference codes."""
        return self.card.gates.get(Gate.CODES)


@strawberry.type(description="Nilai metadata by MQA, the European Data Portal's method.")
class MetadataPoints:
    """Points for descriptions."""

    points: int = strawberry.field(metadata={"owner": "quality"})

    @quality("The most there are.")
    def of(self) -> int:
        """The most points."""
        return mqa.MOST

    @quality()
    def band(self) -> mqa.Band:
        """What so many points are called."""
        return mqa.band(self.points)


@strawberry.type(description="Skor mutu of one subject in one week; a dimension that is null was not measured.")
class Scorecard:
    """A scorecard, counted over what the asker may know of."""

    record: strawberry.Private[ScorecardRecord]

    def _measure(self, dimension: Dimension) -> Measure | None:
        found = self.record.dimensions.get(dimension)
        return Measure(record=found) if found is not None and found.measured else None

    @quality()
    def level(self) -> Level:
        """What it is about."""
        return self.record.level

    @quality("A dataset's or source's id, MEMBER/DINAS, a member's code, or the province's.")
    def id(self) -> strawberry.ID:
        """Whose it is."""
        return strawberry.ID(self.record.id)

    @quality("Judul.")
    def title(self) -> str:
        """What people call it."""
        return self.record.title

    @quality("Minggu ISO, as in 2026-W47.")
    def week(self) -> str:
        """The week."""
        return str(self.record.week)

    @quality("Kelengkapan.")
    def completeness(self) -> Measure | None:
        """Cells that are filled."""
        return self._measure(Dimension.COMPLETENESS)

    @quality("Kesesuaian with type, format and bounds.")
    def validity(self) -> Measure | None:
        """Cells that are valid."""
        return self._measure(Dimension.VALIDITY)

    @quality("Keunikan.")
    def uniqueness(self) -> Measure | None:
        """Rows that are told once."""
        return self._measure(Dimension.UNIQUENESS)

    @quality("Konsistensi.")
    def consistency(self) -> Measure | None:
        """Rows that agree with themselves."""
        return self._measure(Dimension.CONSISTENCY)

    @quality("Ketepatan waktu.")
    def timeliness(self) -> Measure | None:
        """Periods that came in time."""
        return self._measure(Dimension.TIMELINESS)

    @quality("Akurasi against the reference codes.")
    def accuracy(self) -> Measure | None:
        """Codes that exist."""
        return self._measure(Dimension.ACCURACY)

    @quality("Syarat Satu Data.")
    def gates(self) -> Gates:
        """The four gates."""
        return Gates(card=self.record)

    @quality("Nilai metadata; null where no description of that week was judged.")
    def mqa(self) -> MetadataPoints | None:
        """The points for descriptions."""
        return None if self.record.mqa is None else MetadataPoints(points=self.record.mqa)


def week_of(info: Info, said: str | None) -> Week:
    """The week that is asked for, the running one where none is; `WeekUnknown` where there is no such week."""
    services = info.context.services
    return Week.parse(said) if said else Week.of(services.clock(), zone(services.settings.timezone))


async def scores_of(
    info: Info, level: Level, id_: str, member: str, *, week: str | None, weeks: int
) -> list[Scorecard]:
    """One subject's scorecards, the oldest week first; together with those of others in one look."""
    if not 1 <= weeks <= measure.WEEKS:
        raise PageInvalid(relation="scores", first=weeks, largest=measure.WEEKS)
    subject = Subject(level, id_, member, week_of(info, week), weeks)
    return [Scorecard(record=card) for card in await info.context.loaders.scores.load(subject)]


async def scores_page(
    info: Info, level: Level, *, week: str | None, member: str | None, first: int, after: str | None
) -> Connection[Scorecard]:
    """One week's scorecards of every subject at a level, by id."""
    context, asked = info.context, week_of(info, week)
    services = context.services
    found = await context.sql(
        lambda session: level_scores(
            services, session, context.actor, level, asked, now=services.clock(), member=member
        )
    )
    return part_of(info, "scores", found, lambda card: Scorecard(record=card), first=first, after=after)
