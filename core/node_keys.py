"""Keys by which a regency's machine signs what it sends to the hub (Ed25519), bound to a token of role machine.

The key is derived from the token's secret, which is shown once and never sent; the hub keeps the public half only, so
that nobody who reads its database can sign. Validity, revocation and audit are the token's (`core/tokens`). A replayed
request is harmless here: what takes effect only once is the receiving door's to guard, by the signed moment.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from core import tokens
from core.access import Actor, Role
from core.db import Base, session_scope
from core.token_errors import MomentApart, SignatureInvalid, TokenInvalid

SCHEME = "Lumbung-Ed25519"
BODY_HEADER = "X-Lumbung-Body"
#: How far the clocks of node and hub may lie apart.
APART = timedelta(minutes=5)
_KEY = re.compile(r"([0-9a-f]{32})\.(lmb_[A-Za-z0-9_-]{20,100})")
_HEADER = re.compile(rf"{SCHEME} ([0-9a-f]{{32}}):(\d{{10,15}}):([A-Za-z0-9_-]{{86}})")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class NodeKey(Base):
    """The public half of a node's key."""

    __tablename__ = "node_key"

    token_id: Mapped[str] = mapped_column(ForeignKey("api_token.id"), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is sound: who sent it, and the moment it was signed."""

    actor: Actor
    at: datetime


def issue(
    sessions: sessionmaker[Session],
    *,
    name: str,
    member: str,
    regions: Iterable[str],
    by: Actor,
    now: datetime,
    organisation: str | None = None,
    expires: datetime | None = None,
) -> tokens.Issued:
    """Make a key for a member's machine; its `secret`, which the node is given, exists here and nowhere else."""
    issued = tokens.issue(
        sessions,
        name=name,
        roles=[Role.MACHINE],
        by=by,
        now=now,
        member=member,
        organisation=organisation,
        regions=regions,
        expires=expires,
    )
    public = _private(issued.secret).public_key().public_bytes_raw()
    with session_scope(sessions, write=True) as session:
        session.add(NodeKey(token_id=issued.id, public_key=public.hex()))
    return tokens.Issued(issued.id, f"{issued.id}.{issued.secret}")


def is_key(text: str) -> bool:
    """Whether a text has the form of a node's key."""
    return _KEY.fullmatch(text) is not None


def digest(body: bytes) -> str:
    """The digest by which a body is signed."""
    return hashlib.sha256(body).hexdigest()


def sign(key: str, method: str, target: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that sign a request.

    Args:
        key: as `issue` gave it.
        target: path and query, exactly as sent.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise SignatureInvalid
    moment = str(int(at.timestamp() * 1000))
    signature = _private(found[2]).sign(_message(method, target, digest(body), moment))
    encoded = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return {"Authorization": f"{SCHEME} {found[1]}:{moment}:{encoded}", BODY_HEADER: digest(body)}


def verify(
    sessions: sessionmaker[Session], method: str, target: str, *, header: str, body_sha256: str, now: datetime
) -> Signed:
    """Who signed a request; the caller then holds the body to `body_sha256`.

    Raises:
        SignatureInvalid: alike for an unknown, revoked or expired key and for a wrong signature.
        MomentApart: the signature is sound but was made too long ago, or by a clock that is wrong.
    """
    found = _HEADER.fullmatch(header)
    if found is None or _DIGEST.fullmatch(body_sha256) is None:
        raise SignatureInvalid
    token_id, moment, encoded = found.groups()
    with sessions() as session:
        key = session.get(NodeKey, token_id)
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key if key is not None else "00" * 32))
        signature = base64.urlsafe_b64decode(encoded + "==")
        public.verify(signature, _message(method, target, body_sha256, moment))
        actor = tokens.actor_of(sessions, token_id, now=now)
    except (InvalidSignature, binascii.Error, ValueError, TokenInvalid) as error:
        raise SignatureInvalid from error
    at = datetime.fromtimestamp(int(moment) / 1000, UTC)
    if abs(now - at) > APART:
        raise MomentApart(at=at.isoformat(), now=now.astimezone(UTC).isoformat(timespec="seconds"))
    return Signed(actor, at)


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"lumbung node key\0" + secret.encode()).digest())


def _message(method: str, target: str, body_sha256: str, moment: str) -> bytes:
    return "\n".join((SCHEME, method.upper(), target, body_sha256, moment)).encode()
