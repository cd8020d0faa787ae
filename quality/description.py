"""What is known of a dataset beside its rows: the description that SDI's gates and MQA's points are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Distribution:
    """One file of a dataset as its origin describes it.

    Attributes:
        format: in capitals (`CSV`), empty where none is given.
        mime: the media type, or None.
        size: bytes, or None.
        reached: its bytes were fetched at least once.
        readable: whether a table could be read from it; None where nobody has tried.
        contract: the data standard it is mapped to, or None.
    """

    url: str
    format: str = ""
    mime: str | None = None
    size: int | None = None
    reached: bool = False
    readable: bool | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """A dataset as the catalogue stores it.

    Attributes:
        there: it was still at its source when that was last asked.
        contact: how to reach the owner, empty where nothing is known.
        scheduled: it has a release schedule, from the standard or the member's data list.
        classified: somebody has decided who may see it.
        extras: further fields of the origin, text to text.
    """

    title: str
    notes: str = ""
    publisher: str = ""
    contact: str = ""
    licence: str = ""
    tags: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    there: bool = True
    scheduled: bool = False
    classified: bool = False
    created: datetime | None = None
    modified: datetime | None = None
    extras: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Distribution, ...] = ()

    def said(self, *names: str) -> str:
        """The first of these further fields that holds something, whatever its capitals and underscores."""
        known = {key.casefold().replace("_", "").replace(" ", ""): value.strip() for key, value in self.extras.items()}
        return next((known[name] for name in names if known.get(name)), "")
