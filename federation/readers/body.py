"""The bytes of a file, read where and when they are asked for, so that a large file is never in memory as a whole."""

import os
from collections.abc import Callable
from typing import BinaryIO, Self


class Body:
    """Bytes from one place to another of a file or of a text; slices are read anew each time, `part` reads nothing."""

    def __init__(self, read: Callable[[int, int], bytes], start: int, end: int) -> None:
        self._read, self._start, self._end = read, start, end

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Bytes that are in memory."""
        return cls(lambda start, end: data[start:end], 0, len(data))

    @classmethod
    def of_file(cls, file: BinaryIO) -> Self:
        """The bytes of a file as long as it is open."""
        handle = file.fileno()

        def read(start: int, end: int) -> bytes:
            data = os.pread(handle, end - start, start)
            while len(data) < end - start and (more := os.pread(handle, end - start - len(data), start + len(data))):
                data += more
            return data

        return cls(read, 0, os.fstat(handle).st_size)

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, at: slice) -> bytes:
        start, end, _ = at.indices(len(self))
        return self._read(self._start + start, self._start + max(start, end))

    def part(self, start: int, end: int | None = None) -> "Body":
        """The bytes from one place to another."""
        start, end, _ = slice(start, end).indices(len(self))
        return Body(self._read, self._start + start, self._start + max(start, end))
