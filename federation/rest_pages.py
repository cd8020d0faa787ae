"""From page to page: which address comes next, when it ends, and when pages contradict each other (S13).

Decides without a connection and without files; `rest_fetch` calls the addresses and lands what comes.
"""

import hashlib
import json
import re

from yarl import URL

from federation.rest_answer import Answer
from federation.rest_spec import Paging, RestSpec

_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


class Shifted(Exception):
    """The pages of one pass do not fit together; `reason` is a word of the message catalogue."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


def next_link(header: str | None) -> str | None:
    """The address that a Link header calls `next` (RFC 8288), or None."""
    for target, parameters in _LINK.findall(header or ""):
        found = _REL.search(parameters)
        if found and "next" in (found.group(1) or found.group(2) or "").lower().split():
            return str(target)
    return None


class Walk:
    """One pass over all pages of a service.

    Attributes:
        found: how many records have come so far.
        expected: how many there are by the service's own word, or None.
    """

    def __init__(self, spec: RestSpec, base: URL) -> None:
        self.spec = spec
        self.found = 0
        self.expected: int | None = None
        self._base = base.update_query(dict(spec.params))
        if spec.size_param:
            self._base = self._base.update_query({spec.size_param: str(spec.size)})
        self._number = spec.first
        self._asked: set[str] = set()
        self._pages: set[str] = set()

    def first(self) -> URL:
        """The address of the first page."""
        match self.spec.paging:
            case Paging.PAGE:
                return self._with(str(self._number))
            case Paging.OFFSET:
                return self._with("0")
            case _:
                return self._base

    def after(self, answer: Answer, url: URL, link: str | None) -> URL | None:
        """The address after a page, or None where it was the last.

        Args:
            url: where the page came from; a relative next address starts there.
            link: the answer's Link header.

        Raises:
            Shifted: a page or a cursor came twice, or the numbers contradict each other.
        """
        self._count(answer)
        self._asked.add(str(url.with_fragment(None)))
        target = self._next(answer, url, link)
        if target is None:
            if self.expected is not None and self.found != self.expected:
                raise Shifted("rest_missing", expected=self.expected, found=self.found)
            return None
        if str(target.with_fragment(None)) in self._asked:
            raise Shifted("rest_loop")
        return target

    def _count(self, answer: Answer) -> None:
        if answer.total is not None:
            if self.expected is not None and answer.total != self.expected:
                raise Shifted("rest_total", expected=self.expected, found=answer.total)
            self.expected = answer.total
        if answer.records:
            content = json.dumps(answer.records, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
            digest = hashlib.sha256(content).hexdigest()
            if digest in self._pages:
                raise Shifted("rest_repeated", found=self.found)
            self._pages.add(digest)
        self.found += len(answer.records)
        if self.expected is not None and self.found > self.expected:
            raise Shifted("rest_missing", expected=self.expected, found=self.found)

    def _next(self, answer: Answer, url: URL, link: str | None) -> URL | None:
        match self.spec.paging:
            case Paging.NONE:
                return None
            case Paging.CURSOR:
                return self._with(answer.cursor) if answer.cursor else None
            case Paging.LINK:
                target = answer.next if self.spec.next else next_link(link)
                return url.join(URL(target.strip())) if target and target.strip() else None
            case Paging.PAGE | Paging.OFFSET:
                if not answer.records or self.found == self.expected:
                    return None
                if answer.pages is not None and self._number - self.spec.first + 1 >= answer.pages:
                    return None
                self._number += 1
                return self._with(str(self._number if self.spec.paging is Paging.PAGE else self.found))

    def _with(self, value: str) -> URL:
        return self._base.update_query({self.spec.param: value})
