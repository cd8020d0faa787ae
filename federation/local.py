"""Copying a folder source's file into the landing, whole or not at all."""

import os

from federation.connectors.folder import open_inside
from federation.errors import SourceInterrupted, SourceTooLarge
from federation.landing import Landing
from federation.member import SourceConfig
from federation.sink import Sink

_BLOCK = 1 << 20


def copy_inside(
    landing: Landing, source: SourceConfig, url: str, *, limit: int, known: str | None
) -> tuple[str, int, str] | None:
    """sha256, size and stamp of the landed copy; None where the file still has the stamp `known`.

    Raises:
        SourceInterrupted: it is gone, or somebody wrote to it meanwhile.
        SourceTooLarge: it is larger than `limit` bytes.
    """
    with open_inside(source, url) as f, Sink(landing) as sink:
        before = _stamp(f.fileno())
        if before == known:
            return None
        while block := f.read(_BLOCK):
            sink.write(block)
            if sink.size > limit:
                raise SourceTooLarge(source=source.id, url=url, limit=limit)
        if _stamp(f.fileno()) != before:
            raise SourceInterrupted(source=source.id, url=url, host=str(source.path), reason="file_changed", detail="")
        sha256, _ = sink.keep()
        return sha256, sink.size, before


def _stamp(handle: int) -> str:
    about = os.fstat(handle)
    return f'"{about.st_mtime_ns}-{about.st_size}-{about.st_ino}"'
