"""The one door: a landed file to its tables, whatever it calls itself."""

from pathlib import Path, PurePosixPath

from core.table import Note, Place
from federation.readers import sniff
from federation.readers.archive import read_gzip, read_zip
from federation.readers.csv import read_csv
from federation.readers.errors import FileEmpty, KindUnknown, NotData, WorkbookEncrypted
from federation.readers.html import is_export, read_html
from federation.readers.json import read_json
from federation.readers.result import ReadLimits, ReadResult
from federation.readers.sheet import read_sheets
from federation.readers.xml import read_xml

_LIMITS = ReadLimits()
_EXPECTED = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv", ".json": "json", ".geojson": "geojson",
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".ods": "ods", ".xml": "xml", ".zip": "zip", ".gz": "gzip",
}  # fmt: skip


def read(path: Path, name: str, *, mime: str | None = None, limits: ReadLimits = _LIMITS) -> ReadResult:
    """The tables of a landed file, every cell as text.

    Args:
        path: where its bytes lie.
        name: what its source calls it: only for display, and for its kind where the bytes leave that open.
        mime: what its source declares; content wins over it.
        limits: how much it may ask of us.

    Raises:
        Unreadable: one class a reason (`federation.readers.errors`), each with its place.
    """
    return read_at(path, name, Place(display(name)), limits, mime)


def display(name: str) -> str:
    """A file's name as it may be shown: its last part, no control or direction marks, 120 characters (F32)."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(c for c in last if c.isprintable()).strip()
    return clean[:120] or "berkas"


def read_at(
    path: Path, name: str, place: Place, limits: ReadLimits, mime: str | None, *, inside: bool = False
) -> ReadResult:
    """The same for a file that may be an archive's entry (`inside`: then no archive is opened again)."""
    kind = sniff.sniff(path, name, mime)
    notes = _lie(kind, name)
    stem = PurePosixPath(display(name)).stem or display(name)
    _refuse(kind, path, name, mime, place)
    if kind in sniff.UNREADABLE:
        return ReadResult(
            kind, (), (*notes, Note("reader.not_machine_readable", {"kind": kind})), machine_readable=False
        )
    if kind in sniff.UNSUPPORTED:
        return ReadResult(kind, (), (*notes, Note("reader.not_supported", {"kind": kind})))
    if kind == "gzip":
        return read_gzip(path, name, place, limits, read_at, inside=inside)
    if kind == "zip":
        return read_zip(path, place, limits, read_at, inside=inside)
    if kind in ("xlsx", "xls", "ods"):
        tables, more = read_sheets(path, stem, kind, place, limits)
    elif kind == "json":
        kind, tables, more = read_json(path, stem, place, limits)
    elif kind == "xml":
        tables, more = read_xml(path, stem, place, limits)
    elif kind == "html":
        tables, more = read_html(path, stem, place, limits)
    else:
        tables, more = read_csv(path, stem, place, limits)
    return ReadResult(kind, tuple(tables), (*notes, *more))


def _refuse(kind: str, path: Path, name: str, mime: str | None, place: Place) -> None:
    """What holds no data that anybody could read is refused by name."""
    if kind == "empty":
        raise FileEmpty(place)
    if kind == "html" and not is_export(path, name, mime):
        raise NotData(place)
    if kind == "encrypted":
        raise WorkbookEncrypted(place)
    if kind == "binary":
        raise KindUnknown(place)


def _lie(kind: str, name: str) -> list[Note]:
    """A remark where a file's extension promises another kind than its bytes hold (F33)."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    promised = _EXPECTED.get(suffix)
    same = promised is None or promised == kind or {promised, kind} <= {"json", "geojson"} or kind == "empty"
    return [] if same else [Note("reader.extension_lies", {"extension": suffix, "kind": kind})]
