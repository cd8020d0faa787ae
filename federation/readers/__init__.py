"""Landed bytes to text tables: decoding, dialects, finding the table a person sees.

`read` is the one door. Everything comes out as text; types are decided later, by the contract (`quality/cast`).
"""

from federation.readers.reading import read
from federation.readers.result import ReadLimits, ReadResult

__all__ = ["ReadLimits", "ReadResult", "read"]
