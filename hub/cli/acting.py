"""Who acts at the command line: a person by name, or the owner of a token; the audit keeps which."""

import getpass
import os
from typing import Annotated

import typer

from core import tokens
from core.access import Actor, Role
from core.token_errors import TokenInvalid
from services.granary import Granary

ByOption = Annotated[str | None, typer.Option("--by", help="Siapa yang memutuskan; kosong: pengguna komputer ini.")]
TokenOption = Annotated[
    str | None, typer.Option("--token-env", help="Variabel lingkungan berisi token pemutus, sebagai ganti --by.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Dasar keputusan; dicatat dalam jejak audit.")]


def acting(granary: Granary, by: str | None, token_env: str | None = None) -> Actor:
    """The owner of the token in that variable, with that token's rights; else whoever runs the machine, by name.

    Raises:
        TokenInvalid: the variable is empty, or its token is not valid (any more).
    """
    if token_env is not None:
        secret = os.environ.get(token_env, "")
        if not secret:
            raise TokenInvalid
        return tokens.authenticate(granary.sessions, secret, now=granary.clock())
    name = by or getpass.getuser()
    return Actor(id=f"cli:{name}"[:120], name=name[:200], roles=frozenset({Role.ADMIN}))
