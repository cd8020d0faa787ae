"""The report's numbers as a workbook: a sheet a section, text as text and nothing that a spreadsheet would run (F28).

openpyxl stamps every file with the present moment; it is written over, so that the same report gives the same bytes.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from quality.report.model import Item, Report
from quality.report.words import Words

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
_HEAD = PatternFill("solid", fgColor="1E6B4F")
_MOST_TEXT = 32_000  # a cell holds 32,767 letters
Row = Sequence[object]


def as_xlsx(report: Report, digest: str, locale: str = "id") -> bytes:
    """The whole report as an XLSX workbook; the same report and language, the same bytes."""
    words = Words.of(report, locale)
    book = Workbook(write_only=True)
    for name, headers, rows in _sheets(report, digest, words):
        sheet = book.create_sheet(words.say(f"report.sheet.{name}")[:31])
        found = [list(row) for row in rows]
        for i, header in enumerate(headers):
            widest = max((len(str(row[i])) for row in found[:200] if row[i] is not None), default=0)
            sheet.column_dimensions[get_column_letter(i + 1)].width = min(60, max(10, len(header), widest) + 2)
        sheet.freeze_panes = "A2"
        sheet.append([_head(sheet, header) for header in headers])
        for row in found:
            sheet.append([_cell(sheet, value, words) for value in row])
    made = BytesIO()
    book.save(made)
    return _unstamped(made.getvalue(), report.until)


def _head(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
    return cell


def _cell(sheet: Any, value: object, words: Words) -> Any:
    """A value as a cell: numbers as numbers, moments as local text, anything else as text that is never a formula."""
    if isinstance(value, bool):
        value = words.say("report.yes" if value else "report.no")
    elif isinstance(value, datetime):
        value = words.moment(value)
    elif isinstance(value, date):
        value = value.isoformat()
    if value is None or isinstance(value, int | float):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", str(value))[:_MOST_TEXT])
    cell.data_type = "s"
    if str(value)[:1] in "=+-@\t\r":
        cell.quotePrefix = True
    cell.alignment = Alignment(vertical="top", wrap_text=len(str(value)) > 40)
    return cell


def _sheets(r: Report, digest: str, w: Words) -> Iterator[tuple[str, list[str], Iterable[Row]]]:
    def heads(*names: str) -> list[str]:
        return [w.say(f"report.head.{name}") for name in names]

    yield "summary", heads("what", "number", "before"), _summary(r, digest, w)
    yield (
        "decisions", heads("id", "kind", "member", "asked", "why", "options", "otherwise", "since", "command"),
        ([i.id, i.kind.value, w.member(i.member), w.asks(i), _whys(i, w), " · ".join(i.options), w.otherwise(i),
          i.since, i.command] for i in r.items),
    )  # fmt: skip
    yield (
        "outcomes", heads("id", "week", "member", "asked", "decision", "by", "reason", "at", "became"),
        ([o.id, str(o.week), w.member(o.member), w.asks(o), w.option(o.decision) if o.decision else None, o.by,
          o.reason, o.at, w.say("report.still" if o.open else "report.settled")] for o in r.outcomes),
    )  # fmt: skip
    yield (
        "scores", heads("level", "id", "subject", "week", "dimension", "passed", "measured", "opens"),
        ([s.level, s.id, s.title, str(card.week), w.label("dimension", d.value), m.passed, m.measured, m.opens]
         for s in r.scores for card in s.cards if card is not None
         for d, m in card.dimensions.items() if m is not None),
    )  # fmt: skip
    yield (
        "changes", heads("contract", "standard", "member", "rows", "added", "changed", "removed"),
        ([c.contract, w.title(c.title), w.member(m.member), m.rows, m.added, m.changed, m.removed]
         for c in r.changes for m in c.members),
    )  # fmt: skip
    yield (
        "examples", heads("contract", "what", "member", "key", "before", "after"),
        ([c.contract, w.label("what", e.what), w.member(e.member), _pairs(e.key), _pairs(e.before), _pairs(e.after)]
         for c in r.changes for e in c.examples),
    )  # fmt: skip
    yield (
        "matrix", heads("member", "listed", "contract", "producer", "priority", "every", "period", "state"),
        ([w.member(m.member), m.title, m.contract, m.producer, m.priority, m.every, period, w.label("cell", cell.value)]
         for m in r.matrix for period, cell in m.cells),
    )  # fmt: skip
    yield from _more_sheets(r, w, heads)


def _more_sheets(r: Report, w: Words, heads: Any) -> Iterator[tuple[str, list[str], Iterable[Row]]]:
    yield (
        "held", heads("delivery", "member", "title", "file", "contract", "why", "since", "decision"),
        ([h.name, w.member(h.member), h.title, h.file, h.contract, " ".join(w.sentence(y) for y in h.whys), h.since,
          w.label("said", h.settled) if h.settled else None] for h in r.held),
    )  # fmt: skip
    yield (
        "returns", heads("member", "title", "producer", "rows", "since", "due", "state"),
        ([w.member(t.member), t.title, t.producer, t.rows, t.since, t.due, w.label("return", t.state)]
         for t in r.returns),
    )  # fmt: skip
    yield (
        "rejected", heads("member", "title", "contract", "reason", "rows", "new"),
        ([w.member(q.member), q.title, q.contract, _pairs(q.reasons), q.rows, q.new] for q in r.rejected),
    )  # fmt: skip
    yield (
        "findings", heads("id", "member", "title", "why", "rows", "at"),
        ([f.id, w.member(f.member), f.title, w.sentence((f.code, f.values)), f.rows, f.at] for f in r.findings),
    )  # fmt: skip
    yield (
        "personal", heads("member", "title", "file", "columns", "at", "state"),
        ([w.member(p.member), p.title, p.file, p.columns, p.at,
          w.say("report.stop.open" if p.open else "report.stop.closed")] for p in r.stops),
    )  # fmt: skip
    yield (
        "sources", heads("source", "member", "why", "since", "last_ok", "number"),
        ([s.source, w.member(s.member), w.source_why(s), s.since, s.last_ok, s.runs] for s in r.unreachable),
    )  # fmt: skip
    yield (
        "exemptions", heads("source", "member", "rule", "value", "by", "reason", "until"),
        ([x.source, w.member(x.member), w.label("exemption", x.what), x.value, x.by, x.reason, x.until]
         for x in r.exemptions),
    )  # fmt: skip
    yield (
        "accepted", heads("member", "title", "file", "decision", "by", "reason", "at", "why"),
        ([w.member(a.member), a.title, a.file, w.label("said", a.decision), a.by, a.reason, a.at, ", ".join(a.holds)]
         for a in r.accepted),
    )  # fmt: skip
    yield (
        "standards", heads("contract", "standard", "version", "before", "datasets"),
        ([s.contract, w.title(s.title), s.version, s.before, s.datasets] for s in r.standards),
    )  # fmt: skip


def _summary(r: Report, digest: str, w: Words) -> Iterator[Row]:
    yield [w.say("report.title"), str(r.week), str(r.week.back(1))]
    yield [w.say("report.week", number=r.week.number, year=str(r.week.year)), w.days(r.week), None]
    yield [w.say("report.until", until=""), r.until, None]
    yield [w.say("report.sign.digest"), digest, None]
    yield [w.say("report.sign.anchor", entry=r.anchor[0]), r.anchor[1], None]
    for name in ("sources", "datasets", "deliveries", "held", "rows", "rows_returned"):
        yield [w.say(f"report.tile.{name}"), getattr(r.totals, name), getattr(r.before, name)]


def _whys(item: Item, w: Words) -> str:
    return " ".join(w.sentence(why) for why in item.whys)


def _pairs(values: Any) -> str:
    return "; ".join(f"{k}: {v}" for k, v in values.items() if v != "")


def _unstamped(book: bytes, moment: datetime) -> bytes:
    """The same workbook with the report's moment in place of today's, and with no times in its archive."""
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _STAMP.sub(rb"\g<1>" + stamp + rb"\g<3>", data)
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return out.getvalue()
