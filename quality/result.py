"""Check results as they are kept: one zstd-compressed JSON record a snapshot."""

from collections.abc import Mapping
from typing import Any

import orjson
import pyarrow as pa


def pack(result: Mapping[str, Any]) -> bytes:
    """The JSON of a result, compressed."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(orjson.dumps(result, default=str, option=orjson.OPT_NON_STR_KEYS))
    return bytes(sink.getvalue())


def unpack(packed: bytes) -> dict[str, Any]:
    """The result that `pack` was given, as plain JSON values; empty for no bytes."""
    if not packed:
        return {}
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        data: dict[str, Any] = orjson.loads(stream.read())
    return data
