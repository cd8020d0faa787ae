"""Bytes to text: byte order marks, UTF-8, UTF-16 with and without a mark, Windows-1252; NUL characters.

Which dialect the text is written in is left to `dialect.py`.
"""

import codecs
import re
from dataclasses import dataclass

from core.table import Note
from federation.readers.body import Body

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHUNK = 1 << 20
#: A byte order mark within a text, as files put one behind another have it; nobody sees it.
INNER_MARK = codecs.BOM_UTF8
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
#: Windows-1252 leaves five bytes undefined; as Latin-1 they are control characters that nobody typed.
_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a text are to be read: the codec and the length of the byte order mark before it."""

    name: str
    mark: int = 0


def detect(raw: bytes | memoryview | Body) -> Encoding:
    """The encoding of a whole text: its mark, else UTF-16 by its zeros, else UTF-8 if all of it is, else cp1252."""
    told = by_head(bytes(raw[:4096]))
    return told or Encoding("utf-8" if _is_utf8(raw) else "cp1252")


def by_head(head: bytes) -> Encoding | None:
    """The encoding that a text's first bytes tell by themselves: a mark, or the zeros of UTF-16."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name, len(mark))
    wide = _wide(head)
    return None if wide is None else Encoding(wide)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte of Latin text is zero, always on the same side."""
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0) * 2 / len(head), head[1::2].count(0) * 2 / len(head)
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.1 else None


def _is_utf8(raw: bytes | memoryview | Body) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(raw), _CHUNK):
            decoder.decode(bytes(raw[start : start + _CHUNK]))
        # A character cut in two at the very end is a cut upload (F34), not another encoding.
    except UnicodeDecodeError:
        return False
    return True


def _single_bytes(body: bytes) -> str:
    return body.decode("cp1252", "replace") if not _UNDEFINED & set(body) else body.decode("latin-1")


def _utf8_lines(body: bytes) -> tuple[str, int] | None:
    """A text that is UTF-8 but for some lines, and how many those are; None where hardly a line shows UTF-8.

    Files that were put together from several programs' are such.
    """
    if not _MULTIBYTE.search(body):
        return None
    parts: list[str] = []
    shown = others = 0
    for line in body.split(b"\n"):
        try:
            parts.append(line.decode("utf-8"))
            shown += not line.isascii()
        except UnicodeDecodeError:
            parts.append(_single_bytes(line))
            others += 1
    return ("\n".join(parts), others) if shown >= others else None


def marked_within(raw: Body, start: int) -> bool:
    """Whether a byte order mark stands anywhere behind the beginning of a text."""
    overlap = len(INNER_MARK) - 1
    return any(INNER_MARK in raw[at : at + _CHUNK + overlap] for at in range(start, len(raw), _CHUNK))


def decode(raw: bytes | memoryview, encoding: Encoding) -> tuple[str, list[Note]]:
    """The text without its mark and without NUL characters, and what was remarked on the way."""
    notes: list[Note] = []
    body = bytes(raw[encoding.mark :])
    if encoding.name == "cp1252":
        lines = _utf8_lines(body)
        if lines is None:
            notes.append(Note("reader.encoding_guessed", {"encoding": "Windows-1252"}))
            text = _single_bytes(body)
        else:
            text, others = lines
            notes.append(Note("reader.encoding_mixed", {"encoding": "Windows-1252", "count": str(others)}))
    else:
        text = body.decode(encoding.name, "replace")
        if text.endswith("\ufffd"):
            text = text.rstrip("\ufffd")
            notes.append(Note("reader.cut_character"))
        if "\ufffd" in text:
            notes.append(Note("reader.characters_lost", {"count": str(text.count("\ufffd"))}))
    if "\ufeff" in text:
        notes.append(Note("reader.mark_removed", {"count": str(text.count("\ufeff"))}))
        text = text.replace("\ufeff", "")
    if "\0" in text:
        notes.append(Note("reader.nul_removed", {"count": str(text.count("\0"))}))
        text = text.replace("\0", "")
    return text, notes
