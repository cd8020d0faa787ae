"""One table on its way into a commit, with all that its file says beside its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Entry:
    """One table on its way into a commit.

    Attributes:
        rows: Parquet with the contract's columns and `_row`.
        before: the snapshot that is its stream's newest; 0 where there is none.
        may_remove: whether a row that is absent may be taken as removed (docs/adr/0003).
        place: what errors name it by.
        windows: the times that the table is the whole truth about, first and last: rows that are absent there are
            removed, and none elsewhere, whatever `may_remove` says. None where ADR 0003 decides.
    """

    rows: Path
    stream: str
    before: int
    resource: str
    dataset: str
    source: str
    member: str
    fetched_at: datetime
    verdict: str
    may_remove: bool
    place: Mapping[str, object]
    windows: tuple[tuple[str, str], ...] | None = None

    @property
    def covered(self) -> tuple[str, ...]:
        """The windows as an identity has them; one with no row in it says something, too."""
        return tuple(f"{since}/{until}" for since, until in self.windows or ())

    def beside(self, offset: int) -> dict[str, pa.Scalar]:
        """What a file says beside each row of a table that takes the place of nothing, in the order of its columns."""
        text, whole, moment = pa.string(), pa.int64(), pa.timestamp("us", "UTC")
        said = {
            "_snapshot": pa.scalar(offset, whole), "_member": pa.scalar(self.member, text),
            "_source": pa.scalar(self.source, text), "_dataset": pa.scalar(self.dataset, text),
            "_resource": pa.scalar(self.resource, text), "_fetched_at": pa.scalar(self.fetched_at, moment),
            "_verdict": pa.scalar(self.verdict, text), "_stream": pa.scalar(self.stream, text),
            "_deleted": pa.scalar(False, pa.bool_()),
        }  # fmt: skip
        return said | {name: pa.scalar(None, whole) for name in ("_to", "_closes_seq", "_closes_ord")}
