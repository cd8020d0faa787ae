"""Pushing what a folder holds to the hub's inbox, for a regency that nobody can call: everything goes outward.

Each file goes in pieces from wherever the hub says it stands, so that a broken line costs one piece; only when all
of them are whole does a manifest make them the hub's newest content. What is there already is not sent again. The
hub's side is `hub/routes/inbox`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import requests

from core import node_keys
from core.ckan import Dataset, Resource
from core.clock import Clock, utc_now
from core.errors import LumbungError
from node.errors import PushHubUnfit, PushInterrupted, PushKeyInvalid, PushRefused
from node.folder import Folder, Shelf
from node.metadata import slug

_TIMES = (10.0, 120.0)  # seconds to connect, and between two bytes
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did; `files` are those that had to be sent."""

    datasets: int
    files: int
    bytes: int
    unchanged: bool
    problems: tuple[LumbungError, ...] = ()


@dataclass
class Pusher:
    """Pushes one member's folder to one hub.

    Args:
        hub: the hub's address; https, or http on this very machine.
        key: as `lumbung node key issue` showed it.
        tries: how often one request is made before the push is given up; it goes on there next time.
        progress: told of files and bytes sent so far.
    """

    hub: str
    member: str
    key: str
    tries: int = 5
    piece: int = 4 * 1024 * 1024
    clock: Clock = utc_now
    sleep: Callable[[float], object] = time.sleep
    progress: Callable[[str, int, int], object] = lambda name, sent, size: None

    def __post_init__(self) -> None:
        parts = urlsplit(self.hub)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise PushHubUnfit(hub=f"{parts.scheme}://{parts.hostname}")
        if not node_keys.is_key(self.key):
            raise PushKeyInvalid(member=self.member)
        self._session = requests.Session()

    def push(self, folder: Path) -> Pushed:
        """Send what the hub does not have yet, then publish; nothing is published where one file fails.

        Raises:
            NodeFolderMissing, PushInterrupted, PushRefused: named; what was sent stays there for the next time.
        """
        shelf = Folder(folder, self.member, self.member, "").shelf(again=True)
        manifest = _manifest(shelf, slug(self.member))
        hub = self._ask("GET", self._path())
        if (hub["manifest"] or {}).get("sha256") == node_keys.digest(manifest):
            return Pushed(len(shelf.portal.datasets), 0, 0, unchanged=True, problems=shelf.problems)
        piece = min(self.piece, int(hub["piece_bytes"]))
        sent_files = sent_bytes = 0
        for served in {f.state.sha256: f for f in shelf.files.values()}.values():
            sent = self._send(served.path, served.state.sha256, served.state.size, piece)
            sent_files, sent_bytes = sent_files + (sent is not None), sent_bytes + (sent or 0)
        self._ask("PUT", self._path("manifest"), manifest)
        return Pushed(len(shelf.portal.datasets), sent_files, sent_bytes, unchanged=False, problems=shelf.problems)

    def _send(self, path: Path, sha256: str, size: int, piece: int) -> int | None:
        """Bytes that were sent of a file; None where the hub had all of it."""
        target = self._path("files", sha256)
        state = self._ask("GET", target)
        if state["complete"]:
            return None
        sent = astray = 0
        with path.open("rb") as f:
            while not state["complete"]:
                offset = int(state["offset"])
                f.seek(offset)
                data = f.read(min(piece, size - offset))
                if (not data and size > offset) or astray > self.tries:  # cut shorter while it was being sent
                    raise PushInterrupted(hub=self.hub, detail=path.name)
                answer = self._ask("PUT", f"{target}?offset={offset}&size={size}", data)
                if answer is None:  # an answer was lost on its way; the hub knows where it stands
                    astray += 1
                    state = self._ask("GET", target)
                    continue
                state, astray, sent = answer, 0, sent + len(data)
                self.progress(path.name, int(state["offset"]), size)
        return sent

    def _path(self, *parts: str) -> str:
        return "/".join(("/inbox", quote(self.member, safe=""), *parts))

    def _ask(self, method: str, target: str, body: bytes = b"") -> Any:
        """The hub's answer, or None where it says that a piece is out of place; tried again where that may help."""
        for number in range(1, self.tries + 1):
            headers = node_keys.sign(self.key, method, target, body, self.clock())
            try:
                answer = self._session.request(
                    method,
                    self.hub.rstrip("/") + target,
                    data=body,
                    headers=headers | {"Content-Type": "application/octet-stream"},
                    timeout=_TIMES,
                    allow_redirects=False,
                )
                told = orjson.loads(answer.content)
            except (requests.RequestException, orjson.JSONDecodeError) as error:
                failure: Exception = error
            else:
                if answer.status_code == 200:
                    return told
                code, what = _refusal(told)
                if code == "INBOX_OFFSET":
                    return None
                if answer.status_code not in _PASSING:
                    raise PushRefused(hub=self.hub, status=answer.status_code, code=code, detail=what)
                failure = requests.HTTPError(f"HTTP {answer.status_code}")
            if number < self.tries:
                self.sleep(min(60.0, 2.0**number))
        raise PushInterrupted(hub=self.hub, detail=type(failure).__name__) from failure


def _refusal(told: Any) -> tuple[str, str]:
    """Code and sentence of a hub's error."""
    errors = told.get("errors") if isinstance(told, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    about = first.get("extensions")
    return str(about.get("code", "?") if isinstance(about, dict) else "?"), str(first.get("message", "?"))


def _manifest(shelf: Shelf, own: str) -> bytes:
    """What the folder holds, the same text for the same contents."""
    datasets = [_dataset(dataset, own) for dataset in shelf.portal.datasets]
    return orjson.dumps({"datasets": sorted(datasets, key=lambda d: str(d["id"]))}, option=orjson.OPT_SORT_KEYS)


def _dataset(dataset: Dataset, own: str) -> dict[str, object]:
    # what names no dinas stands under the member itself, which is no organisation below it
    organisation = dataset.organisation if dataset.organisation and dataset.organisation.name != own else None
    return {
        "id": dataset.id,
        "name": dataset.name,
        "title": dataset.title,
        "created": dataset.created.isoformat(),
        "modified": dataset.modified.isoformat(),
        "notes": dataset.notes,
        "license": dataset.license_id,
        "organisation": organisation.name if organisation is not None else "",
        "organisation_title": organisation.title if organisation is not None else "",
        "tags": list(dataset.tags),
        "groups": [group.name for group in dataset.groups],
        "extras": dict(dataset.extras),
        "resources": [_resource(resource) for resource in dataset.resources],
    }


def _resource(resource: Resource) -> dict[str, object]:
    return {
        "id": resource.id,
        "name": resource.name,
        "format": resource.format,
        "mime": resource.mimetype or "",
        "size": resource.size,
        "sha256": resource.hash,
        "modified": resource.modified.isoformat(),
        "description": resource.description or "",
    }
