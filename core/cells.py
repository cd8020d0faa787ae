"""One column's cells as their distinct spellings: what each means, or why it means nothing.

Which style a column is read in is decided in `quality/cast.py`; numbers and dates are read by `core/spellings.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core import spellings as values
from core.contract import Column
from core.mapping import DatasetMapping
from core.messages import text
from core.reference import CodeList, fold

SHOWN = 120
#: Reasons are stored as sentences, in the language of the house; rule and value allow any other.
STORED = "id"
_MISSING = pa.array(sorted(values.MISSING))
#: A table of more rows keeps texts as numbers into a dictionary, and is looked at closely before a column is.
LARGE = 50_000
_LOOKED_AT = 200_000


@dataclass(slots=True)
class Cells:
    """One column's distinct spellings (null for the ones that mean no value) and each row's index into them.

    Without `indices` the texts are the cells themselves: of a large table's column in which hardly two are alike.
    """

    column: Column
    texts: pa.Array
    indices: pa.Array | None
    typed: pa.Array | None = None
    why: pa.Array | None = None  # a sentence for each spelling that could not be read
    words: Mapping[str, str] = field(default_factory=dict)  # that the mapping has for it, folded, and their meaning

    @classmethod
    def of(cls, source: pa.Table, column: Column, header: str | None, mapping: DatasetMapping | None) -> "Cells":
        """The cells of a source column, or of the constant that the mapping has in its place."""
        words = mapping.words(column.name) if mapping is not None else {}
        if header is None:
            constant = mapping.constants.get(column.name) if mapping else None
            zeros = pa.nulls(source.num_rows, pa.int32()).fill_null(0)
            only = pa.array([constant], pa.string())
            return cls(column, only, pa.array([0], pa.int32()).take(zeros), words=words)
        cells = source[header].combine_chunks()
        if not pa.types.is_dictionary(cells.type):
            if _each_its_own(cells, column):
                return cls(column, _meant_in_parts(cells), None)
            cells = cells.dictionary_encode()
        return cls(column, _meant(cells.dictionary.cast(pa.string())), cells.indices, words=words)

    def spread(self, spellings: pa.Array) -> pa.Array:
        """What belongs to each spelling, by row; texts of a large table by their number."""
        if self.indices is None:
            return spellings
        if len(self.indices) <= LARGE or not pa.types.is_string(spellings.type):
            return spellings.take(self.indices)
        words = spellings.dictionary_encode()  # each once, and no null among them
        same = len(words.dictionary) == len(spellings)
        return pa.DictionaryArray.from_arrays(
            self.indices if same else words.indices.take(self.indices), words.dictionary
        )

    def count(self, which: npt.NDArray[np.bool_]) -> int:
        """How many rows have a spelling of some."""
        if not which.any():
            return 0
        return int((which if self.indices is None else which[np.asarray(self.indices.drop_null())]).sum())

    def filled(self) -> int:
        """How many rows have a spelling that means something."""
        return self.count(np.asarray(self.texts.is_valid()))

    def forget(self) -> None:
        """Let the spellings go, whose rows have been made."""
        self.texts = pa.array([], pa.string())
        self.typed = self.why = self.indices = None

    def used(self) -> pa.Array:
        """The typed values that occur, null where there is none."""
        assert self.typed is not None
        return self.typed if self.indices is None else self.typed.take(pc.unique(self.indices).drop_null())

    def explain(self, message: str) -> None:
        """A sentence for each spelling that has no value under the column's type."""
        assert self.typed is not None
        unread = pc.and_(self.texts.is_valid(), pc.is_null(self.typed))
        if not pc.any(unread).as_py():
            return
        template = text(message, STORED, column=self.column.title["id"], unit=self.column.unit or "-", value="\x00")
        parts: list[Any] = []
        shown = pc.utf8_slice_codeunits(pc.fill_null(self.texts, ""), 0, SHOWN)
        for i, part in enumerate(template.split("\x00")):
            parts += ([shown] if i else []) + [pa.scalar(part)]
        self.why = pc.if_else(unread, pc.binary_join_element_wise(*parts, ""), pa.scalar(None, pa.string()))

    def resolve(self, codes: CodeList) -> None:
        """Codes for the spellings; an unknown or ambiguous one has none, and says so."""
        typed: list[str | None] = []
        why: list[str | None] = []
        title = self.column.title["id"]
        for spelling in self.texts.to_pylist():
            meant = self._said(spelling)
            found = codes.resolve(meant) if meant is not None else None
            typed.append(found.code if found else None)
            if found is None or found.code is not None:
                why.append(None)
                continue
            values_ = {"column": title, "value": spelling[:SHOWN]}
            if found.candidates:
                named = ", ".join(f"{c} {codes.codes.get(c, '')}".strip() for c in found.candidates)
                why.append(text("quality.cast.ambiguous", STORED, candidates=named, **values_))
            elif meant != spelling:
                why.append(text("quality.cast.word", STORED, code=meant, list=codes.name, **values_))
            else:
                why.append(text("quality.cast.unknown", STORED, list=codes.name, **values_))
        self.typed = pa.array(typed, pa.string())
        if any(why):
            self.why = pa.array(why, pa.string())

    def labelled(self) -> None:
        """Texts as they are; of a closed list its values, by value or label in any case (LAKI-LAKI is `L`)."""
        self.typed = self._by_label()

    def numbered(self) -> None:
        """The words of a closed list of numbers become its numbers, so that they are read as those (Januari is 1)."""
        self.texts = self._by_label()

    def _by_label(self) -> pa.Array:
        if not self.column.labels:
            return self.texts
        known = known_words(self.column)
        said = (self._said(t) for t in self.texts.to_pylist())
        return pa.array([t if t is None else known.get(fold(t), t) for t in said], pa.string())

    def _said(self, spelling: str | None) -> str | None:
        """What a spelling means by the mapping's words; itself where they do not have it."""
        return spelling if spelling is None or not self.words else self.words.get(fold(spelling), spelling)

    def booleans(self) -> None:
        """Yes and no in either language."""
        said = pa.array([self._said(t) for t in self.texts.to_pylist()], pa.string()) if self.words else self.texts
        lower = pc.utf8_lower(said)
        yes = pc.is_in(lower, value_set=pa.array(sorted(values.TRUE)))
        no = pc.is_in(lower, value_set=pa.array(sorted(values.FALSE)))
        self.typed = pc.if_else(yes, pa.scalar(True), pc.if_else(no, pa.scalar(False), pa.scalar(None, pa.bool_())))
        self.explain("quality.cast.boolean")


