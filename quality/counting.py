"""What one checked delivery gives to each dimension: so many cells, rows or pairs looked at, so many of them sound.

Everything is read from the record that the gate left (its statistics and Great Expectations' result), so that the past
counts as it was checked, whatever the standard says today. Why each dimension counts so: docs/adr/0021.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from quality.predicates import NOT_NULL, UNIQUE
from quality.score import Dimension, Measure

#: What the gate calls a row that repeats another word for word: counted with its key's rule.
KEY, REPEATED = "key.unique", "key.repeated"
_ROW = "row"  # the severity whose failing rows are set aside, so that each can be listed


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule of one delivery.

    Attributes:
        dimension: the one that it counts for, or None.
        looked: so many values, rows or pairs were there to be judged.
        broken: so many of them failed.
        listed: each that failed is a row in quarantine; otherwise the gate only counted them.
    """

    rule: str
    dimension: Dimension | None
    looked: int
    broken: int
    listed: bool


def judged(statistics: Mapping[str, Any], result: Mapping[str, Any], references: Mapping[str, str]) -> Iterator[Judged]:
    """The rules that were asked of a delivery's single rows, in the order of its standard.

    Args:
        references: column to code list, of the columns whose values must come from one.
    """
    reasons: Mapping[str, int] = statistics.get("reasons", {})
    nulls: dict[str, tuple[int, int]] = {}
    for one in result.get("results", ()):
        config, found = one["expectation_config"], one["result"]
        if "unexpected_count" not in found or "element_count" not in found:
            continue  # of the whole delivery, not of its rows
        said = config["meta"]["lumbung"]
        rule, kwargs, rows = said["rule"], config["kwargs"], int(found["element_count"])
        listed = said["severity"] == _ROW
        broken = int(reasons.get(rule, 0)) if listed else int(found["unexpected_count"])
        missing = int(found.get("missing_count") or 0)
        if config["type"] == NOT_NULL:
            nulls[kwargs["column"]] = (rows, int(found["unexpected_count"]))
            yield Judged(rule, Dimension.COMPLETENESS, rows, broken, listed)
        elif config["type"] in UNIQUE:
            again = int(reasons.get(REPEATED, 0)) if rule == KEY else 0
            yield Judged(rule, Dimension.UNIQUENESS, rows - missing, broken + again, listed)
        else:
            if "column" in kwargs:
                nulls.setdefault(kwargs["column"], (rows, missing))
            consistent = Dimension.CONSISTENCY if said["dimension"] == Dimension.CONSISTENCY.value else None
            yield Judged(rule, consistent, rows - missing, broken, listed)
    for column in references:
        if column in nulls:  # how many cells hold something is known only where a rule asked
            rows, missing = nulls[column]
            unresolved = int(reasons.get(f"{column}.reference", 0))
            yield Judged(f"{column}.reference", Dimension.ACCURACY, rows - missing + unresolved, unresolved, True)


def tally(
    statistics: Mapping[str, Any], result: Mapping[str, Any], references: Mapping[str, str]
) -> dict[str, tuple[int, int]]:
    """Rule to how many of how many rows broke it, most first: the validity of one delivery taken apart.

    A row that breaks several rules stands at each. Reasons that no rule asked for (a cell that cannot be read, a region
    of somebody else's) are of all rows.
    """
    if not result:
        return {}
    rows = int(statistics.get("source_rows", 0))
    reasons: Mapping[str, int] = statistics.get("reasons", {})
    asked = {one.rule: one for one in judged(statistics, result, references)}
    found = {rule: (broken, asked[rule].looked if rule in asked else rows) for rule, broken in reasons.items()}
    found |= {rule: (one.broken, one.looked) for rule, one in asked.items() if one.broken and not one.listed}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1][0], pair[0])))


def counts(
    statistics: Mapping[str, Any], result: Mapping[str, Any], references: Mapping[str, str]
) -> dict[Dimension, Measure]:
    """The counts of one delivery; a dimension that nothing was looked at for is absent.

    A delivery whose rows were never judged (its columns were not understood, it is empty) counts for nothing.
    """
    if not result or not (rows := int(statistics.get("source_rows", 0))):
        return {}
    found = {Dimension.VALIDITY: (rows - int(statistics.get("quarantined_rows", 0)), rows)}
    for one in judged(statistics, result, references):
        if one.dimension is not None and one.looked:
            passed, measured = found.get(one.dimension, (0, 0))
            found[one.dimension] = (passed + one.looked - one.broken, measured + one.looked)
    return {dimension: Measure(*numbers) for dimension, numbers in found.items()}
