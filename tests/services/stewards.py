"""A steward at work: returns built, opened in a spreadsheet, read, corrected, saved and sent."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import Cell
from openpyxl.workbook import Workbook

from catalog import returns
from catalog.returns import ReturnCase
from core.access import SYSTEM, Actor
from services.returns import accept as accepting
from services.returns import build as building
from services.returns.accept import Accepted
from services.returns.build import Built, Report
from tests.services.factories import CITY, Home


def build(home: Home, member: str = CITY, actor: Actor = SYSTEM, **more: Any) -> Report:
    """Build a member's returns beside its home."""
    out = home.folder.parent / "kembali"
    return building.build(home.granary, member, actor=actor, out=out, **more)


def only(home: Home, **more: Any) -> Built:
    """The one return there is."""
    report = build(home, **more)
    assert report.failed == [] and len(report.built) == 1, report
    return report.built[0]


def opened(built: Built) -> Workbook:
    return openpyxl.load_workbook(built.path)


def comments(built: Built) -> dict[str, str]:
    """What stands at the cells of the first sheet of data."""
    page = opened(built).worksheets[1]
    return {cell.coordinate: cell.comment.text for row in page.iter_rows() for cell in row if cell.comment}


def cells(built: Built, sheet: int = 1) -> list[list[Any]]:
    return [list(row) for row in opened(built).worksheets[sheet].iter_rows(values_only=True)]


def said(built: Built) -> dict[str, str]:
    """The summary, by its first column."""
    rows = opened(built).worksheets[0].iter_rows(values_only=True)
    return {str(row[0]): " | ".join(str(v) for v in row[1:] if v is not None) for row in rows if row[0]}


def corrected(built: Built, changes: Mapping[str, Any], *, sheet: int = 1) -> bytes:
    """The workbook with some cells written anew, as a spreadsheet saves it."""
    book = opened(built)
    for address, value in changes.items():
        cell = book.worksheets[sheet][address]
        assert isinstance(cell, Cell)
        cell.value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def saved(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def cases(home: Home, *, closed: bool = True) -> list[ReturnCase]:
    """The cases, oldest first."""
    with home.granary.sessions() as session:
        return [case for case, _ in returns.cases(session, closed=closed)]


def states(case: ReturnCase) -> list[str]:
    return [step["state"] for step in case.steps]


def accept(home: Home, content: bytes, member: str = CITY, actor: Actor = SYSTEM, **more: Any) -> Accepted:
    """Send a repaired workbook to the province."""
    file = saved(home.folder.parent, "perbaikan.xlsx", content)
    return accepting.accept(home.granary, home.downloads, file, member=member, actor=actor, **more)
