"""Code lists on their way to the checking processes: written once a list, read once a process.

The list of all regions is half a megabyte; with every job it would cost more to send than a small delivery costs to
check. Files are plain JSON, named by the hash of what is in them, in a folder that lives as long as the pool; where a
killed process has left one behind, it is removed with everything else that such processes leave.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import orjson

from core.reference import CodeList

#: Lists that are known by identity; what a contract refers to is a handful, renewed when a home is opened anew.
_KNOWN = 64


@dataclass(frozen=True, slots=True)
class SentList:
    """A code list as a job carries it: where it lies, named by its content."""

    path: Path

    def open(self) -> CodeList:
        """The list, read at its first use in this process."""
        return _read(self.path)


@lru_cache(maxsize=_KNOWN)
def _read(path: Path) -> CodeList:
    name, codes, spellings, regions = orjson.loads(path.read_bytes())
    return CodeList(name, codes, {spelling: tuple(found) for spelling, found in spellings.items()}, regions)


class Lists:
    """The lists that have been sent; safe to share between threads.

    Args:
        folder: where their folder is made at first use; the system's for temporary files where None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._parent = folder
        self._folder: TemporaryDirectory[str] | None = None
        self._known: dict[int, tuple[CodeList, SentList]] = {}
        self._lock = Lock()

    def send(self, codes: CodeList) -> SentList:
        """The list as a job carries it."""
        with self._lock:
            folder = self._made()
            held = self._known.get(id(codes))
            if held is not None and held[0] is codes and held[1].path.is_file():
                return held[1]
            data = orjson.dumps((codes.name, dict(codes.codes), dict(codes.spellings), dict(codes.regions)))
            path = folder / f"{hashlib.sha256(data).hexdigest()}.json"
            if not path.is_file():
                path.write_bytes(data)
            while len(self._known) >= _KNOWN:
                self._known.pop(next(iter(self._known)))
            sent = SentList(path)
            self._known[id(codes)] = (codes, sent)
            return sent

    def _made(self) -> Path:
        """The folder, in use as of now, so that nobody takes it for a leftover."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="lumbung-lists-", dir=self._parent, ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        folder.mkdir(exist_ok=True)
        os.utime(folder)
        return folder

    def close(self) -> None:
        """Remove the files."""
        with self._lock:
            if self._folder is not None:
                self._folder.cleanup()
            self._folder = None
            self._known.clear()
