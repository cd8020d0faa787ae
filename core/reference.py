"""Reference codes: a code list with the spellings people use, resolved without ever guessing."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_NOISE = re.compile(r"[^0-9a-z]+")
_NUMBER = re.compile(r"'?[0-9][0-9.,\s]*")


def fold(text: str) -> str:
    """A spelling reduced to what people mean by it: no accents, case, punctuation or doubled spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOISE.sub(" ", plain).strip()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a spelling means: a code, or None with the candidates it could have meant."""

    code: str | None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeList:
    """A named list of codes (`region`, `commodity`, `gauge`) at one date, small enough to send to a worker.

    Attributes:
        name: the name contracts refer to.
        codes: code to official name.
        spellings: folded spelling to the codes it may mean; more than one is ambiguous and never chosen from.
            A spelling stored without blanks is found however the text is spaced.
        regions: code to the region it stands in, for lists whose things stand somewhere (gauges); absent where unknown.
    """

    name: str
    codes: Mapping[str, str]
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, text: str) -> Resolution:
        """The code for a spelling; an exact code wins, an ambiguous spelling gives its candidates."""
        if (stripped := text.strip()) in self.codes:
            return Resolution(stripped)
        folded = fold(text)
        if folded.replace(" ", "").isdigit() and not _NUMBER.fullmatch(stripped):
            return Resolution(None)  # `32.*` and `-32` are not the code 32
        found = self.spellings.get(folded) or self.spellings.get(folded.replace(" ", ""), ())
        return Resolution(found[0]) if len(found) == 1 else Resolution(None, found)


def code_list(name: str, entries: Iterable[tuple[str, str, Iterable[str]]]) -> CodeList:
    """A list from (code, official name, further spellings)."""
    codes: dict[str, str] = {}
    spellings: dict[str, tuple[str, ...]] = {}
    for code, official, others in entries:
        codes[code] = official
        for spelling in {fold(s) for s in (official, *others)} - {""}:
            spellings[spelling] = tuple(sorted({*spellings.get(spelling, ()), code}))
    return CodeList(name, codes, spellings)
