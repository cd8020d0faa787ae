"""Documents that are known by their SHA-256: those that ship as examples, and those of the home's `queries` folder.

A client may send the id instead of the text (`documentId`, or `extensions.persistedQuery` as Apollo's and Hive's
clients do); an installation may run nothing else (`documents = "trusted"`). Nothing is registered by asking.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.messages import text
from gateway.context import Context
from gateway.errors import DocumentNotTrusted, DocumentUnknown, RequestInvalid
from gateway.execution import Request

#: The example operations that ship.
SHIPPED = Path(__file__).parent.parent / "queries"
#: The folder of an installation's own documents, in its home.
FOLDER = "queries"
_ID = re.compile(r"[0-9a-f]{64}")
_SECONDS = 2.0  # between two looks at the folders
_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A document in a file: `title` is what its first comment says."""

    id: str
    name: str
    title: str
    text: str


def digest(query: str) -> str:
    """The id of a document's text, without the space around it."""
    return hashlib.sha256(query.strip().encode("utf-8", "surrogatepass")).hexdigest()


def read(folders: Iterable[Path]) -> Iterator[Document]:
    """The documents of some folders, by name; what is too long or no UTF-8 is passed over."""
    for folder in folders:
        for path in sorted(folder.glob("*.graphql")):
            try:
                if path.stat().st_size > _LARGEST:
                    continue
                query = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            first = query.lstrip().partition("\n")[0]
            title = first.lstrip("# ").strip() if first.startswith("#") else path.stem
            yield Document(digest(query), path.stem, title, query)


def asked(data: Mapping[str, Any]) -> str | None:
    """The id by which a request names its document, or None.

    Raises:
        RequestInvalid: it is no SHA-256, or not that of the text that came with it.
    """
    given = data.get("documentId")
    extensions = data.get("extensions")
    if given is None and isinstance(extensions, dict) and isinstance(extensions.get("persistedQuery"), dict):
        given = extensions["persistedQuery"].get("sha256Hash", "")
    if given is None:
        return None
    id_ = given.removeprefix("sha256:").lower() if isinstance(given, str) else ""
    query = data.get("query")
    whole = hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest() if isinstance(query, str) else None
    if not _ID.fullmatch(id_) or (isinstance(query, str) and id_ not in (whole, digest(query))):
        raise RequestInvalid(detail=text("gateway.request.document"))
    return id_


class Trusted:
    """The documents of some folders as they stand now."""

    def __init__(self, folders: Iterable[Path], *, only: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """`only`: whether nothing else may be run."""
        self.only = only
        self._folders = tuple(folders)
        self._clock = clock
        self._looked = -_SECONDS
        self._texts: Mapping[str, str] = {}

    def all(self) -> list[Document]:
        """Every document. Blocks for the files' sake."""
        return list(read(self._folders))

    def _read(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for document in self.all():
            found[document.id] = document.text
            found[hashlib.sha256(document.text.encode()).hexdigest()] = document.text  # of the file as it is
        return found

    async def _find(self, context: Context, id_: str) -> str | None:
        """The text of a document; folders are looked at again where it is not known, but not all the time."""
        if id_ not in self._texts and self._clock() - self._looked >= _SECONDS:
            self._looked = self._clock()
            self._texts = await context.offload.parse(context.deadline, self._read)
        return self._texts.get(id_)

    async def text(self, context: Context, request: Request) -> str:
        """The text to run.

        Raises:
            DocumentUnknown: only an id came, and no document has it.
            DocumentNotTrusted: a text came that is not among the trusted ones, where only these run.
        """
        if not request.query:
            assert request.document is not None  # either is there, or the request was refused
            found = await self._find(context, request.document)
            if found is None:
                raise DocumentUnknown(id=request.document)
            return found
        if self.only and await self._find(context, digest(request.query)) is None:
            raise DocumentNotTrusted(id=digest(request.query))
        return request.query
