"""Words in columns of codes and closed lists that a list does not have: what each is likely to mean.

The cast knows a list's codes, names and spellings, and nothing else. What is told here (`male`, `Tata kelola (smart)`,
`Bers`) is written into a mapping when a person confirms it (`DatasetMapping.values`), never taken before.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from core.cells import known_words
from core.contract import Column, ColumnType, Contract
from core.mapping import DatasetMapping, sources
from core.reference import CodeList, fold
from core.spellings import FALSE, MISSING, TRUE
from core.table import TextTable
from quality.harmonise.reading import Reading
from quality.harmonise.target import Target, targets
from quality.harmonise.words import Words
from quality.melt import taken

_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_LIKE = 78  # a name at least so alike is offered; *Pompa Kali Duri* is not *Pompa Cideng*
_MOST = 500  # so many words of a column are looked at; more are no codes

How = Literal["confirmed", "suggested", "unknown"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a column of codes that its list does not have.

    Attributes:
        column: the contract's; `word` as the source writes it, in so many rows.
        value: the code or value that it means or is likely to, None where nothing is near; `name` is what that is
            called.
        how: whether a person has confirmed it, or it is only likely.
    """

    column: str
    word: str
    rows: int
    value: str | None
    name: str
    how: How


@dataclass(frozen=True, slots=True)
class Meanings:
    """What words mean in one column of a standard.

    Attributes:
        codes: its code list, None where it has a closed list or yes and no.
    """

    target: Target
    codes: CodeList | None
    words: Words

    def known(self, word: str) -> bool:
        """Whether the cast reads such a cell without being told."""
        column = self.target.column
        if self.codes is not None:
            return self.codes.resolve(word).code is not None
        if column.type is ColumnType.BOOLEAN:
            return word.lower() in TRUE or word.lower() in FALSE
        return fold(word) in known_words(column) or (column.type is ColumnType.INTEGER and word.isdigit())

    def sure(self, word: str) -> str | None:
        """The one code or value whose words these are, in another form or with something in brackets behind them."""
        bare = _ASIDE.sub("", word).strip()
        if self.codes is not None:
            return self.words.resolve(self.codes, bare).code if bare else None
        return self.target.values.get(fold(bare)) or self.target.meanings.get(self.words.tokens(word))

    def likely(self, word: str) -> str | None:
        """What a word is likely to mean; of a code list also what it is much like, of regions never."""
        found = self.sure(word)
        if found is not None or self.codes is None or self.codes.name == "region":
            return found
        resolution = self.codes.resolve(word)
        choices = resolution.candidates or self.codes.codes
        names = {code: name for code in choices if (name := self.codes.codes.get(code))}
        best = process.extractOne(word, names, scorer=fuzz.token_sort_ratio, processor=fold, score_cutoff=_LIKE)
        return str(best[2]) if best is not None else None

    def name(self, value: str | None) -> str:
        """What people call a code or value."""
        named = self.codes.codes if self.codes is not None else self.target.column.labels
        return named.get(value or "", "")


def worded(column: Column) -> bool:
    """Whether a column's cells are words of a list: codes, a closed list, yes and no."""
    return bool(column.reference or column.labels) or column.type is ColumnType.BOOLEAN


def meanings(contract: Contract, references: Mapping[str, CodeList], words: Words) -> dict[str, Meanings]:
    """What words mean in each column of a standard that holds words of a list."""
    return {
        target.name: Meanings(target, references.get(target.column.reference or ""), words)
        for target in targets(contract, {}, words)
        if worded(target.column)
    }


def taught(reading: Reading, references: Mapping[str, CodeList], words: Words) -> dict[str, dict[str, str]]:
    """The words of a table, in its columns and in its headers, that have one meaning which the cast does not know."""
    known = meanings(reading.contract, references, words)
    said: dict[str, dict[str, None]] = {}
    for pair in reading.pairing.chosen.values():
        if pair.target.name in known:
            said.setdefault(pair.target.name, {}).update(dict.fromkeys(pair.column.spellings[:_MOST]))
    for group in reading.groups:
        for _, header in group.columns:
            for part in header.values:
                if part.target in known and part.kind == "known":
                    said.setdefault(part.target, {})[part.text] = None
    out: dict[str, dict[str, str]] = _quarters(reading, known)
    for column, spelled in said.items():
        one = known[column]
        means = {w: value for w in spelled if fold(w) and not one.known(w) and (value := one.sure(w)) is not None}
        if means:
            out[column] = {**out.get(column, {}), **means}
    return out


def _quarters(reading: Reading, known: Mapping[str, Meanings]) -> dict[str, dict[str, str]]:
    """Headers that name a month by its quarter beside a measure (`Realisasi TW II`), and that month."""
    out: dict[str, dict[str, str]] = {}
    for group in reading.groups:
        for column, header in group.columns:
            if len(header.values) != 1 or not header.rest or (part := header.values[0]).kind != "known":
                continue
            listed = known.get(part.target)
            if (
                listed is not None
                and listed.target.column.type is ColumnType.INTEGER
                and (month := listed.sure(part.text))
            ):
                out.setdefault(part.target, {})[column.name] = month
    return out


def words_of(
    table: TextTable, contract: Contract, mapping: DatasetMapping, references: Mapping[str, CodeList], words: Words
) -> list[Word]:
    """The words of a mapped table that its lists do not have, confirmed ones first, in the standard's order."""
    found = taken(contract, mapping, table.columns, references)
    melted = {one.header for one in found}
    headers = sources(contract, mapping, [header for header in table.columns if header not in melted])
    out: list[Word] = []
    for name, one in meanings(contract, references, words).items():
        spelled: Counter[str] = Counter()
        if (header := headers.get(name)) is not None:
            spelled.update(cell.strip() for cell in table.data[header].to_pylist() if cell)
        for each in found:
            if name in each.texts:
                spelled[each.texts[name]] += len(table) - table.data[each.header].null_count
        out += _told(one, spelled, mapping.words(name))
    return out


def _told(one: Meanings, spelled: Mapping[str, int], confirmed: Mapping[str, str]) -> Sequence[Word]:
    words = []
    for word, rows in spelled.items():
        if not fold(word) or word.lower() in MISSING:
            continue
        value = confirmed.get(fold(word))
        if value is not None:
            words.append(Word(one.target.name, word, rows, value, one.name(value), "confirmed"))
        elif not one.known(word):
            value = one.likely(word) if len(words) < _MOST else None
            how: How = "unknown" if value is None else "suggested"
            words.append(Word(one.target.name, word, rows, value, one.name(value), how))
    order = ("confirmed", "suggested", "unknown")
    return sorted(words, key=lambda w: (order.index(w.how), -w.rows, w.word))[:_MOST]
