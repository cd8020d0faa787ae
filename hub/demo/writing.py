"""Files as offices make them: delimited text, workbooks, JSON from an API, a PDF nobody can compute with.

Everything comes out byte for byte the same for the same rows. Workbooks are written by hand, because a writing
library stamps the present moment into them.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

import orjson

from hub.demo.style import Style

_EPOCH = date(1899, 12, 30)
_STAMP = (2020, 1, 1, 0, 0, 0)


@dataclass(slots=True)
class Sheet:
    """A table before it is written.

    Attributes:
        columns: (contract column, header, kind), kind one of text, day, moment, money, number, whole.
        rows: values in the order of the columns; text is written as it stands, whatever the kind.
        groups: header of the level above each column, for a merged header.
        total: the cells of a JUMLAH row below, or None.
    """

    columns: list[tuple[str, str, str]]
    rows: list[list[Any]]
    titles: list[str] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    groups: list[str] | None = None
    total: list[Any] | None = None

    def header(self, name: str) -> str:
        """The header under which a reader finds a column, with its group where there is one."""
        for i, (column, header, _) in enumerate(self.columns):
            if column == name:
                return f"{self.groups[i]} {header}" if self.groups else header
        raise KeyError(name)

    @property
    def first_row(self) -> int:
        """The source row of the first data row: line or sheet row; 1 for a list of records."""
        return len(self.titles) + (1 if self.titles else 0) + (2 if self.groups else 1) + 1


def written(sheet: Sheet, style: Style) -> bytes:
    """The file's bytes."""
    if style.file == "xlsx":
        return _xlsx(sheet, style)
    return _json(sheet, style) if style.file == "json" else _csv(sheet, style)


def shown(value: Any, kind: str, style: Style) -> str:
    """A cell's text as the member writes it; text stays as it stands."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if kind == "day":
        return style.day(value)
    if kind == "moment":
        return style.moment(value)
    if kind == "money":
        return style.money(value)
    return str(value) if kind == "whole" else style.number(value)


def _csv(sheet: Sheet, style: Style) -> bytes:
    kinds = [kind for _, _, kind in sheet.columns]
    special = (style.delimiter, '"', "\n")

    def line(cells: Sequence[str]) -> str:
        return style.delimiter.join(
            f'"{c.replace(chr(34), chr(34) * 2)}"' if any(s in c for s in special) else c for c in cells
        )

    lines = [line([title]) for title in sheet.titles]
    lines += [""] if sheet.titles else []
    lines.append(line([header for _, header, _ in sheet.columns]))
    lines += [line([shown(v, k, style) for v, k in zip(row, kinds, strict=True)]) for row in sheet.rows]
    if sheet.total:
        lines.append(line([shown(v, k, style) for v, k in zip(sheet.total, kinds, strict=True)]))
    lines += [""] if sheet.footnotes else []
    lines += [line([note]) for note in sheet.footnotes]
    return (style.newline.join(lines) + style.newline).encode(style.encoding)


def _json(sheet: Sheet, style: Style) -> bytes:
    kinds = [kind for _, _, kind in sheet.columns]
    names = [header for _, header, _ in sheet.columns]
    records = []
    for row in sheet.rows:
        cells = (
            v if k == "whole" and isinstance(v, int) else shown(v, k, style) for v, k in zip(row, kinds, strict=True)
        )
        records.append(dict(zip(names, cells, strict=True)))
    return orjson.dumps({"status": "OK", "keterangan": "SIMULASI", "data": records}, option=orjson.OPT_INDENT_2)


# --- workbooks ---------------------------------------------------------------------------------------------

_NS = "http://schemas.openxmlformats.org"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_NS}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_NS}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
    f'Type="{_NS}/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_NS}/spreadsheetml/2006/main" '
    f'xmlns:r="{_NS}/officeDocument/2006/relationships"><sheets><sheet name="SIMULASI" sheetId="1" r:id="rId1"/>'
    "</sheets></workbook>",
    "xl/styles.xml": f'<styleSheet xmlns="{_NS}/spreadsheetml/2006/main"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
    '</cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def _letters(column: int) -> str:
    return chr(ord("A") + column)


def _cell(reference: str, value: Any, kind: str, style: Style) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, date) and not isinstance(value, datetime) and style.real_dates:
        return f'<c r="{reference}" s="1"><v>{(value - _EPOCH).days}</v></c>'  # a real date of the spreadsheet
    if isinstance(value, int | float) and not style.rupiah:
        return f'<c r="{reference}"><v>{value:.10g}</v></c>'
    inner = escape(shown(value, kind, style))
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{inner}</t></is></c>'


def _xlsx(sheet: Sheet, style: Style) -> bytes:
    width = len(sheet.columns)
    kinds = [kind for _, _, kind in sheet.columns]
    rows: list[tuple[Sequence[Any], Sequence[str]]] = [([t], ["text"]) for t in sheet.titles]
    rows += [([], [])] if sheet.titles else []
    merges = [f"A{i}:{_letters(width - 1)}{i}" for i in range(1, len(sheet.titles) + 1)]
    if sheet.groups:
        at, start = len(rows) + 1, 0
        for i in range(1, width + 1):
            if i == width or sheet.groups[i] != sheet.groups[start]:
                if i - start > 1:
                    merges.append(f"{_letters(start)}{at}:{_letters(i - 1)}{at}")
                start = i
        heads = [g if i == 0 or sheet.groups[i - 1] != g else "" for i, g in enumerate(sheet.groups)]
        rows.append((heads, ["text"] * width))
    rows.append(([header for _, header, _ in sheet.columns], ["text"] * width))
    rows += [(row, kinds) for row in sheet.rows]
    rows += [(sheet.total, kinds)] if sheet.total else []
    rows += [([], [])] if sheet.footnotes else []
    rows += [([note], ["text"]) for note in sheet.footnotes]
    out = [f'<worksheet xmlns="{_NS}/spreadsheetml/2006/main"><sheetData>']
    for number, (cells, row_kinds) in enumerate(rows, 1):
        inner = "".join(
            _cell(f"{_letters(i)}{number}", v, k, style) for i, (v, k) in enumerate(zip(cells, row_kinds, strict=True))
        )
        out.append(f'<row r="{number}">{inner}</row>')
    out.append("</sheetData>")
    if merges:
        ranges = "".join(f'<mergeCell ref="{m}"/>' for m in merges)
        out.append(f'<mergeCells count="{len(merges)}">{ranges}</mergeCells>')
    out.append("</worksheet>")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in {**_PARTS, "xl/worksheets/sheet1.xml": "".join(out)}.items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}'.encode())
    return buffer.getvalue()


def pdf(lines: Sequence[str]) -> bytes:
    """A one-page PDF with a few lines of text."""
    text = "".join(f"({t.replace(chr(92), '').replace('(', '[').replace(')', ']')}) Tj T* " for t in lines)
    stream = f"BT /F1 12 Tf 16 TL 60 760 Td {text}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end
