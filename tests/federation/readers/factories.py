"""Files to read: written with the fewest steps that make each oddity what it is."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

from core.table import TextTable
from federation.readers import ReadLimits, ReadResult, read

SHARED = Path(__file__).parents[4] / "shared"

Cell = str | int | float | bool | None


def shared(*parts: str) -> Path:
    """A real file beside the project, or a skip with its reason."""
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not on this machine: real files are not part of the project")
    return path


def read_bytes(
    folder: Path, content: bytes | str, name: str = "data.csv", limits: ReadLimits | None = None
) -> ReadResult:
    """What the reader makes of these bytes under this name."""
    path = folder / "landed"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, name, limits=limits or ReadLimits())


def only(result: ReadResult) -> TextTable:
    """The one table of a result."""
    assert len(result.tables) == 1, [table.name for table in result.tables]
    return result.tables[0]


def rows(table: TextTable) -> list[tuple[str | None, ...]]:
    """A table's rows, cells in order."""
    return list(zip(*(column.to_pylist() for column in table.data.columns), strict=True))


def codes(source: ReadResult | TextTable) -> set[str]:
    """The codes of the remarks."""
    return {note.code for note in source.notes}


def note(source: ReadResult | TextTable, code: str) -> dict[str, str]:
    """The values of one remark."""
    return next(n.values for n in source.notes if n.code == code)


def zipped(entries: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def xlsx(*sheets: Sequence[Sequence[Cell]], merges: Sequence[str] = (), hidden: Sequence[int] = ()) -> bytes:
    """A workbook with these sheets of rows; `merges` apply to the first, `hidden` counts from 1."""
    book = openpyxl.Workbook()
    del book["Sheet"]
    for number, content in enumerate(sheets):
        page = book.create_sheet("Sheet" if number == 0 else f"Lembar{number + 1}")
        page.sheet_state = "hidden" if number + 1 in hidden else "visible"
        for row in content:
            page.append(list(row))
        for area in merges if number == 0 else ():
            page.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def raw_xlsx(sheet: str | bytes, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A workbook whose one worksheet is this XML, with more parts by their path."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    return zipped({**parts, **(more or {})})


def worksheet(body: str, before: str = "") -> str:
    """The XML of a worksheet with these rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>'


def inline(address: str, text: str) -> str:
    """One cell of text."""
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def ods(rows_xml: str) -> bytes:
    """An ODS with one sheet of these rows."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Data">{rows_xml}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})
