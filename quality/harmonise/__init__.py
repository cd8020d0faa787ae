"""Harmonisation: which standard a table fits, and which of its columns is which; every answer with its evidence."""

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
    "load_words",
    "suggest",
]
