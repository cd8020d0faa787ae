"""The part of Solr's filter language that harvesters send, compiled to a predicate over the index.

Where terms stand side by side without parentheses, `a OR b c` means (a OR b) AND c: what ckanext-harvest means
when it joins its organisation list and its date with a blank. (Solr's own answer to that text is every dataset.)
"""

import re
from datetime import UTC, datetime, timedelta

from core.ckan.errors import SearchBroken
from core.ckan.index import Matcher, phrase_in
from core.ckan.wire import stamp
from core.reference import fold

MAX_TEXT = 20_000
MAX_DEPTH = 40
MAX_WILDCARDS = 4

_DATES = frozenset({"metadata_modified", "metadata_created"})
_WORDS = frozenset({"title", "notes", "text", "author", "maintainer", "res_name", "res_description"})

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) |
      (?P<quoted>"(?:[^"\\]|\\.)*")(?:[~^][\d.]*)? |
      (?P<range>[\[{][^\]}]*[\]}]) |
      (?P<and>&&) | (?P<or>\|\|) | (?P<sign>[+!-](?=[^\s])) |
      (?P<word>(?:[^\s()"\[\]{}:\\]|\\.)+) | (?P<colon>:)
    )""",
    re.VERBOSE,
)
_RANGE = re.compile(r"([\[{])\s*(\S+)\s+TO\s+(\S+)\s*([\]}])")


def compile_filter(text: str, now: datetime) -> Matcher:
    """The predicate that a filter text means; raises SearchBroken where it is not one."""
    return _Parser(text, now).whole()


class _Parser:
    """One pass from left to right: juxtaposition < OR < AND < NOT, + and -."""

    def __init__(self, text: str, now: datetime) -> None:
        self.text, self.now, self.at, self.depth = text, now, 0, 0
        self.tokens: list[tuple[str, str]] = []
        if len(text) > MAX_TEXT:
            raise self.broken()
        position, end = 0, len(text.rstrip())
        while position < end:
            token = _TOKEN.match(text, position)
            if token is None or token.lastgroup is None:
                raise self.broken()
            self.tokens.append((token.lastgroup, token[token.lastgroup]))
            position = token.end()

    def broken(self) -> SearchBroken:
        return SearchBroken(query=self.text[:80])

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def whole(self) -> Matcher:
        matcher = self.sequence(None)
        if self.peek()[0] != "end":
            raise self.broken()
        return matcher

    def sequence(self, name: str | None) -> Matcher:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.broken()
        parts = [self.any_of(name)]
        while self.peek()[0] not in ("end", "close"):
            parts.append(self.any_of(name))
        self.depth -= 1
        return parts[0] if len(parts) == 1 else lambda d: all(p(d) for p in parts)

    def any_of(self, name: str | None) -> Matcher:
        parts = [self.all_of(name)]
        while self.peek() in (("word", "OR"), ("or", "||")):
            self.take()
            parts.append(self.all_of(name))
        return parts[0] if len(parts) == 1 else lambda d: any(p(d) for p in parts)

    def all_of(self, name: str | None) -> Matcher:
        parts = [self.unary(name)]
        while self.peek() in (("word", "AND"), ("and", "&&")):
            self.take()
            parts.append(self.unary(name))
        return parts[0] if len(parts) == 1 else lambda d: all(p(d) for p in parts)

    def unary(self, name: str | None) -> Matcher:
        negated = False
        while (token := self.peek()) == ("word", "NOT") or token[0] == "sign":
            negated ^= token[1] != "+"
            self.take()
        matcher = self.primary(name)
        return (lambda d: not matcher(d)) if negated else matcher

    def primary(self, name: str | None) -> Matcher:
        kind, value = self.take()
        if kind == "open":
            matcher = self.sequence(name)
            if self.take()[0] != "close":
                raise self.broken()
            return matcher
        if kind == "word" and value in ("AND", "OR"):
            raise self.broken()
        if kind == "word" and name is None and self.peek()[0] == "colon":
            self.take()
            return self.primary_of(re.sub(r"\\(.)", r"\1", value))
        if kind == "quoted":
            return _term(name or "text", _unescaped(value[1:-1]), quoted=True)
        if kind == "word":
            return self.word(name or "text", value)
        if kind == "range" and name is not None:
            return self.between(name, value)
        raise self.broken()

    def primary_of(self, name: str) -> Matcher:
        if self.peek()[0] == "sign":  # a value may begin with a sign: `temperature:-5`
            sign = self.take()[1]
            kind, value = self.take()
            if kind != "word":
                raise self.broken()
            return self.word(name, sign + value)
        return self.primary(name)

    def word(self, name: str, value: str) -> Matcher:
        while self.peek()[0] == "colon":  # an address or a time inside a value
            self.take()
            kind, more = self.peek()
            value += ":" + (more if kind == "word" else "")
            self.at += kind == "word"
        value = re.sub(r"[~^]\d*(?:\.\d+)?$", "", value)
        if name == "*" and value == "*":
            return lambda d: True
        if value == "*":
            return lambda d: bool(d.fields.get(name))
        if re.search(r"(?<!\\)[*?]", value):
            return self.wildcard(name, value)
        return _term(name, self.moment(value) if name in _DATES else _unescaped(value), quoted=False)

    def wildcard(self, name: str, value: str) -> Matcher:
        if value.count("*") > MAX_WILDCARDS:
            raise self.broken()
        spelled = "".join(
            {"*": ".*", "?": "."}.get(part, re.escape(_unescaped(part))) for part in re.findall(r"\\.|.", value)
        )
        pattern = re.compile(spelled, re.DOTALL | (re.IGNORECASE if _is_words(name) else 0))
        if _is_words(name):
            return lambda d: any(pattern.fullmatch(w) for v in d.fields.get(name, ()) for w in fold(v).split())
        return lambda d: any(pattern.fullmatch(v) for v in d.fields.get(name, ()))

    def between(self, name: str, value: str) -> Matcher:
        found = _RANGE.fullmatch(value)
        if found is None:
            raise self.broken()
        low, high = (part.strip('"') for part in (found[2], found[3]))
        if name in _DATES:
            low, high = (part if part == "*" else self.moment(part) for part in (low, high))
        low_open, high_open = found[1] == "{", found[4] == "}"

        def inside(v: str) -> bool:
            above = low == "*" or v > low or (v == low and not low_open)
            return above and (high == "*" or v < high or (v == high and not high_open))

        return lambda d: any(inside(v) for v in d.fields.get(name, ()))

    def moment(self, value: str) -> str:
        """An instant as the index writes it: a full one with Z, or NOW with Solr's date arithmetic."""
        if (found := instant(value, self.now)) is None:
            raise self.broken()
        return found


_NOW = re.compile(r"NOW((?:[+-]\d{1,6}[A-Z]+|/[A-Z]+)*)")
_UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "MONTH": 30 * 86_400, "YEAR": 365 * 86_400}
_FULL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")


def instant(value: str, now: datetime) -> str | None:
    """A Solr instant in the index's spelling; None where it is none (a bare date is none)."""
    if _FULL.fullmatch(value):
        try:
            return stamp(datetime.fromisoformat(value)) + "Z"
        except ValueError:
            return None
    relative = _NOW.fullmatch(value)
    if relative is None:
        return None
    moment = now.astimezone(UTC)
    for sign, amount, unit in re.findall(r"([+/-])(\d*)([A-Z]+)", relative[1]):
        seconds = _UNITS.get(unit.rstrip("S"))
        if seconds is None:
            return None
        if sign == "/":
            epoch = int(moment.timestamp())
            moment = datetime.fromtimestamp(epoch - epoch % seconds, UTC)
            continue
        try:
            moment += timedelta(seconds=seconds * int(amount)) * (1 if sign == "+" else -1)
        except OverflowError:
            return None
    return stamp(moment) + "Z"


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _is_words(name: str) -> bool:
    return name in _WORDS or name.startswith("extras_")


def _term(name: str, value: str, *, quoted: bool) -> Matcher:
    """A value of a field: words for prose, the whole text for names, tags and formats."""
    if not _is_words(name):
        return lambda d: value in d.fields.get(name, ())
    folded = fold(value)
    if name == "text" and not quoted:
        wanted = frozenset(folded.split())
        return lambda d: wanted <= d.words
    return lambda d: bool(folded) and any(phrase_in(folded, v) for v in d.fields.get(name, ()))
