"""The report's numbers as a workbook: a sheet a section; how a workbook is written is `quality/report/workbook.py`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from quality.report.model import Item, Report
from quality.report.words import Words
from quality.report.workbook import Sheet, workbook
from quality.score import Dimension

Row = Sequence[object]


def as_xlsx(report: Report, digest: str, locale: str = "id") -> bytes:
    """The whole report as an XLSX workbook; the same report and language, the same bytes."""
    words = Words.of(report, locale)
    sheets = (
        Sheet(words.say(f"report.sheet.{name}"), headers, [[_shown(value, words) for value in row] for row in rows])
        for name, headers, rows in _sheets(report, digest, words)
    )
    return workbook(sheets, stamp=f"{report.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _shown(value: object, words: Words) -> object:
    """Moments as local text, yes and no as words; numbers and text as they are."""
    if isinstance(value, bool):
        return words.say("report.yes" if value else "report.no")
    if isinstance(value, datetime):
        return words.moment(value)
    return value.isoformat() if isinstance(value, date) else value


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
    yield "scores", _score_heads(w), _scores(r)
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


def _score_heads(w: Words) -> list[str]:
    first = [w.say(f"report.head.{name}") for name in ("level", "id", "subject", "week")]
    counts = [
        f"{w.label('dimension', d.value)}: {w.say(f'report.head.{name}').lower()}"
        for d in Dimension
        for name in ("passed", "measured")
    ]
    return [*first, *counts, w.say("report.head.mqa"), w.say("report.head.opens")]


def _scores(r: Report) -> Iterator[Row]:
    """A line a subject and week: of each dimension what passed and what was measured, empty where nothing was."""
    for series in r.scores:
        for card in series.cards:
            if card is None:
                continue
            counts: list[object] = []
            opens = None
            for dimension in Dimension:
                measure = card.dimensions.get(dimension)
                counts += [None, None] if measure is None else [measure.passed, measure.measured]
                opens = opens or (measure.opens if measure is not None and card.week == r.week else None)
            yield [series.level, series.id, series.title, str(card.week), *counts, card.mqa, opens]


def _whys(item: Item, w: Words) -> str:
    return " ".join(w.sentence(why) for why in item.whys)


def _pairs(values: Any) -> str:
    return "; ".join(f"{k}: {v}" for k, v in values.items() if v != "")
