"""One line of a reference file: values that refuse to be wrong, each refusal naming file, line, column and what fits.

Which columns a file has, and what they mean, is `core/reference_files.py`.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.messages import text
from core.reference_errors import ReferenceFileInvalid
from core.region import Regions


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file by its columns' names, blanks trimmed."""

    file: Path
    line: int
    values: Mapping[str, str]

    def refuse(self, key: str, expected: str, **more: object) -> ReferenceFileInvalid:
        """The error of one value; `expected` is the message `reference.EXPECTED` about what fits there."""
        return refusal(self.file, self.line, key, self.values.get(key, ""), expected, **more)

    def text(self, key: str) -> str:
        """A value that must be there."""
        value = self.values.get(key, "")
        if not value:
            raise self.refuse(key, "filled")
        return value

    def maybe(self, key: str) -> str:
        """A value that may be absent, then empty."""
        return self.values.get(key, "")

    def names(self, key: str) -> tuple[str, ...]:
        """Names parted by `|`."""
        return tuple(name.strip() for name in self.maybe(key).split("|") if name.strip())

    def number(self, key: str) -> float:
        """A number that must be there."""
        value = self.optional(key)
        if value is None:
            raise self.refuse(key, "number")
        return value

    def optional(self, key: str) -> float | None:
        """A finite number with a decimal point, or None where it is absent."""
        written = self.maybe(key)
        try:
            value = float(written) if written else None
        except ValueError:
            raise self.refuse(key, "number") from None
        if value is not None and not math.isfinite(value):
            raise self.refuse(key, "number")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number within bounds, in digits alone."""
        value = self.text(key)
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise self.refuse(key, "between", low=low, high=high)
        return int(value)

    def region(self, key: str, regions: Regions) -> str:
        """The code of a region that is or was."""
        value = self.text(key)
        if not regions.known(value):
            raise self.refuse(key, "region")
        return value


def refusal(file: Path, line: int, key: str, value: str, expected: str, **more: object) -> ReferenceFileInvalid:
    """The error of one place in a file; see `Row.refuse`."""
    said = text(f"reference.{expected}", None, **more)
    return ReferenceFileInvalid(file=file, row=line, key=key, value=value, expected=said)


def read_rows(file: Path) -> Iterator[Row]:
    """The lines of a file; none where it is missing.

    Raises:
        ReferenceFileInvalid: it is not UTF-8 text, or no CSV.
    """
    if not file.is_file():
        return
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        try:
            for raw in reader:
                values = {k: v.strip() for k, v in raw.items() if isinstance(k, str) and isinstance(v, str)}
                yield Row(file, reader.line_num, values)
        except UnicodeDecodeError as error:
            raise refusal(file, _first_undecodable(file), "-", error.reason, "utf8") from error
        except csv.Error as error:
            raise refusal(file, reader.line_num, "-", str(error), "csv") from error


def _first_undecodable(file: Path) -> int:
    """The line that holds the first bytes that are no UTF-8; text is decoded in blocks far ahead of the reader."""
    lines = file.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return number
    return len(lines)
