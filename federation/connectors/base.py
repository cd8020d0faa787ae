"""What every kind of source looks like to the rest: datasets with resources, one crawl, one small protocol.

Connectors list what a source holds; bytes are fetched by `federation/fetch.py` and kept by
`federation/landing.py`. What a missing dataset means is decided by the catalogue, never here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from core.table import Note


@dataclass(frozen=True, slots=True)
class RemoteResource:
    """One file of a dataset, as its source describes it.

    Attributes:
        id: the source's own id, stable across crawls.
        name: what people call it; display only, never a path.
        url: where its bytes are: http(s), or `folder:` and the path below a folder source.
        format: the source's claim in upper case (`CSV`, `XLSX`), or empty.
        mime: the source's claim, or None.
        size: bytes by the source's claim, or None.
        last_modified: aware UTC, or None.
        hash: the source's checksum of the content, or empty (CKAN leaves it empty for uploads).
        description: free text.
    """

    id: str
    name: str
    url: str
    format: str = ""
    mime: str | None = None
    size: int | None = None
    last_modified: datetime | None = None
    hash: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class RemoteDataset:
    """One dataset as its source describes it; `raw` keeps the whole answer.

    Attributes:
        organisation: the name (slug) of the organisation below the member that owns it, or empty.
        tags: names of its tags; groups: names of its groups.
        modified: aware UTC as the source claims it, also where that lies in the future (T07).
        private: whether the source hides it from the public.
        state: `active` or the source's other word.
        extras: further fields, text to text.
    """

    id: str
    name: str
    title: str
    organisation: str = ""
    organisation_title: str = ""
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    license: str = ""
    modified: datetime | None = None
    private: bool = False
    state: str = "active"
    extras: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""
    resources: tuple[RemoteResource, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crawl:
    """What one look at a source found.

    Attributes:
        datasets: everything that is there, or nothing where `unchanged`.
        complete: whether `datasets` is all there is, so that absence proves something.
        unchanged: whether nothing changed since the mark; then what was known before still holds.
        mark: what to hand to the next crawl.
        requests: how many questions the source was asked.
        remarks: oddities a person should see (an empty portal, a date in the future ...).
    """

    datasets: tuple[RemoteDataset, ...]
    complete: bool
    unchanged: bool
    mark: dict[str, Any]
    requests: int = 0
    remarks: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One raw answer of a source's catalogue, for landing; the address holds no secret."""

    url: str
    body: bytes
    status: int
    headers: Mapping[str, str]
    seconds: float


#: Where a connector hands the raw answers it got; called from the crawl's own thread.
KeepPage = Callable[[Page], None]


class Connector(Protocol):
    """One kind of source."""

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """All datasets of the source, or word that nothing changed since `mark`; a federation error on failure."""
        ...
