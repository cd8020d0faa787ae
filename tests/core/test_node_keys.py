"""Keys of nodes: only what was signed, by a key that holds, within five minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core import node_keys, tokens
from core.access import SYSTEM, Role
from core.node_keys import BODY_HEADER, NodeKey
from core.token_errors import MomentApart, SignatureInvalid
from core.tokens import ApiToken

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TARGET = "/inbox/33.74/manifest"


def issued(sessions: sessionmaker[Session], **more: object) -> tokens.Issued:
    facts = {"name": "Server Diskominfo", "member": "33.74", "regions": ["33.74"], "by": SYSTEM, "now": NOW}
    return node_keys.issue(sessions, **(facts | more))  # type: ignore[arg-type]  # facts of the call


def verified(
    sessions: sessionmaker[Session],
    headers: dict[str, str],
    method: str = "PUT",
    target: str = TARGET,
    now: datetime = NOW,
) -> node_keys.Signed:
    header, body = headers["Authorization"], headers[BODY_HEADER]
    return node_keys.verify(sessions, method, target, header=header, body_sha256=body, now=now)


def test_a_signature_says_who_and_when(sessions: sessionmaker[Session]) -> None:
    key = issued(sessions)
    signed = verified(sessions, node_keys.sign(key.secret, "put", TARGET, b"isi", NOW))
    assert (signed.actor.id, signed.actor.member, signed.actor.roles) == (key.id, "33.74", {Role.MACHINE})
    assert signed.at == NOW


def test_the_hub_keeps_nothing_by_which_anybody_could_sign(sessions: sessionmaker[Session]) -> None:
    key = issued(sessions)
    secret = key.secret.partition(".")[2]
    with sessions() as session:
        kept = repr([vars(row) for model in (ApiToken, NodeKey) for row in session.scalars(select(model))])
    assert secret not in kept and secret not in repr(key)
    header = node_keys.sign(key.secret, "PUT", TARGET, b"", NOW)["Authorization"]
    assert secret not in header


def test_whatever_differs_from_what_was_signed_is_refused_alike(sessions: sessionmaker[Session]) -> None:
    key, other = issued(sessions), issued(sessions, name="lain", member="33.22")
    headers = node_keys.sign(key.secret, "PUT", TARGET, b"isi", NOW)
    moment = headers["Authorization"].split(":")[1]
    forged = node_keys.sign(f"{key.id}.{other.secret.partition('.')[2]}", "PUT", TARGET, b"isi", NOW)
    tries = [
        (headers, {"method": "GET"}),
        (headers, {"target": "/inbox/33.22/manifest"}),
        (headers, {"target": TARGET + "?a=1"}),
        (headers | {BODY_HEADER: node_keys.digest(b"lain")}, {}),
        (headers | {BODY_HEADER: "x"}, {}),
        (headers | {"Authorization": headers["Authorization"].replace(moment, str(int(moment) + 1))}, {}),
        (headers | {"Authorization": headers["Authorization"].replace(key.id, other.id)}, {}),
        (headers | {"Authorization": headers["Authorization"].replace(key.id, "0" * 32)}, {}),
        (headers | {"Authorization": f"Bearer {key.secret.partition('.')[2]}"}, {}),
        (headers | {"Authorization": ""}, {}),
        (forged, {}),
    ]
    for given_headers, changed in tries:
        with pytest.raises(SignatureInvalid) as refused:
            verified(sessions, given_headers, **changed)  # type: ignore[arg-type]  # what each try changes
        assert refused.value.values == {}


def test_T09_A07_an_expired_and_a_revoked_key_hold_no_longer(sessions: sessionmaker[Session]) -> None:
    key = issued(sessions, expires=NOW + timedelta(hours=1))
    late = NOW + timedelta(hours=1)
    with pytest.raises(SignatureInvalid):
        verified(sessions, node_keys.sign(key.secret, "PUT", TARGET, b"", late), now=late)
    tokens.revoke(sessions, key.id, by=SYSTEM, now=NOW)
    with pytest.raises(SignatureInvalid):
        verified(sessions, node_keys.sign(key.secret, "PUT", TARGET, b"", NOW))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_request_signed_too_long_ago_or_by_a_wrong_clock_is_refused(
    minutes: int, sessions: sessionmaker[Session]
) -> None:
    headers = node_keys.sign(issued(sessions).secret, "PUT", TARGET, b"", NOW)
    with pytest.raises(MomentApart):
        verified(sessions, headers, now=NOW + timedelta(minutes=minutes))


@given(st.text(max_size=60))
def test_no_text_but_a_key_is_one(text: str) -> None:
    assert not node_keys.is_key(text)
    with pytest.raises(SignatureInvalid):
        node_keys.sign(text, "PUT", TARGET, b"", NOW)
