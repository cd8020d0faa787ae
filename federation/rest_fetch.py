"""All pages of a paged service, each landed as it came, and their records as one landed file that intake reads.

Which page comes next is `rest_pages`' to say, what a page holds `rest_answer`'s; calls, limits and retries are
`fetch`'s.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yarl import URL

from federation.address import safe_url
from federation.errors import PagesContradict, PagesLimit, SourceTooLarge
from federation.rest_answer import Answer, read_answer
from federation.rest_pages import Shifted, Walk
from federation.rest_spec import RestSpec
from federation.sink import Sink
from federation.transfer import Received, Run

#: Lands the page at an address and writes it down.
GetPage = Callable[[URL], Awaitable[Received]]


@dataclass(frozen=True, slots=True)
class Collected:
    """All records as one landed JSON file."""

    sha256: str
    path: Path
    size: int
    pages: int


async def collect(
    spec: RestSpec, base: URL, get: GetPage, *, sink: Callable[[], Sink], run: Run, place: dict[str, Any]
) -> Collected:
    """Every page from the first to the last; a pass that contradicts itself is made once more (S13).

    Raises:
        PagesContradict: it contradicts itself again; nothing is concluded from it.
        PagesLimit, SourceTooLarge: more pages or bytes than the source was allowed.
        RestAnswerUnfit, XmlRefused, FederationError: of one page, with its address.
    """
    try:
        return await _one_pass(spec, base, get, sink=sink, run=run, place=place)
    except Shifted:
        try:
            return await _one_pass(spec, base, get, sink=sink, run=run, place=place)
        except Shifted as again:
            shown = {"url": safe_url(str(base)), "reason": again.reason}
            raise PagesContradict(**place, **shown, **again.values) from again


async def _one_pass(
    spec: RestSpec, base: URL, get: GetPage, *, sink: Callable[[], Sink], run: Run, place: dict[str, Any]
) -> Collected:
    walk, pages, received_bytes = Walk(spec, base), 0, 0
    url: URL | None = walk.first()
    with sink() as out:
        await run(out.write, b"[")
        while url is not None:
            if pages >= spec.max_pages:
                raise PagesLimit(**place, url=safe_url(str(base)), limit=spec.max_pages)
            received = await get(url)
            pages += 1
            received_bytes += received.size
            if received_bytes > spec.max_bytes:
                raise SourceTooLarge(**place, url=safe_url(str(base)), limit=spec.max_bytes, size=received_bytes)
            assert received.path is not None
            begun = walk.found > 0
            answer: Answer = await run(_read, received.path, spec, safe_url(str(url)))
            following = walk.after(answer, received.url, ", ".join(received.headers.getall("Link", ())))
            await run(_write, out, answer, begun)
            url = following
        sha256, path = await run(out.keep, b"\n]\n")
        return Collected(sha256, path, out.size, pages)


def _read(path: Path, spec: RestSpec, url: str) -> Answer:
    return read_answer(path.read_bytes(), spec, url)


def _write(out: Sink, answer: Answer, begun: bool) -> None:
    """Append the records, one a line."""
    if answer.records:
        lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in answer.records)
        out.write((",\n" if begun else "\n").encode() + lines.encode("utf-8", "replace"))
