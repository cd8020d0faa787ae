"""Identifiers: random for what happens, derived for what must come out the same on a replay."""

import uuid

_SPACE = uuid.UUID("6c756d62-756e-4720-8000-64617461206b")


def new_id() -> str:
    """A random identifier, 32 hex digits."""
    return uuid.uuid4().hex


def derived_id(*parts: str) -> str:
    """The same 32 hex digits for the same parts, on any machine (UUID version 5)."""
    return uuid.uuid5(_SPACE, "\x1f".join(parts)).hex
