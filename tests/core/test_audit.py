"""D13: the audit refuses changes, and shows those that were made behind its back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from core import audit
from core.access import SYSTEM
from core.db import session_scope

NOW = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=UTC)
Sessions = sessionmaker[Session]


def record(sessions: Sessions, *actions: str) -> None:
    for action in actions:
        with session_scope(sessions, write=True) as session:
            audit.record(session, SYSTEM, action, "d1", {"alasan": "uji – é", "n": 1.5, "at": NOW}, now=NOW)


def verify(sessions: Sessions, known: audit.Anchor | None = None) -> audit.ChainReport:
    with sessions() as session:
        return audit.verify_chain(session, known)


def behind_its_back(engine: Engine, *statements: str) -> None:
    """Change the table as somebody does who may drop its triggers."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_entry_no_{verb}"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))


def test_an_untouched_chain_holds(sessions: Sessions) -> None:
    assert verify(sessions).ok
    record(sessions, "a", "b", "c")
    assert verify(sessions) == audit.ChainReport(3)


def test_an_act_that_was_rolled_back_leaves_no_gap(sessions: Sessions) -> None:
    record(sessions, "a")
    with pytest.raises(ZeroDivisionError), session_scope(sessions, write=True) as session:
        audit.record(session, SYSTEM, "b", "d1", {}, now=NOW)
        raise ZeroDivisionError
    record(sessions, "c")
    assert verify(sessions) == audit.ChainReport(2)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_D13_the_database_itself_refuses_changes(engine: Engine, sessions: Sessions, statement: str) -> None:
    if engine.dialect.name == "sqlite" and statement.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE")
    record(sessions, "a")
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert verify(sessions) == audit.ChainReport(1)


@pytest.mark.parametrize(
    ("statements", "at", "reason"),
    [
        (["UPDATE audit_entry SET actor_name = 'lain' WHERE id = 2"], 2, "edited"),
        (["UPDATE audit_entry SET entry_values = '{}' WHERE id = 3"], 3, "edited"),
        (["DELETE FROM audit_entry WHERE id = 2"], 2, "missing"),
        (["DELETE FROM audit_entry WHERE id = 3"], 3, "missing"),
        (["DELETE FROM audit_entry"], 1, "missing"),
        (
            [
                "UPDATE audit_entry SET id = 99 WHERE id = 1",
                "UPDATE audit_entry SET id = 1 WHERE id = 2",
                "UPDATE audit_entry SET id = 2 WHERE id = 99",
            ],
            1,
            "order",
        ),
    ],
    ids=["edited", "values_edited", "deleted", "truncated", "emptied", "swapped"],
)
def test_D13_what_was_changed_behind_its_back_is_found(
    engine: Engine, sessions: Sessions, statements: list[str], at: int, reason: str
) -> None:
    record(sessions, "a", "b", "c")
    behind_its_back(engine, *statements)
    found = verify(sessions)
    assert (found.ok, found.broken_at, found.reason) == (False, at, reason)


def test_D13_a_chain_that_was_written_anew_is_found_by_the_anchor_kept_outside(
    engine: Engine, sessions: Sessions, tmp_path: Path
) -> None:
    record(sessions, "a", "b")
    with sessions() as session:
        kept = audit.anchor(session)
    assert verify(sessions, kept).ok
    behind_its_back(engine, "DELETE FROM audit_entry", "UPDATE counter SET value = 0, mark = NULL WHERE name = 'audit'")
    record(sessions, "a", "c", "d")
    assert verify(sessions).ok  # in itself it is whole
    assert (verify(sessions, kept).broken_at, verify(sessions, kept).reason) == (2, "anchor")
