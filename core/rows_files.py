"""Which of a relation's files a question needs: those whose times can meet what it asks for."""

from core.rows import All, Compare, Filter, Op, Packed, RowQuery, Value


def _span(where: Filter, column: str) -> tuple[Value | None, Value | None]:
    """The least and the greatest value of a column that a matching row can have; None where there is no bound."""
    first: Value | None = None
    last: Value | None = None
    if isinstance(where, All):
        for part in where.parts:
            low, high = _span(part, column)
            first = low if first is None or (low is not None and low > first) else first  # type: ignore[operator]  # values of one column
            last = high if last is None or (high is not None and high < last) else last  # type: ignore[operator]  # values of one column
    elif isinstance(where, Compare) and where.column == column and not isinstance(where.value, tuple):
        first = where.value if where.op in (Op.EQ, Op.GT, Op.GTE) else None
        last = where.value if where.op in (Op.EQ, Op.LT, Op.LTE) else None
    return first, last


def needed(query: RowQuery) -> list[Packed]:
    """The files that can hold a matching row or the end of one."""
    out: list[Packed] = []
    for file in query.relation.files:
        if file.times is not None:
            column, begin, end = file.times
            first, last = _span(query.matching, column)
            if (first is not None and end < first) or (last is not None and begin > last):  # type: ignore[operator]  # values of one column
                continue
        out.append(file)
    return out
