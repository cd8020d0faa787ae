"""A source's token: read from the environment variable that its configuration names, never kept in a file of ours."""

import os
from collections.abc import Mapping

from federation.errors import TokenMissing
from federation.member import SourceConfig, SourceKind


def token_of(source: SourceConfig, environment: Mapping[str, str] = os.environ) -> str | None:
    """The token, or None for a source that is read anonymously; `TokenMissing` where the variable is not set."""
    if source.token_env is None:
        return None
    token = environment.get(source.token_env, "").strip()
    if not token:
        raise TokenMissing(source=source.id, variable=source.token_env)
    return token


def harvest_token(source: SourceConfig) -> str | None:
    """The token that a source's files are fetched with, as `token_of`; a node's is for its live door alone."""
    return None if source.kind is SourceKind.NODE else token_of(source)
