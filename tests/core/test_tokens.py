"""API tokens: shown once, scoped, worthless from the second of expiry or revocation on."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core import tokens
from core.access import SYSTEM, Role
from core.audit import AuditEntry
from core.token_errors import TokenInvalid, TokenUnknown
from core.tokens import ApiToken

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Sessions = sessionmaker[Session]


def issue(sessions: Sessions, expires: datetime | None = None) -> tokens.Issued:
    return tokens.issue(
        sessions, name="Node Kudus", roles=[Role.MACHINE], member="33.19", organisation="diskominfo",
        regions=["33.19"], expires=expires, by=SYSTEM, now=NOW,
    )  # fmt: skip


def test_a_token_gives_back_the_actor_that_it_was_issued_to(sessions: Sessions) -> None:
    issued = issue(sessions)
    actor = tokens.authenticate(sessions, issued.secret, now=NOW)
    assert (actor.id, actor.name, actor.roles) == (issued.id, "Node Kudus", {Role.MACHINE})
    assert (actor.member, actor.organisation, actor.regions) == ("33.19", "diskominfo", {"33.19"})


def test_the_secret_is_kept_nowhere(sessions: Sessions) -> None:
    issued = issue(sessions)
    assert issued.secret.startswith("lmb_")
    assert len(issued.secret) == 47
    assert issued.secret not in repr(issued)
    with sessions() as session:
        for model in (ApiToken, AuditEntry):
            for row in session.scalars(select(model)):
                assert issued.secret not in str(vars(row))
    assert issue(sessions).secret != issued.secret


@pytest.mark.parametrize("wrong", ["", "lmb_", "lmb_" + "x" * 43, "x" * 1_000_000, "\ud800"])
def test_an_unknown_secret_is_refused(sessions: Sessions, wrong: str) -> None:
    issue(sessions)
    with pytest.raises(TokenInvalid) as error:
        tokens.authenticate(sessions, wrong, now=NOW)
    assert error.value.values == {}


def test_a_longer_secret_with_a_right_beginning_is_refused(sessions: Sessions) -> None:
    with pytest.raises(TokenInvalid):
        tokens.authenticate(sessions, issue(sessions).secret + "x", now=NOW)


def test_T09_a_token_ends_at_the_second_of_its_expiry(sessions: Sessions) -> None:
    expires = NOW + timedelta(days=1)
    secret = issue(sessions, expires).secret
    assert tokens.authenticate(sessions, secret, now=expires - timedelta(microseconds=1)).member == "33.19"
    for moment in (expires, expires + timedelta(seconds=1)):
        with pytest.raises(TokenInvalid):
            tokens.authenticate(sessions, secret, now=moment)


def test_A07_a_revoked_token_is_refused_at_once_and_both_acts_are_on_record(sessions: Sessions) -> None:
    issued = issue(sessions)
    for _ in range(2):
        tokens.revoke(sessions, issued.id, by=SYSTEM, now=NOW)
    with pytest.raises(TokenInvalid):
        tokens.authenticate(sessions, issued.secret, now=NOW)
    with sessions() as session:
        acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts == ["token.issued", "token.revoked"]
    with pytest.raises(TokenUnknown):
        tokens.revoke(sessions, "f" * 32, by=SYSTEM, now=NOW)
