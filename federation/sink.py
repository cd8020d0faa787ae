"""The temporary file that a body is written to on its way into the landing, hashed as it goes."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from core.storage_errors import storage_errors
from federation.landing import Landing


class Sink:
    """A context manager: what is not kept by its end is gone. Its methods touch the disk, so call them in a thread."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self._path = landing.temporary()
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Append."""
        with storage_errors(self._path.parent), self._path.open("ab") as f:
            f.write(data)
        self._hash.update(data)
        self.size += len(data)

    def keep(self, rest: bytes = b"") -> tuple[str, Path]:
        """Append the rest and land it all: sha256 and the final path, durable."""
        self.write(rest)
        sha256 = self._hash.hexdigest()
        return sha256, self._landing.keep(self._path, sha256)
