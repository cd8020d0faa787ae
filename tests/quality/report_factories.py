"""A report made by hand, with what is hardest to write down: formulas, markup, and texts of both languages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from quality.report.model import (
    Change,
    ContractChanges,
    Example,
    Exemption,
    Facts,
    Held,
    Item,
    Kind,
    MatrixRow,
    MemberPage,
    Rejected,
    Report,
    Series,
    SourceDown,
    Totals,
)
from quality.report.ranking import item_id
from quality.score import Cell, Dimension, Level, Measure, Scorecard, Week

WEEK = Week(2026, 47)
SINCE = datetime(2026, 11, 15, 17, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>'


def item(kind: Kind = Kind.HELD, name: str = "a", **more: Any) -> Item:
    values: Facts = {"title": name, "source": "s", "file": "f", "column": "c"}
    return replace(
        Item(
            id=item_id(kind, name), kind=kind, member="33.01", subject=name, values=values,
            options=("release", "defer"), command="lumbung held", since=SINCE,
            whys=(("quality.hold.FOREIGN_REGIONS", {"count": 1, "regions": "33.74"}),),
        ),
        **more,
    )  # fmt: skip


def empty(week: Week = WEEK, **more: Any) -> Report:
    """A week in which nothing happened."""
    given: dict[str, Any] = {
        "week": week, "province": "33", "province_name": "Jawa Tengah", "service": "Lumbung", "zone": "WIB",
        "since": SINCE, "until": SINCE + timedelta(days=7), "preliminary": False, "first": False, "seq_before": 0,
        "seq": 0, "anchor": (0, "0" * 64), "totals": Totals(), "before": Totals(), **more,
    }  # fmt: skip
    return Report(**given)


def full(title: str = "Harga pangan", **more: Any) -> Report:
    """A week with something in every section that this test needs."""
    card = Scorecard(
        Level.PROVINCE, "33", "Jawa Tengah", WEEK, {Dimension.VALIDITY: Measure(9_999, 10_000, "lumbung q")}, {}, 300
    )
    made = empty(
        totals=Totals(sources=2, datasets=3, deliveries=4, held=1, rows=12_345, rows_returned=1, runs=2),
        items=(item(name=title),),
        changes=(
            ContractChanges(
                "price", {"id": title, "en": title}, (Change("price", "33.01", 10, 2, 1, 0),),
                (Example("changed", "33.01", {"market": title}, {"price": "1"}, {"price": "2"}),),
            ),
        ),
        matrix=(
            MatrixRow("33.01", "d1", title, "price", "Dinas", True, "bulanan",
                      (("2026-09", Cell.ON_TIME), ("2026-10", Cell.MISSING))),
        ),
        unreachable=(SourceDown("s1", "33.01", "STALE", {"source": "s1"}, SINCE, None, 3),),
        exemptions=(Exemption("s1", "33.01", "http", None, title, title, date(2026, 12, 1), False),),
        held=(Held("33.01", title, title, "aa/bb", "price", SINCE, item().whys),),
        rejected=(Rejected("33.01", "d1", title, "price", 5, 2, {"price.range": 5}),),
        scores=(Series("province", "33", "Jawa Tengah", (None, card)),),
        members=(MemberPage("33.01", title, Totals(sources=1), Totals()),),
    )  # fmt: skip
    return replace(made, **more)
