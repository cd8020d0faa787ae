"""The summary of a return: what it is about, what is wrong, what to do, where to send it, until when, whom to ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from catalog.holds import Why
from core.clock import on_screen
from core.contract import Column
from core.messages import catalogue, text
from federation.member import Contact, Member, MemberKind, SourceKind
from federation.readers import returned as known
from quality.check import number
from services.granary import Granary
from services.returns.faults import LOCALE, secret
from services.returns.gather import Returned
from services.returns.workbook import Line

_DO = "returns.do."


@dataclass(frozen=True, slots=True)
class Facts:
    """What the summary says beside what was returned.

    Attributes:
        case: the number of the return, empty where it has none yet.
        first: of each reason the sentence of the first row that has it, and the columns it names.
        rows: how many rows of the table the workbook holds; `part` where these are not all.
        period: the first and last value of the time column among sound rows, as they are written.
        uncommented: wrong cells that are coloured without a comment.
        doubted: rows with values that may be true: row of the workbook, marks, and what is said of them.
        tables: sheet to the table it holds, where that is called otherwise.
        sheet: where the wrong cells are, empty where the workbook has one sheet of data.
    """

    case: str
    due: date
    first: Mapping[str, tuple[str, str]]
    rows: int
    part: bool
    period: tuple[str, str] | None = None
    uncommented: int = 0
    doubted: Sequence[tuple[int, str, str]] = ()
    sheet: str = ""
    tables: Mapping[str, str] = field(default_factory=dict)


def summary(granary: Granary, one: Returned, member: Member, facts: Facts) -> list[Line]:
    """The lines of the sheet."""
    zone = granary.settings.timezone
    lines = [Line([known.MARK], bold=True), Line([])]
    producer = producer_of(one, member)
    _say(lines, "for", _t("through", walidata=member.name, producer=producer) if producer else member.name)
    _say(lines, "dataset", one.dataset.title)
    if one.contract is not None:
        _say(lines, "standard", f"{one.contract.title['id']} ({one.contract.name} {one.contract.version})")
    _say(lines, "file", " › ".join(part for part in (one.resource.name, one.found.table) if part))
    if facts.sheet:
        _say(lines, "sheet", facts.sheet)
    if facts.period is not None:
        _say(lines, "period", _t("period_values", first=facts.period[0], last=facts.period[1]))
    _say(lines, "checked", on_screen(one.checked_at, zone))
    lines += _counts(one)
    _say(lines, "due", _t("due_day", day=_day(facts.due)))
    _say(lines, "send", sending(one))
    _say(lines, "contact", _contact(member.contact, member.name))
    if (province := _province(granary)) is not None and province.code != member.code:
        _say(lines, "province", _contact(province.contact, province.name))
    lines += [Line([]), Line([_t("how")], bold=True)]
    lines += [Line([f"{i}.", _t(f"how.{i}")]) for i in range(1, 5)]
    if facts.part:
        mode = one.contract.mode.value if one.contract is not None else "replace"
        lines.append(Line(["", _t(f"part.{mode}")]))
    if facts.uncommented:
        lines.append(Line(["", _t("uncommented", count=facts.uncommented)]))
    if one.found.held:
        lines += [Line([]), Line([_t("held")], bold=True), Line([_t("why"), _t("what"), "", _t("do")], bold=True)]
        lines += [Line([why.code, why.text(LOCALE), "", hold_advice(why)]) for why in one.found.whys]
    if one.row_reasons:
        lines += [Line([]), Line([_t("rows")], bold=True)]
        lines.append(Line([_t("why"), _t("what"), _t("count"), _t("do")], bold=True))
        lines += [_reason(one, rule, count, facts.first.get(rule)) for rule, count in one.row_reasons.items()]
    if facts.doubted:
        lines += _doubted(facts.doubted)
    lines += [Line([]), Line([_t("machine")], bold=True)]
    for label, value in (
        (known.CASE, facts.case), (known.RESOURCE, one.resource.id), (known.TABLE, one.found.table),
        (known.SENT, one.found.sha256), (known.WRONG, str(one.batch.rows if one.batch is not None else 0)),
        (known.ROWS, str(facts.rows)), (known.PART, known.SOME if facts.part else known.WHOLE),
    ):  # fmt: skip
        lines.append(Line([label, value]))
    return lines + [Line([known.SHEET, sheet, table]) for sheet, table in facts.tables.items()]


def _doubted(rows: Sequence[tuple[int, str, str]]) -> list[Line]:
    """The table in which a walidata says of what looks like a slip that it is true, and why."""
    lines = [Line([]), Line([known.TRUE], bold=True), Line([_t("true.how")])]
    lines.append(Line([_t("true.row"), _t("what"), "", _t("true.reason")], bold=True))
    lines += [Line([known.true_label(row, marks), said, "", ""]) for row, marks, said in rows[: known.MOST_TRUE]]
    if len(rows) > known.MOST_TRUE:
        lines.append(Line(["", _t("true.more", count=number(len(rows) - known.MOST_TRUE, LOCALE))]))
    return lines


def _t(id_: str, /, **values: object) -> str:
    return text(f"returns.summary.{id_}", LOCALE, **values)


def _say(lines: list[Line], name: str, value: str) -> None:
    lines.append(Line([_t(name), value]))


def _counts(one: Returned) -> list[Line]:
    accepted = 0 if one.found.held else int(one.statistics.get("accepted_rows", 0))
    rows = int(one.statistics.get("source_rows", 0))
    wrong = one.batch.rows if one.batch is not None else 0
    back = rows if one.found.held else wrong
    lines = [Line([_t("accepted"), number(accepted, LOCALE)]), Line([_t("returned"), number(back, LOCALE)])]
    if one.found.held and wrong:
        lines.append(Line([_t("marked"), number(wrong, LOCALE)]))
    return lines


def producer_of(one: Returned, member: Member) -> str:
    """The dinas that made the data, as people call it."""
    name = one.dataset.organisation
    found = member.organisation(name) if name else None
    if found is not None:
        return found.title
    return one.dataset.organisation_title or name or ""


def _day(day: date) -> str:
    return f"{text(f'returns.weekday.{day.isoweekday()}', LOCALE)}, {day:%d-%m-%Y}"


def _contact(contact: Contact, name: str) -> str:
    known_ = [part for part in (contact.name, contact.email, contact.phone) if part]
    return f"{name}: {', '.join(known_)}" if known_ else _t("contact_unknown", name=name)


def _province(granary: Granary) -> Member | None:
    provinces = [m for m in granary.registry.members if m.kind is MemberKind.PROVINCE]
    return next((m for m in provinces if m.code == granary.settings.province), None)


def sending(one: Returned) -> str:
    """Where the repaired file goes: in place of the one that was sent, or to the province."""
    kind = one.source.kind
    place = {
        SourceKind.CKAN: one.source.url, SourceKind.NODE: one.source.url, SourceKind.FOLDER: str(one.source.path),
    }.get(kind, one.source.title or one.source.id)  # fmt: skip
    return text(f"returns.send.{kind.value}", LOCALE, place=place, dataset=one.dataset.title, file=one.resource.name)


def _reason(one: Returned, rule: str, count: int, first: tuple[str, str] | None) -> Line:
    message, columns = first or ("", "")
    found = [column_of(one, name) for name in columns.split(", ") if name]
    titles = ", ".join(c.title["id"] for c in found if c is not None)
    shown = _t("secret") if any(secret(c) for c in found) else message
    return Line([f"{titles} · {rule}" if titles else rule, shown, count, advice(rule)])


def column_of(one: Returned, name: str) -> Column | None:
    """The standard's column of that name, or None."""
    columns: Sequence[Column] = one.contract.columns if one.contract is not None else ()
    return next((c for c in columns if c.name == name), None)


def advice(rule: str) -> str:
    """What to do about rows that broke a rule."""
    name = f"{_DO}{rule.rpartition('.')[2]}"
    return text(name if name in catalogue(LOCALE) else f"{_DO}other", LOCALE)


def hold_advice(why: Why) -> str:
    """What a steward can do about a delivery that is held."""
    name = f"{_DO}hold.{why.code}"
    return text(name if name in catalogue(LOCALE) else f"{_DO}hold.OTHER", LOCALE)
