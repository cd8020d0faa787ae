"""Whether what came speaks of the time that was due: a file that comes every month with last year's rows is stale.

Whether a delivery came at all is the matrix' matter. Here the newest row counts, of all of a member's datasets of one
standard together, so that an archive beside the living table is nobody's fault.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from core.contract import ColumnType, Contract
from core.rows_duckdb import quoted
from quality.beyond.asking import ROW, Bound, row_of, unreadable
from quality.beyond.finding import Found, Kind, Outcome, Rows, Settings, Side

RULE = "schedule"


def check(contract: Contract, rows: Rows, settings: Settings) -> Iterator[Outcome]:
    """The members whose newest row is older than the newest period that was due."""
    time = contract.metadata.checks.fresh
    if not time:
        return
    if (closed := unreadable(Kind.STALE, RULE, time, rows)) is not None:
        yield closed
        return
    bind = Bound()
    moment = contract.column(time[0]).type is ColumnType.MOMENT
    zone = bind(str(settings.zone)) if moment else ""
    day = f"CAST(timezone({zone}, {quoted(time[0])}) AS DATE)" if moment else _last_day(contract, time)
    sql = (
        f"WITH dated AS (SELECT *, {day} AS _day FROM rows) "
        "SELECT _member, list(DISTINCT _dataset ORDER BY _dataset), max(_day), "
        f"first({ROW} ORDER BY _day DESC, _dataset, _resource, _row) FROM dated "
        f"WHERE _day <= {bind(_horizon(contract, time, settings.today))} GROUP BY _member ORDER BY _member"
    )
    for member, datasets, newest, at in rows.select(sql, bind.params):
        known: Any = datasets
        due = max((settings.due[d] for d in known if d in settings.due), key=lambda d: d.begins, default=None)
        assert isinstance(newest, date)
        if due is not None and newest < due.begins:
            yield _stale(contract, settings, str(member), newest=newest, at=at, due=(due.name, due.begins))


def _last_day(contract: Contract, time: tuple[str, ...]) -> str:
    """The last day that a row speaks of."""
    if contract.column(time[0]).type is ColumnType.DATE:
        return quoted(time[0])
    year = quoted(time[0])
    month = quoted(time[1]) if len(time) > 1 else "12"
    sound = f"{year} BETWEEN 1 AND 9998 AND {month} BETWEEN 1 AND 12"
    return f"CASE WHEN {sound} THEN last_day(make_date({year}, {month}, 1)) END"


def _named(contract: Contract, newest: date) -> str:
    """The newest time as its rows have it: a year, a month of a year, or a day."""
    fresh = contract.metadata.checks.fresh
    if contract.column(fresh[0]).type is not ColumnType.INTEGER:
        return newest.isoformat()
    return f"{newest:%Y-%m}" if len(fresh) > 1 else f"{newest:%Y}"


def _horizon(contract: Contract, time: tuple[str, ...], today: date) -> date:
    """The last day that can be true: of a month and a year, which are named before they are over, their own end."""
    if contract.column(time[0]).type is not ColumnType.INTEGER:
        return today
    month = today.month if len(time) > 1 else 12
    return date(today.year, month, monthrange(today.year, month)[1])


def _stale(
    contract: Contract, settings: Settings, member: str, *, newest: date | datetime, at: Any, due: tuple[str, date]
) -> Found:
    name, begins = due
    row = row_of(at)
    known = settings.datasets.get(row.dataset)
    return Found(
        kind=Kind.STALE, contract=contract.name, rule=RULE, member=member, dataset=None,
        columns=contract.metadata.checks.fresh, key={"member": member},
        seen=Side("finding.side.newest", newest, (row,), 1),
        expected=(Side("finding.side.due", begins, (), 0),),
        weight=float((begins - newest) // timedelta(days=1)), message="finding.stale",
        values={
            "newest": _named(contract, newest), "due": name, "begins": begins.isoformat(),
            "days": (begins - newest) // timedelta(days=1), "title": known.title if known else row.dataset,
        },
        as_of=newest, concerns=(row.dataset,),
    )  # fmt: skip