def known_words(column: Column) -> dict[str, str]:
    """The words of a column's closed list, folded, and the value each means: its label or the value itself."""
    return {fold(word): value for value, label in column.labels.items() for word in (label, value) if fold(word)}


def _meant(texts: pa.Array) -> pa.Array:
    """The texts without spaces at their ends, null for those that mean no value."""
    trimmed = pc.utf8_trim_whitespace(texts)
    absent = pc.is_in(pc.utf8_lower(trimmed), value_set=_MISSING)
    return pc.if_else(absent, pa.scalar(None, pa.string()), trimmed)


def _meant_in_parts(texts: pa.Array) -> pa.Array:
    """As `_meant`; the very texts where each means what it says, which is not worth a copy."""
    parts = [texts.slice(at, _LOOKED_AT) for at in range(0, len(texts), _LOOKED_AT)]
    if all(_meant(part).equals(part) for part in parts):
        return texts
    return pa.concat_arrays([_meant(part) for part in parts])


def _each_its_own(cells: pa.Array, column: Column) -> bool:
    """Whether hardly two cells of a large table are alike, so that looking for those costs more than it saves."""
    if len(cells) <= LARGE or column.reference or column.labels:
        return False
    some = cells.slice(0, _LOOKED_AT)
    return bool(pc.count_distinct(some, mode="all").as_py() > len(some) // 2)
