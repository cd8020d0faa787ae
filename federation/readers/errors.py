"""Why a file cannot be read: one class a reason, each naming its place (file, entry, sheet, row, column)."""

from typing import ClassVar

from core.errors import LumbungError
from core.table import Place


class Unreadable(LumbungError):
    """A file that cannot become a table.

    Args:
        place: where in the file; shown in every sentence.
        values: further named facts.
    """

    code: ClassVar[str] = "FILE_UNREADABLE"
    http_status: ClassVar[int] = 422

    def __init__(self, place: Place, **values: object) -> None:
        super().__init__(**{**values, "place": place, "file": place.file})  # `values` has both after a journey
        self.place = place


class NotData(Unreadable):
    """A web page (an error, a login form, a captive portal) came where data was promised (S09, S10, S11)."""

    code = "NOT_DATA"


class FileEmpty(Unreadable):
    """Nothing is in it (F25)."""

    code = "FILE_EMPTY"


class KindUnknown(Unreadable):
    """The bytes belong to no format that we know."""

    code = "FILE_KIND_UNKNOWN"


class QuoteUnclosed(Unreadable):
    """A quotation mark opens and never closes, and reading it literally makes no table either (F21)."""

    code = "QUOTE_UNCLOSED"


class FieldTooLarge(Unreadable):
    """One cell is larger than any cell should be (F24)."""

    code = "FIELD_TOO_LARGE"


class TooManyColumns(Unreadable):
    """A table is wider than any table should be (F23)."""

    code = "TOO_MANY_COLUMNS"


class TooManyRows(Unreadable):
    """A table has more rows than are read in one piece."""

    code = "TOO_MANY_ROWS"


class SheetTooLarge(Unreadable):
    """A sheet's area, down to its farthest cell, is too large to hold (F14)."""

    code = "SHEET_TOO_LARGE"


class WorkbookEncrypted(Unreadable):
    """A workbook is locked with a password (F15)."""

    code = "WORKBOOK_ENCRYPTED"


class WorkbookBroken(Unreadable):
    """A file says that it is a workbook and is not, or is damaged (F15)."""

    code = "WORKBOOK_BROKEN"


class MarkupRefused(Unreadable):
    """XML inside a workbook declares entities or a document type, which no office program writes (F01-F03)."""

    code = "MARKUP_REFUSED"


class XmlBroken(Unreadable):
    """XML that does not follow its grammar, or in an encoding that nobody knows."""

    code = "XML_BROKEN"


class XmlTooDeep(Unreadable):
    """Nested deeper than any data is (F04)."""

    code = "XML_TOO_DEEP"


class JsonBroken(Unreadable):
    """JSON that does not follow its grammar."""

    code = "JSON_BROKEN"


class JsonNotFinite(Unreadable):
    """NaN or Infinity, which JSON does not have (F07)."""

    code = "JSON_NOT_FINITE"


class JsonDuplicateKey(Unreadable):
    """One object names a key twice, so one of its values would be lost (F08)."""

    code = "JSON_DUPLICATE_KEY"


class JsonTooDeep(Unreadable):
    """Nested deeper than any data is (F05)."""

    code = "JSON_TOO_DEEP"


class TooLarge(Unreadable):
    """Larger than is read in one piece."""

    code = "FILE_TOO_LARGE"


class ArchiveBroken(Unreadable):
    """A compressed file that is damaged or locked."""

    code = "ARCHIVE_BROKEN"


class ArchiveBomb(Unreadable):
    """A compressed file that unpacks to far more than it should (F09)."""

    code = "ARCHIVE_BOMB"


class ArchiveNested(Unreadable):
    """A compressed file within a compressed file (F10)."""

    code = "ARCHIVE_NESTED"


class ArchiveEntries(Unreadable):
    """An archive with too many files (F11)."""

    code = "ARCHIVE_ENTRIES"


class ArchiveName(Unreadable):
    """An archive entry that names a place outside of the archive (F12)."""

    code = "ARCHIVE_NAME"


class ArchiveLink(Unreadable):
    """An archive entry that is a link (F13)."""

    code = "ARCHIVE_LINK"
