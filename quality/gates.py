"""SDI's four principles as gates of one dataset, each with its reasons (Perpres 39/2019 art. 3).

A gate that cannot be judged is None, never passed. Sentences: `quality.gate.GATE.REASON`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from core.messages import text
from quality.description import Description, Distribution
from quality.score import Gate, Measure

#: Formats that anybody may read and write without asking a maker, and that a machine reads as rows.
OPEN = frozenset({
    "CSV", "TSV", "JSON", "GEOJSON", "JSONL", "XML", "XLSX", "ODS", "PARQUET", "KML", "GML", "GPKG", "RDF", "TTL",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a dataset stands at one gate.

    Attributes:
        passed: None where it could not be judged.
        reasons: what is missing, as message ids without `quality.gate.GATE.`; empty where it passed.
        found: what the sentences name: counts, formats.
    """

    gate: Gate
    passed: bool | None
    reasons: tuple[str, ...] = ()
    found: str = ""

    def texts(self, locale: str | None = None) -> tuple[str, ...]:
        """Why it does not pass, in words."""
        return tuple(text(f"quality.gate.{self.gate.value}.{r}", locale, found=self.found) for r in self.reasons)


def gates(described: Description, codes: Measure | None) -> tuple[Judgement, ...]:
    """The four judgements of a dataset, in the order of `Gate`.

    Args:
        codes: how many of the cells of its reference columns were found in the code lists; None where not measured.
    """
    return (_standard(described), _metadata(described), _interoperability(described), _codes(described, codes))


def _standard(described: Description) -> Judgement:
    mapped = sorted({f.contract for f in described.files if f.contract})
    return Judgement(Gate.STANDARD, bool(mapped), () if mapped else ("unmapped",), ", ".join(mapped))


def _metadata(described: Description) -> Judgement:
    missing = tuple(_missing(described))
    return Judgement(Gate.METADATA, not missing, missing)


def _missing(described: Description) -> Iterator[str]:
    for name, there in (
        ("title", described.title.strip()),
        ("description", described.notes.strip()),
        ("producer", described.publisher.strip()),
        ("contact", described.contact.strip()),
        ("licence", described.licence.strip()),
        ("schedule", described.scheduled),
    ):
        if not there:
            yield name


def is_open(file: Distribution) -> bool:
    """Whether a file's format is open; a format that is not named is not."""
    return file.format.upper() in OPEN


def _interoperability(described: Description) -> Judgement:
    if not described.files:
        return Judgement(Gate.INTEROPERABILITY, None, ("no_file",))
    formats = ", ".join(sorted({f.format or "-" for f in described.files}))
    if any(is_open(f) and f.readable for f in described.files):
        return Judgement(Gate.INTEROPERABILITY, True, (), formats)
    if not any(is_open(f) for f in described.files):
        return Judgement(Gate.INTEROPERABILITY, False, ("closed_format",), formats)
    if any(is_open(f) and f.readable is None for f in described.files):
        return Judgement(Gate.INTEROPERABILITY, None, ("not_read",), formats)
    return Judgement(Gate.INTEROPERABILITY, False, ("unreadable",), formats)


def _codes(described: Description, codes: Measure | None) -> Judgement:
    if not any(f.contract for f in described.files):
        return Judgement(Gate.CODES, None, ("unmapped",))
    if codes is None or not codes.measured:
        return Judgement(Gate.CODES, None, ("not_measured",))
    unresolved = codes.measured - codes.passed
    return Judgement(Gate.CODES, not unresolved, ("unresolved",) if unresolved else (), str(unresolved))
