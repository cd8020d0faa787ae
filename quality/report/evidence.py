"""The documents of proof of one year, per EPSS indicator: which the hub can prove, with how much, opened by what.

The 38 indicators of BPS Regulation 3/2022 are data (`epss.csv`, or a home's own `reference/epss.csv`): each line says
where it comes from, and whether its words are not confirmed (docs/report.md). Counting the proofs is left to
`services/review/evidence.py`.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.messages import text
from quality.report.errors import EvidenceListInvalid
from quality.report.workbook import Sheet, workbook

SHIPPED = Path(__file__).with_name("epss.csv")
_COLUMNS = ("code", "title_id", "title_en", "proof", "source")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator; `proof` names what the hub can prove for it, empty where nothing."""

    code: str
    title: Mapping[str, str]
    proof: str
    source: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the hub can show of one year: rows of a list, and the command that opens it."""

    name: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    opens: str


def indicators(path: Path = SHIPPED) -> tuple[Indicator, ...]:
    """The indicators of a list; `EvidenceListInvalid` names the file and what it lacks."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if lacking := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
            raise EvidenceListInvalid(file=path, columns=", ".join(lacking))
        return tuple(
            Indicator(
                code=row["code"].strip(),
                title={"id": row["title_id"].strip(), "en": row["title_en"].strip()},
                proof=row["proof"].strip(),
                source=row["source"].strip(),
            )
            for row in rows
        )


def as_xlsx(year: int, wanted: tuple[Indicator, ...], proofs: Mapping[str, Proof], locale: str) -> bytes:
    """The indicators with their proofs, and each proof on a sheet of its own; the same proofs, the same bytes."""
    return workbook(_sheets(year, wanted, proofs, locale), stamp=f"{year}-12-31T00:00:00Z")


def _sheets(year: int, wanted: tuple[Indicator, ...], proofs: Mapping[str, Proof], locale: str) -> Iterator[Sheet]:
    def say(message: str, **values: object) -> str:
        return text(f"report.evidence.{message}", locale, **values)

    rows: list[tuple[object, ...]] = []
    for one in wanted:
        proof = proofs.get(one.proof)
        found = say("found", count=len(proof.rows), year=str(year)) if proof and proof.rows else say("nothing")
        rows.append((one.code, one.title[locale], found, proof.opens if proof else None, one.source))
    yield Sheet(say("sheet"), [say(name) for name in ("code", "indicator", "proof", "opens", "source")], rows)
    for name, proof in proofs.items():
        yield Sheet(say(f"proof.{name}"), [say(f"head.{head}") for head in proof.headers], proof.rows)
