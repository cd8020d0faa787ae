"""Personal data in a table of text, column by column: what kind, how much, whether beyond doubt (F35).

Nothing is looked at cell by cell that its bytes rule out. Of a table of more than `LARGE` rows a sample decides which
columns are read whole, so that a few numbers in a long column of sentences can escape; a header that announces them
has its column read whole always.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from quality.personal import contact, headers, names, nik
from quality.personal.cells import Suspects, numbered, suspects
from quality.personal.found import Found, Kind, found

LARGE = 50_000
_SAMPLE = 20_000
_MANY = 3  # so many telephone numbers make a column of them where no header says so
_HALF = 0.5

_Hits = list[tuple[int, str]]


def scan(table: pa.Table, regions: frozenset[str], now: datetime) -> tuple[Found, ...]:
    """The personal data in the text columns of a table, in their order; nothing of it is kept but a masked example.

    Args:
        regions: region codes (dotted) that are known beside the nation's, as a member's own.
        now: the moment of the check: no family card was issued after it.
    """
    known, offices = nik.places(regions), headers.of_offices(table.column_names)
    sample = _sampled(table) if table.num_rows > LARGE else None
    out: list[Found] = []
    for name in table.column_names:
        if not pa.types.is_string(table.schema.field(name).type):
            continue
        if sample is not None:
            said = headers.read(name)
            telling = said.nik or said.kk or said.phone or said.person
            if not telling and not _Column(name, sample.column(name), known, now, offices=offices).found():
                continue
        out += _Column(name, table.column(name), known, now, offices=offices).found()
    return tuple(out)


def _sampled(table: pa.Table) -> pa.Table:
    at = np.unique(np.linspace(0, table.num_rows - 1, _SAMPLE).astype(np.int64))
    return table.take(pa.array(at))


class _Column:
    """One column and what is found in it."""

    def __init__(self, name: str, cells: pa.ChunkedArray, known: nik.Places, now: datetime, *, offices: bool) -> None:
        self.name, self.known, self.now = name, known, now
        self.cells: pa.Array = cells.chunk(0) if cells.num_chunks == 1 else cells.combine_chunks()
        if isinstance(self.cells, pa.ChunkedArray):
            self.cells = pa.concat_arrays(self.cells.chunks) if self.cells.num_chunks else pa.array([], pa.string())
        self.said = headers.read(name)
        self.offices = offices or self.said.office

    def found(self) -> list[Found]:
        """The findings, one a kind."""
        inside = suspects(self.cells)
        out: list[Found] = []
        if len(inside.numbers):
            cut = self.said.phone or self.said.nik or self.said.kk  # numbers may lack what they usually begin with
            at, texts = (
                (inside.numbers.tolist(), self.cells.take(pa.array(inside.numbers)).to_pylist())
                if cut
                else numbered(self.cells, inside.numbers)
            )
            if at:
                out += self._population(at, texts, inside)
                if not out:
                    out += self._telephones(at, texts, inside)
        if inside.address:
            out += self._addresses(inside)
        if self.said.person:
            out += self._persons(inside)
        elif inside.titled:
            out += self._addressed(inside)
        return out

    def _found(self, kind: Kind, hits: _Hits, inside: Suspects, *, certain: bool) -> list[Found]:
        return [found(self.name, kind, hits, inside.filled, certain=certain)] if hits else []

    def _population(self, at: Sequence[int], texts: Sequence[str], inside: Suspects) -> list[Found]:
        named = self.said.nik or self.said.kk
        whole = set(nik.column(texts, self.known, named=named, filled=inside.filled))
        hits = [(at[i], nik.digits(texts[i])) for i in sorted(whole)]
        rest = [i for i, text in enumerate(texts) if i not in whole and nik.WHOLE.fullmatch(text) is None]
        said = nik.sentences((texts[i] for i in rest), self.known)
        hits = sorted(hits + [(at[rest[i]], number) for i, number in said])
        card = self.said.kk and not self.said.nik
        if not named:
            card = nik.family_card([number for _, number in hits], self.now)
        return self._found(Kind.KK if card else Kind.NIK, hits, inside, certain=True)

    def _telephones(self, at: Sequence[int], texts: Sequence[str], inside: Suspects) -> list[Found]:
        told = self.said.phone and not self.said.measure
        mobile = [
            i for i, t in enumerate(texts) if contact.MOBILE.fullmatch(t) or (told and contact.MOBILE_CUT.fullmatch(t))
        ]
        alone = not self.said.measure and len(mobile) >= max(_MANY, _HALF * inside.filled)
        if mobile and (told or alone):
            hits = [(at[i], texts[i].strip()) for i in mobile]
            return self._found(Kind.PHONE, hits, inside, certain=not self.offices)
        if told:
            fixed = [(at[i], t.strip()) for i, t in enumerate(texts) if contact.FIXED.fullmatch(t)]
            if fixed:
                return self._found(Kind.PHONE, fixed, inside, certain=False)
        if self.said.measure:
            return []
        hits, certain = [], False
        for i, text in enumerate(texts):
            for m in contact.MOBILE_WITHIN.finditer(text):
                if m.end() - m.start() < len(text.strip()):
                    hits.append((at[i], m[0]))
                    certain = certain or contact.CALLED.search(text[: m.start()]) is not None
        return self._found(Kind.PHONE, hits, inside, certain=certain and not self.offices)

    def _addresses(self, inside: Suspects) -> list[Found]:
        hits = [(i, m[0]) for i, text in self._texts() if "@" in text for m in contact.EMAIL.finditer(text)]
        private = [(i, address) for i, address in hits if contact.private_address(address)]
        if private and not self.offices:
            return self._found(Kind.EMAIL, private, inside, certain=True)
        return self._found(Kind.EMAIL, hits, inside, certain=False)

    def _persons(self, inside: Suspects) -> list[Found]:
        hits = [(i, text) for i, text in self._texts() if names.person(text)]
        if len(hits) < _HALF * inside.filled:
            return []
        return self._found(Kind.NAME, hits, inside, certain=True)

    def _addressed(self, inside: Suspects) -> list[Found]:
        hits = [(i, m[0]) for i, text in self._texts() if (m := names.ADDRESSED.search(text)) is not None]
        return self._found(Kind.NAME, hits, inside, certain=False)

    def _texts(self) -> list[tuple[int, str]]:
        return [(i, text) for i, text in enumerate(self.cells.to_pylist()) if text]
