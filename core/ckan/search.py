"""What the parameters of `package_search` mean over a list of datasets: words, order, page, facets, fields."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.ckan.errors import QueryInvalid, SearchBroken
from core.ckan.filter import MAX_TEXT, compile_filter
from core.ckan.index import Document, Matcher, phrase_in
from core.ckan.wire import Json
from core.reference import fold

DEFAULT_SORT = "score desc, metadata_modified desc"


@dataclass(frozen=True, slots=True)
class Search:
    """The parameters of `package_search`, already of their types."""

    q: str = ""
    fq: tuple[str, ...] = ()
    rows: int = 10
    start: int = 0
    sort: str = ""
    facet_fields: tuple[str, ...] = ()
    facet_limit: int = 50
    facet_mincount: int = 1
    fl: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)  # names of organisations and groups to their titles


def search(documents: Sequence[Document], ask: Search, now: datetime) -> Json:
    """The `result` of `package_search`; raises SearchBroken or QueryInvalid."""
    filters = [compile_filter(text, now) for text in ask.fq if text.strip()]
    words: tuple[str, ...] = ()
    q = ask.q.strip()
    if q not in ("", "*:*", '""'):
        if ":" in q:
            filters.append(compile_filter(q, now))
        else:
            matcher, words = _free_text(q)
            filters.append(matcher)
    found = [d for d in documents if all(matches(d) for matches in filters)]
    found = _sorted(found, ask.sort or DEFAULT_SORT, words)
    facets = {name: _counts(found, name, ask) for name in ask.facet_fields}
    page = found[ask.start : ask.start + ask.rows]
    return {
        "count": len(found),
        "facets": facets,
        "results": [_projected(d, ask.fl) if ask.fl else d.rendered for d in page],
        "sort": ask.sort or DEFAULT_SORT,
        "search_facets": {
            name: {
                "title": name,
                "items": [
                    {"name": value, "display_name": ask.titles.get(value, value), "count": count}
                    for value, count in counts.items()
                ],
            }
            for name, counts in facets.items()
        },
    }


def _counts(found: Iterable[Document], name: str, ask: Search) -> dict[str, int]:
    counter = Counter(value for d in found for value in set(d.fields.get(name, ())) if value)
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    kept = [(value, count) for value, count in ranked if count >= ask.facet_mincount]
    return dict(kept if ask.facet_limit < 0 else kept[: ask.facet_limit])


_MANY = frozenset({"tags", "groups", "res_format", "res_name", "res_url", "res_description"})


def _projected(document: Document, names: Sequence[str]) -> Json:
    out: Json = {}
    for name in names:
        values = document.fields.get(name, ())
        if values and name != "text":
            out[name.removeprefix("extras_")] = list(values) if name in _MANY else values[0]
    return out


# --- free text ---------------------------------------------------------------------------------------------


def _free_text(q: str) -> tuple[Matcher, tuple[str, ...]]:
    """CKAN's dismax: up to two words must all be there, of five one may lack, of more a fifth may."""
    if len(q) > MAX_TEXT:
        raise SearchBroken(query=q[:80])
    excluded = frozenset(word for raw in re.findall(r"(?:^|\s)-(\S+)", q) for word in fold(raw).split())
    plain = re.sub(r"(?:^|\s)-\S+", " ", q)
    phrases = [folded for raw in re.findall(r'"([^"]*)"', plain) if (folded := fold(raw))]
    wanted = tuple(dict.fromkeys(fold(plain).split()))
    need = len(wanted) if len(wanted) <= 2 else len(wanted) - 1 if len(wanted) <= 5 else int(len(wanted) * 0.8)

    def matches(document: Document) -> bool:
        words = document.words
        if not wanted or excluded & words or sum(word in words for word in wanted) < need:
            return False
        return all(any(phrase_in(p, value) for value in document.fields["text"]) for p in phrases)

    return matches, wanted


# --- ordering ----------------------------------------------------------------------------------------------

_ORDER = re.compile(r"([A-Za-z_][A-Za-z0-9_.]{0,99})\s+(asc|desc)", re.IGNORECASE)


def _sorted(found: list[Document], sort: str, words: Sequence[str]) -> list[Document]:
    """In the order asked for, then by id, so that pages never overlap."""
    steps: list[tuple[str, bool]] = []
    for part in sort.split(","):
        step = _ORDER.fullmatch(part.strip())
        if step is None or len(steps) > 10:
            raise QueryInvalid(name="sort", value=sort[:80])
        steps.append((step[1], step[2].lower() == "desc"))
    out = sorted(found, key=lambda d: d.dataset.id)
    for name, descending in reversed(steps):
        if name == "score":
            if words:
                scores = {d.dataset.id: d.score(words) for d in out}
                out.sort(key=lambda d: scores[d.dataset.id], reverse=descending)
            continue
        with_value = [d for d in out if d.fields.get(name)]
        without = [d for d in out if not d.fields.get(name)]
        with_value.sort(key=lambda d: d.fields[name][0], reverse=descending)
        out = with_value + without
    return out
