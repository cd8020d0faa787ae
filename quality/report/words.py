"""How a report speaks: sentences of the message catalogue, numbers, days and moments in one language and time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date

from core.clock import ZONES, zone
from core.messages import catalogue, text
from quality.report.model import Fact, Facts, Item, Outcome, Report, SourceDown
from quality.score import Measure, Week

_INDONESIAN = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Words:
    """One language over one report.

    Attributes:
        names: member code to name.
    """

    locale: str
    zone_name: str
    names: Mapping[str, str]

    @classmethod
    def of(cls, report: Report, locale: str) -> "Words":
        """The words for a report."""
        return cls(locale, report.zone, {page.code: page.name for page in report.members})

    def say(self, message: str, /, **values: object) -> str:
        """A sentence; numbers within it are written as the language writes them."""
        return text(message, self.locale, **{k: self.number(v) if _is_count(v) else v for k, v in values.items()})

    def sentence(self, about: tuple[str, Facts]) -> str:
        """A sentence given as its id and values."""
        message, values = about
        known = f"federation.reason.{values.get('reason')}"  # why a source was not reached, kept as its code
        said = {**values, "reason": self.say(known, **values)} if self.has(known) else values
        return self.say(message, **said)

    def has(self, message: str) -> bool:
        """Whether a sentence is known."""
        return message in catalogue(self.locale)

    def label(self, group: str, code: str) -> str:
        """What a code is called; the code itself where nobody has named it."""
        message = f"report.{group}.{code}"
        return self.say(message) if self.has(message) else code

    def number(self, value: object) -> str:
        """A number with its thousands apart: 12.345 and 0,5 in Indonesian, 12,345 and 0.5 in English."""
        shown = f"{value:,}"
        return shown.translate(_INDONESIAN) if self.locale == "id" else shown

    def signed(self, value: int) -> str:
        """A change: +12, −3, or ±0."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return sign + self.number(abs(value))

    def percent(self, measure: Measure | None) -> str:
        """The share that passed, with one decimal and rounded down, so that 100 is all of them."""
        if measure is None or not measure.measured:
            return self.say("report.unmeasured")
        tenths = measure.passed * 1000 // measure.measured
        shown = f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)
        return (shown.replace(".", ",") if self.locale == "id" else shown) + "%"

    def day(self, day: date) -> str:
        """`23 November 2026`."""
        return format_date(day, "d MMMM y", locale=self.locale)

    def moment(self, moment: datetime | None) -> str:
        """`23 Nov 2026 06.00 WIB` in the province's time; a dash where there is none."""
        if moment is None:
            return "—"
        local = moment.astimezone(zone(self.zone_name))
        short = {v: k for k, v in ZONES.items()}.get(str(zone(self.zone_name)), self.zone_name)
        clock = f"{local:%H.%M}" if self.locale == "id" else f"{local:%H:%M}"
        return f"{format_date(local, 'd MMM y', locale=self.locale)} {clock} {short}"

    def date_of(self, moment: datetime) -> str:
        """`23 Nov 2026`, the province's day of a moment."""
        return format_date(moment.astimezone(zone(self.zone_name)), "d MMM y", locale=self.locale)

    def days(self, week: Week) -> str:
        """`23–29 November 2026`: a week's first and last day."""
        first, last = week.monday, week.monday + timedelta(days=6)
        style = "d" if first.month == last.month else "d MMMM" if first.year == last.year else "d MMMM y"
        return f"{format_date(first, style, locale=self.locale)}–{self.day(last)}"

    def member(self, code: str | None) -> str:
        """A member's name; its code where it is not known, and the whole province where none is meant."""
        return self.say("report.everyone") if code is None else self.names.get(code, code)

    def title(self, titles: Mapping[str, str]) -> str:
        """A title in this language, else in Indonesian."""
        return titles.get(self.locale) or titles.get("id") or ""

    def asks(self, item: Item | Outcome) -> str:
        """The question of an item, in one line."""
        values = item.values if isinstance(item, Item) else {}
        return self.say(
            f"report.item.{item.kind.value}", **{"title": item.subject, **values}, of=self.member(item.member)
        )

    def otherwise(self, item: Item) -> str:
        """What happens while nobody decides."""
        return self.say(f"report.item.{item.kind.value}.otherwise", **item.values)

    def source_why(self, one: SourceDown) -> str:
        """Why a source could not be asked."""
        return self.sentence((source_message(one.code), one.values))

    def option(self, option: str) -> str:
        """What choosing an option means."""
        return self.label("option", option)


def source_message(code: str) -> str:
    """The sentence that says what a source's code means."""
    return f"report.source.{code}" if code in ("NEVER", "STALE") else f"error.{code}.what"


def _is_count(value: object | Fact) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
