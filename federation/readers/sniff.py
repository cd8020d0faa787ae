"""What kind of file it is: its bytes decide, its name and declared type only where the bytes leave it open (F33)."""

import re
import zipfile
from pathlib import Path, PurePosixPath

from federation.readers import decode

HEAD = 4096
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"BM", "image"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x00\x00\x27\x0a", "shapefile"),
)
_OPEN_DOCUMENTS = (
    (b"opendocument.spreadsheet", "ods"),
    (b"opendocument.text", "odt"),
    (b"opendocument.presentation", "odp"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|script|style|title|div|form|center|table|br|h[1-6])\b",
    re.I | re.S,
)
#: Office programs' "web page, one file", and names under which a page may begin with words.
_MIME = re.compile(rb"\s*MIME-Version:|\s*(?:From|Subject):.*\n(?:.*\n){0,8}MIME-Version:", re.I)
_PAGES = frozenset({".xls", ".xlsx", ".html", ".htm"})
_TABLE = re.compile(rb"<table\b[^<>]*>\s*<", re.I)
_XML = re.compile(rb"\s*<(?:\?xml|!DOCTYPE|!--|[A-Za-z_][\w.-]*(?::[\w.-]+)?[\s>/])", re.S)
_XML_KINDS = ((b"<kml", "kml"), (b"<gpx", "gpx"), (b"<svg", "image"), (b"Workbook", "xml-workbook"), (b"<alert", "cap"))
#: Kinds that hold no rows for a machine; they are catalogued and never skipped.
UNREADABLE = frozenset({"pdf", "docx", "doc", "pptx", "ppt", "odt", "odp", "rtf", "image"})
#: A dump of a database is a program: its first word says so, or its name where comments come first.
_SQL = re.compile(rb"\s*(?:CREATE\s+TABLE|DROP\s+TABLE|INSERT\s+INTO)\b", re.I)
#: Kinds with data in them that this version does not read.
UNSUPPORTED = frozenset({
    "kml", "kmz", "gpx", "cap", "shapefile", "parquet", "sqlite", "sql", "xml-workbook", "rar", "7z", "xlsb",
    "mht",
})  # fmt: skip


def sniff(path: Path, name: str, mime: str | None = None) -> str:
    """The kind of a file: xlsx, xls, ods, json, csv, zip, gzip, html, pdf ...; `empty`, `binary` where it is none."""
    with path.open("rb") as f:
        head = f.read(HEAD)
    if not head:
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic) and (magic != b"BM" or _is_bitmap(head)):
            return kind
    if head.startswith(_OLE):
        return _ole(path)
    if head.startswith(_ZIP):
        return _zipped(path)
    return _text(head, name, mime or "")


def _is_bitmap(head: bytes) -> bool:
    """`BM` also begins words: a bitmap has zeros in its reserved bytes."""
    return head[6:10] == b"\0\0\0\0"


def _ole(path: Path) -> str:
    """An old Office file: which one its directory names (UTF-16), or an encrypted new one."""
    with path.open("rb") as f:
        body = f.read(1 << 26)
    for entry, kind in (
        ("EncryptedPackage", "encrypted"),
        ("Workbook", "xls"),
        ("Book", "xls"),
        ("WordDocument", "doc"),
        ("PowerPoint Document", "ppt"),
    ):
        if entry.encode("utf-16-le") in body:
            return kind
    return "binary"


def _zipped(path: Path) -> str:
    """A zip by what is in it: office documents are zips too."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:5000]
            mimetype = archive.read("mimetype")[:100] if _small(archive, "mimetype") else b""
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
        return "zip"
    for part, kind in (
        ("xl/workbook.bin", "xlsb"),
        ("xl/", "xlsx"),
        ("word/", "docx"),
        ("ppt/", "pptx"),
    ):
        if any(name.startswith(part) for name in names) and "[Content_Types].xml" in names:
            return kind
    for sign, kind in _OPEN_DOCUMENTS:
        if sign in mimetype:
            return kind
    suffixes = {PurePosixPath(name).suffix.lower() for name in names}
    if ".kml" in suffixes:
        return "kmz"
    return "shapefile" if ".shp" in suffixes else "zip"


def _small(archive: zipfile.ZipFile, name: str) -> bool:
    return name in archive.namelist() and archive.getinfo(name).file_size < 1000


def _text(head: bytes, name: str, mime: str) -> str:
    """Text of some sort: a page, XML, JSON, or rows."""
    plain = _latin(head)
    if _HTML.match(plain):
        return "html"
    if _XML.match(plain):
        if re.search(rb"<(?:html|body|form)\b", plain, re.I):
            return "html"
        return next((kind for mark, kind in _XML_KINDS if mark in plain), "xml")
    stripped = plain.lstrip()
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix in _PAGES and _TABLE.search(plain):
        return "mht" if _MIME.match(plain) else "html"  # words before the first tag
    if _MIME.match(plain):
        return "mht"
    if stripped[:1] in (b"{", b"["):
        return "json"
    if _binary(plain):
        return "binary"
    if not plain.strip():
        return "csv"
    if suffix == ".sql" or "sql" in mime or _SQL.match(plain):
        return "sql"
    promised = suffix in (".json", ".geojson") or "json" in mime
    return "json" if promised and not re.search(rb"[,;\t|].*[\r\n]", plain) else "csv"


def _latin(head: bytes) -> bytes:
    """The head as UTF-8 without its mark, so that ASCII words in it can be recognised."""
    encoding = decode.by_head(head)
    if encoding is None:
        return head
    return head[encoding.mark :].decode(encoding.name, "ignore").encode()


def _binary(head: bytes) -> bool:
    """Whether control characters that no text has make up more than a few of the bytes."""
    odd = sum(head.count(bytes([c])) for c in range(32) if c not in (0, 9, 10, 12, 13, 26, 27))
    zeros = head.count(0)
    return odd > 0.01 * len(head) + 2 or zeros > 0.1 * len(head)
