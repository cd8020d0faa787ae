"""Harmonisation: which standard a table fits, and which of its columns is which; every answer with its evidence."""

import hashlib
from functools import cache
from pathlib import Path

from quality.harmonise.engine import suggest
from quality.harmonise.suggestion import SURE, Codes, ColumnSuggestion, Evidence, Question, Suggestion
from quality.harmonise.words import Words, load_words

__all__ = [
    "SURE",
    "Codes",
    "ColumnSuggestion",
    "Evidence",
    "Question",
    "Suggestion",
    "Words",
    "edition",
    "load_words",
    "suggest",
]


@cache
def edition() -> str:
    """A digest of the engine and its shipped words: another one may read the same file otherwise."""
    files = sorted(file for file in Path(__file__).parent.iterdir() if file.suffix in (".py", ".csv"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
