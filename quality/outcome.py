"""What checking one delivery gives back: holds, warnings, and the outcome that the catalogue commits or keeps out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core import messages
from core.verdict import Release, Verdict, hold_mark


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a delivery waits for a person; `code` is stable, `values` fill its sentence.

    Codes: COLUMNS_CHANGED, COLUMN_RETYPED, MAPPED_COLUMNS_MISSING, COLUMN_STYLE_UNDECIDED, REFERENCE_LIST_MISSING,
    ROW_COUNT_OUT_OF_BOUNDS, ROW_COUNT_DROPPED, FOREIGN_REGIONS, TOO_MANY_REJECTED, EMPTY_DELIVERY, RULE_BROKEN,
    PERSONAL_DATA, TABLE_TOLD_TWICE, TABLE_TOLD_OTHERWISE, UNIT_CONTRADICTED.
    """

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def text(self, locale: str | None = None) -> str:
        """The sentence a steward reads."""
        return messages.text(f"quality.hold.{self.code}", locale, **self.values)


@dataclass(frozen=True, slots=True)
class Warned:
    """One remark beside a delivery.

    Codes: ROWS_QUARANTINED, RULE_BROKEN, ROUNDED, VALUES_MARKED, MOMENT_WITHOUT_TIME, REPEATED_ROWS,
    PERSONAL_DATA_POSSIBLE, HOLD_RELEASED and VALUES_CONFIRMED (by a person), WORDS_UNKNOWN; and, with a dot, those of
    the reader (`reader.rows_short`), whose code is its message's name.
    """

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def text(self, locale: str | None = None) -> str:
        """The sentence a steward reads."""
        name = self.code if "." in self.code else f"quality.warning.{self.code}"
        return messages.text(name, locale, **self.values)


def after_release(holds: Iterable[Hold], release: Release | None) -> tuple[list[Hold], list[Warned]]:
    """The holds that still stand after a person's word, and a remark for each that it has set aside."""
    kept: list[Hold] = []
    said: list[Warned] = []
    for hold in holds:
        if release is not None and hold_mark(hold.code, hold.values) in release.holds:
            said.append(Warned("HOLD_RELEASED", {"hold": hold.code, "by": release.by, "reason": release.reason}))
        else:
            kept.append(hold)
    return kept, said


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What the gate decided about one delivery, and the files it wrote.

    Attributes:
        verdict: published, with warnings, held, or not mapped.
        accepted: Parquet of the contract's typed columns and `_row`, sorted by key; text columns and `_row` where
            no contract applies; None where the delivery is held.
        quarantined: Parquet of `_row`, `original` (JSON text) and `reasons` (list of rule, column, value, message),
            or None where no row was set aside.
        reasons: rule id to the number of rows that broke it.
        holds: why it is held, empty unless it is.
        warnings: what stands beside it.
        result: zstd-compressed JSON of Great Expectations' result (`quality.result.unpack`), empty where no suite ran.
        decided: contract column to the style that its cells showed or a person answered; to be handed in next time.
        columns: the source's columns, in order; to be handed in next time.
    """

    verdict: Verdict
    accepted: Path | None
    quarantined: Path | None
    source_rows: int
    accepted_rows: int
    quarantined_rows: int
    reasons: Mapping[str, int]
    holds: tuple[Hold, ...]
    warnings: tuple[Warned, ...]
    result: bytes
    decided: Mapping[str, str]
    columns: tuple[str, ...]
