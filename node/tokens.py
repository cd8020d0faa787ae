"""The node's own tokens: random, shown once, kept as SHA-256 in a hidden file of the folder that is never served.

A token sees open and limited columns; what is closed does not leave the regency.
"""

import hmac
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from core.access import Actor, Role
from core.ids import new_id
from core.token_errors import TokenInvalid
from core.tokens import PREFIX, digest
from node.errors import NodeFolderMissing, NodeTokenUnknown

FILE = ".lumbung-node-tokens.json"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class NodeToken:
    """One token without its secret; moments are ISO text."""

    id: str
    name: str
    sha256: str
    created: str
    expires: str | None = None


class Tokens:
    """The tokens of one folder; a change made by a command counts at once."""

    def __init__(self, folder: Path, member: str = "-") -> None:
        if not folder.is_dir():
            raise NodeFolderMissing(folder=folder, member=member)
        self._file = folder / FILE
        self._read: tuple[object, tuple[NodeToken, ...]] = (None, ())

    def all(self) -> tuple[NodeToken, ...]:
        """Every token; a damaged file holds none, so that nobody gets in by it."""
        try:
            stat = self._file.stat()
            state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if state != self._read[0]:
                found = tuple(NodeToken(**entry) for entry in orjson.loads(self._file.read_bytes()))
                self._read = (state, found)
        except (OSError, ValueError, TypeError):
            return ()
        return self._read[1]

    def issue(self, name: str, *, now: datetime, expires: datetime | None = None) -> str:
        """Make a token; the secret is returned this once."""
        secret = PREFIX + secrets.token_urlsafe(32)
        made = NodeToken(
            new_id(), name, digest(secret), now.isoformat(), None if expires is None else expires.isoformat()
        )
        self._write((*self.all(), made))
        return secret

    def revoke(self, token_id: str) -> None:
        """Make a token worthless from now on; raises NodeTokenUnknown."""
        kept = tuple(token for token in self.all() if token.id != token_id)
        if len(kept) == len(self.all()):
            raise NodeTokenUnknown(token=token_id)
        self._write(kept)

    def actor(self, secret: str, now: datetime) -> Actor:
        """Whoever holds a secret; TokenInvalid alike for unknown, revoked, and from the moment of expiry on."""
        sha256 = digest(secret)
        found: NodeToken | None = None
        for token in self.all():  # all of them, whichever it is
            if hmac.compare_digest(token.sha256.encode(), sha256.encode()):
                found = token
        if found is None or len(secret) > _LONGEST:
            raise TokenInvalid
        if found.expires is not None and now >= datetime.fromisoformat(found.expires):
            raise TokenInvalid
        return Actor(id=found.id, name=found.name, roles=frozenset({Role.COORDINATOR, Role.MACHINE}))

    def _write(self, tokens: tuple[NodeToken, ...]) -> None:
        half = self._file.with_name(f"{FILE}.half")
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as f:
            f.write(orjson.dumps([asdict(token) for token in tokens]))
        half.replace(self._file)
