"""API tokens: random, shown once, kept as SHA-256, scoped to roles, member, organisation and regions.

A token of 32 random bytes needs no slow hash (that is for passwords). What an actor may see is left to
`core/access.py`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from core import audit
from core.access import Actor, Role
from core.db import Base, session_scope
from core.ids import new_id
from core.memo import remembered
from core.token_errors import TokenInvalid, TokenUnknown

PREFIX = "lmb_"
_LONGEST = 200  # nobody's token is longer; what is longer is not worth hashing (A16)


class ApiToken(Base):
    """One token without its secret."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(12))  # its first characters, to tell tokens apart in a list
    roles: Mapped[list[str]]
    member: Mapped[str | None] = mapped_column(String(60), index=True)
    organisation: Mapped[str | None] = mapped_column(String(200))
    regions: Mapped[list[str]]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(120))


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token; the secret exists here and nowhere else."""

    id: str
    secret: str = field(repr=False)


def digest(secret: str) -> str:
    """What is kept of a secret, and found by it."""
    return hashlib.sha256(secret[:_LONGEST].encode("utf-8", "surrogatepass")).hexdigest()


def issue(
    sessions: sessionmaker[Session],
    *,
    name: str,
    roles: Iterable[Role],
    by: Actor,
    now: datetime,
    member: str | None = None,
    organisation: str | None = None,
    regions: Iterable[str] = (),
    expires: datetime | None = None,
) -> Issued:
    """Make a token and write its issue into the audit; the secret is returned this once."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        name=name,
        sha256=digest(secret),
        hint=secret[:8],
        roles=sorted(Role(r).value for r in roles),
        member=member,
        organisation=organisation,
        regions=sorted(regions),
        created_at=now,
        created_by=by.id,
        expires_at=expires,
    )
    with session_scope(sessions, write=True) as session:
        session.add(token)
        scope = {"roles": token.roles, "member": member, "organisation": organisation, "regions": token.regions}
        audit.record(session, by, "token.issued", token.id, {"name": name, **scope}, now=now)
    return Issued(token.id, secret)


def authenticate(sessions: sessionmaker[Session], secret: str, *, now: datetime) -> Actor:
    """The actor behind a secret; `TokenInvalid` alike for unknown, revoked, and from the second of expiry on (T09)."""
    sha256 = digest(secret)
    with sessions() as session:
        token = session.scalar(select(ApiToken).where(ApiToken.sha256 == sha256))
    known = hmac.compare_digest(sha256, token.sha256 if token else "0" * 64)
    if token is None or not known or len(secret) > _LONGEST:
        raise TokenInvalid
    return _actor(token, now)


def holder(session: Session, secret: str, *, now: datetime) -> Actor:
    """As `authenticate`, with the caller's own reading: asked of the database only where it has changed since."""
    if len(secret) > _LONGEST:
        raise TokenInvalid
    sha256 = digest(secret)

    def found() -> ApiToken | None:
        return session.scalar(select(ApiToken).where(ApiToken.sha256 == sha256))

    token = remembered(session, ("token", sha256), found)
    if token is None:
        raise TokenInvalid
    return _actor(token, now)


def actor_of(sessions: sessionmaker[Session], token_id: str, *, now: datetime) -> Actor:
    """The actor of a token by its id, for whoever has proved otherwise to hold it; `TokenInvalid` as above."""
    with sessions() as session:
        token = session.get(ApiToken, token_id)
    if token is None:
        raise TokenInvalid
    return _actor(token, now)


def _actor(token: ApiToken, now: datetime) -> Actor:
    if token.revoked_at is not None or (token.expires_at is not None and now >= token.expires_at):
        raise TokenInvalid
    return Actor(
        id=token.id,
        name=token.name,
        roles=frozenset(Role(r) for r in token.roles),
        member=token.member,
        organisation=token.organisation,
        regions=frozenset(token.regions),
    )


def revoke(sessions: sessionmaker[Session], token_id: str, *, by: Actor, now: datetime) -> None:
    """Make a token worthless from now on; one that was revoked before stays as it was."""
    with session_scope(sessions, write=True) as session:
        token = session.get(ApiToken, token_id)
        if token is None:
            raise TokenUnknown(token=token_id)
        if token.revoked_at is None:
            token.revoked_at, token.revoked_by = now, by.id
            audit.record(session, by, "token.revoked", token.id, {"name": token.name}, now=now)
