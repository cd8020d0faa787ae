"""What a reader is allowed (`ReadLimits`) and what it gives back (`ReadResult`)."""

from dataclasses import dataclass

from core.table import Note, TextTable

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much one file may ask of us; sizes are bytes. Beyond a limit a file is refused, never half read.

    Attributes:
        max_columns: columns a table may have.
        field_max_bytes: one cell, encoded as UTF-8.
        unpacked_max_bytes: what a compressed file may unpack to, all entries together.
        max_rows: rows of one table.
        max_cells: the area of one sheet, empty cells included: a sheet is read whole.
        max_zip_entries: files in an archive.
        max_zip_ratio: unpacked over packed; a text file reaches 20, a bomb 1000.
        max_depth: nesting of JSON and XML.
        json_max_bytes: a JSON text, which is parsed whole.
        xml_max_bytes: an XML text, likewise; its elements take ten times as much.
        html_max_bytes: a web page with tables, likewise.
    """

    max_columns: int = 2_000
    field_max_bytes: int = 1 * MIB
    unpacked_max_bytes: int = 1024 * MIB
    max_rows: int = 5_000_000
    max_cells: int = 20_000_000
    max_zip_entries: int = 1_000
    max_zip_ratio: float = 200.0
    max_depth: int = 64
    json_max_bytes: int = 256 * MIB
    xml_max_bytes: int = 64 * MIB
    html_max_bytes: int = 64 * MIB


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a file turned out to be.

    Attributes:
        kind: csv, xlsx, xls, ods, json, geojson, zip, pdf, docx, pptx, image, xml, shapefile ...
        tables: its tables, in the order a person meets them; none where the kind cannot be read.
        notes: remarks about the file as a whole; those about one table are the table's own.
        machine_readable: False for a PDF, a picture, a text document: catalogued *tidak terbaca mesin*.
    """

    kind: str
    tables: tuple[TextTable, ...]
    notes: tuple[Note, ...] = ()
    machine_readable: bool = True
