"""Whether a text is a cron line of five fields; when it next fires is the scheduler's business."""

import re

_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
#: minute, hour, day of month, month, day of week: lowest, highest, names.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: i for i, name in enumerate(_MONTHS, start=1)}),
    (0, 7, {name: i for i, name in enumerate(_DAYS)}),
)
_PART = re.compile(r"(?P<from>\*|\w+)(?:-(?P<to>\w+))?(?:/(?P<step>\d{1,2}))?", re.ASCII)


def is_cron(text: str) -> bool:
    """True for five fields of numbers, names, ranges, lists and steps within their bounds."""
    fields = text.split()
    return len(fields) == len(_FIELDS) and all(
        all(_part(part, *bounds) for part in field.split(",")) for field, bounds in zip(fields, _FIELDS, strict=True)
    )


def _part(text: str, low: int, high: int, names: dict[str, int]) -> bool:
    found = _PART.fullmatch(text.lower())
    if found is None or found["step"] == "0" or (found["step"] and set(found["step"]) == {"0"}):
        return False
    if found["from"] == "*":
        return found["to"] is None
    start = _number(found["from"], names)
    end = start if found["to"] is None else _number(found["to"], names)
    return start is not None and end is not None and low <= start <= end <= high


def _number(text: str, names: dict[str, int]) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else names.get(text)
