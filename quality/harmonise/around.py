"""What stands around a table: its title, sheet and file name, which may say the year, the region, the commodity."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contract import ColumnType, Contract
from core.reference import CodeList, fold
from quality.harmonise import units
from quality.harmonise.axes import Axes
from quality.harmonise.profile import Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target
from quality.harmonise.words import Words

_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_LONGEST = 6
_SAYING = 0.6
#: What a title that names a kind of people says of the standard on all of them.
_KIND = 0.3
_NO_KIND = frozenset({
    "tahun", "kabupaten", "kota", "provinsi", "kecamatan", "kelurahan", "desa", "wilayah", "daerah", "berdasarkan",
    "menurut", "per", "bulan", "semester", "triwulan", "laki", "perempuan", "jenis", "akhir", "pertengahan",
    "hasil", "semua", "seluruh", "jumlah", "orang", "keadaan", "proyeksi", "indonesia", "kepala", "rincian",
    "rekap", "simulasi", "laju", "pertumbuhan", "kepadatan", "rasio", "distribusi", "persentase", "luas", "dirinci",
    "data", "kode", "agregat",
})  # fmt: skip
_COUNTS = frozenset({"jumlah", "banyaknya", "jml"})
#: A line of so few words that begins with Pasar or Gudang is the name of one.
_NAME = 4
_MONTHS = {
    name: f"{number:02}"
    for number, names in enumerate(
        (
            "januari january jan", "februari february pebruari feb", "maret march mar", "april apr", "mei may",
            "juni june jun", "juli july jul", "agustus august agu ags aug", "september sep", "oktober october okt oct",
            "november nopember nov", "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_DAY = re.compile(r"(?<![0-9])([0-9]{1,2})\s+([a-z]{3,})\s+((?:19|20)[0-9]{2})")
_UNIT = re.compile(
    r"[(\[]\s*(?:dalam\s+)?([^()\[\]]{1,20})[)\]]|satuan\s*:?\s*([^,;:()\n]{1,20})|\bdalam\s+([^,;:()\n]{1,20})", re.I
)
_SAID = re.compile(r"^\s*([^:\n]{2,40}?)\s*:\s*([^:\n]{1,80}?)\s*$", re.MULTILINE)
_QUARTER = re.compile(r"(?:triwulan|tw|kuartal|quarter)\s*\.?\s*(i{1,3}|iv|[1-4])\b", re.IGNORECASE)
_QUARTERS = {"i": "3", "1": "3", "ii": "6", "2": "6", "iii": "9", "3": "9", "iv": "12", "4": "12"}


@dataclass(frozen=True, slots=True)
class Around:
    """The texts around a table, the nearest first."""

    texts: tuple[str, ...]

    def likeness(self, contract: Contract, targets: Sequence[Target], words: Words) -> float:
        """How well the texts name a standard: the largest share of one of its phrases that stands in one of them."""
        people = any(t.measure and t.column.unit == "orang" and t.column.required for t in targets)
        names = (*contract.title.values(), *contract.synonyms, *words.standards.get(contract.name, ()))
        phrases = [words.tokens(text) for text in names]
        best = 0.0
        for text in self.texts:
            said = set(words.tokens(text))
            for phrase in filter(None, phrases):
                whole = sum(map(words.weight, phrase))
                share = sum(words.weight(t) for t in phrase if t in said) / whole
                best = max(best, share if not (people and _of_a_kind(text, phrase, words)) else min(share, _KIND))
        measure = [t for t in targets if t.measure and t.column.required]
        for text in self.texts:
            said = set(words.tokens(text))
            for phrase in (p for t in measure for p in t.phrases if sum(map(words.weight, p)) >= 1):
                named = set(phrase) <= said and not (people and _of_a_kind(text, phrase, words))
                best = max(best, 0.7 if named else 0.0)
        return best

    def of_a_kind(self, contract: Contract, targets: Sequence[Target], words: Words) -> bool:
        """Whether the texts speak of people of a kind (Penduduk Miskin), of whom not all are meant."""
        names = (*contract.title.values(), *contract.synonyms)
        phrases = {words.tokens(text) for text in names} | {p for t in targets if t.measure for p in t.phrases}
        said = [phrase for phrase in phrases if any(words.weight(token) > _SAYING for token in phrase)]
        return any(_of_a_kind(text, phrase, words, among=words.parts) for text in self.texts for phrase in said)

    def unit(self, columns: Sequence[Profile]) -> str | None:
        """The unit of the whole table: a column of units that says one, or `(ton)`, `Satuan: ton` around it."""
        for column in columns:
            says = column.spellings[0] if len(column.spellings) == 1 else ""
            if "satuan" in column.header.tokens and units.known(says):
                return says
        for text in self.texts:
            for found in _UNIT.finditer(text):
                said = next(part for part in found.groups() if part is not None)
                if units.known(said):
                    return said.strip()
        return None

    @property
    def period(self) -> tuple[str | None, str | None]:
        """Year and month, as digits, where the texts say one of each."""
        years = {y for text in self.texts for y in _YEAR.findall(text.replace("_", " "))}
        months = {m for text in self.texts for word in fold(text).split() if (m := _MONTHS.get(word)) is not None}
        return (years.pop() if len(years) == 1 else None, months.pop() if len(months) == 1 else None)

    def constants(
        self,
        contract: Contract,
        targets: Sequence[Target],
        filled: frozenset[str],
        *,
        references: Mapping[str, CodeList],
        axes: Axes,
        words: Words,
        regions: frozenset[str],
    ) -> dict[str, tuple[str, Evidence]]:
        """What the texts, or the member itself, say of columns that nothing in the table fills."""
        out: dict[str, tuple[str, Evidence]] = {}
        for target in targets:
            if target.name in filled or not (target.column.key or target.name == contract.region_column):
                continue
            for text in self.texts:
                value = _stated(target, text, references, words) or self._one(target, text, references, axes)
                if value is not None:
                    out[target.name] = (value, Evidence("title", {"text": text[:80], "value": value}))
                    break
            else:
                regencies = sorted(r for r in regions if "." in r)
                if target.name == contract.region_column and len(regencies) == 1:
                    out[target.name] = (regencies[0], Evidence("member", {"value": regencies[0]}))
                elif "total" in target.values.values():
                    out[target.name] = ("total", Evidence("undivided", {"value": "total"}))
        return out

    def _one(self, target: Target, text: str, references: Mapping[str, CodeList], axes: Axes) -> str | None:
        plain = text.replace("_", " ")
        if target.column.type is ColumnType.DATE:
            days = {f"{y}-{_MONTHS[m]}-{int(d):02}" for d, m, y in _DAY.findall(plain.lower()) if m in _MONTHS}
            return days.pop() if len(days) == 1 else None
        if target.yearly:
            years = set(_YEAR.findall(plain))
            return years.pop() if len(years) == 1 else None
        if (codes := references.get(target.column.reference or "")) is not None:
            return _code(codes, target, plain)
        if {"1", "12"} <= set(target.values.values()):
            quarter, (_, month) = _QUARTER.search(plain), Around((text,)).period
            return _QUARTERS[quarter[1].lower()] if quarter else str(int(month)) if month else None
        if target.values and target.column.type is ColumnType.TEXT:
            found = {v for word in plain.split() if (v := axes.value_of(target.name, word)) is not None}
            return found.pop() if len(found) == 1 else None
        return None


def _of_a_kind(text: str, phrase: Sequence[str], words: Words, *, among: frozenset[str] | None = None) -> bool:
    """Whether a title speaks of people of a kind (Penduduk Miskin, Penduduk Lansia), of whom not all are meant.

    Args:
        among: words that say of which kind; None takes any that says neither a place nor a time.
    """
    said = [part for word in fold(text).split() for part in words.meanings.get(word, (word,))]
    for i in range(len(said) - len(phrase)):
        if tuple(said[i : i + len(phrase)]) == tuple(phrase):
            after = said[i + len(phrase)]
            said_so = after not in _NO_KIND and after not in _MONTHS and after not in words.skips
            if after in among if among is not None else said_so and not after.isdigit():
                return True
    return False


def _stated(target: Target, text: str, references: Mapping[str, CodeList], words: Words) -> str | None:
    """What a line such as `Kabupaten : Demak` above the table says of a column."""
    for label, value in _SAID.findall(text):
        tokens = words.header(label).tokens
        if target.likeness(tokens, words)[0] < 0.85:
            continue
        codes = references.get(target.column.reference or "")
        if codes is not None:
            return codes.resolve(value).code
        if target.column.type is ColumnType.TEXT and not target.values:
            return str(value)
    if target.column.type is ColumnType.TEXT and not target.values and not target.column.reference:
        for line in text.split("\n"):
            tokens = words.tokens(line)
            begins = bool(tokens) and tokens[0] in target.begins and "_" not in line
            if begins and 1 < len(tokens) <= _NAME and not any(set(tokens) <= set(p) for p in target.phrases):
                return line.strip()
    return None


def _code(codes: CodeList, target: Target, text: str) -> str | None:
    """The one code that the longest spelling in a text means."""
    parts = fold(text).split()
    for size in range(min(_LONGEST, len(parts)), 0, -1):
        found = set()
        for i in range(len(parts) - size + 1):
            if i and parts[i - 1] in _COUNTS and target.column.reference != "region":
                continue  # a number of deaths is no rate of them
            piece = " ".join(parts[i : i + size])
            if len(piece) < 3 or piece.replace(" ", "").isdigit():
                continue
            code = codes.resolve(piece).code
            if code is not None and all(p.match(code) for p in target.patterns):
                found.add(code)
        if found:
            return found.pop() if len(found) == 1 else None
    return None
