"""Writes the graph's SDL: `python -m gateway.sdl [FILE]`; a test compares it with `graphql/schema.graphql`."""

import sys
from importlib.resources import files
from pathlib import Path

from core.contracts import load_contracts
from gateway.schema import make_schema

FILE = Path(__file__).parent.parent / "schema.graphql"
_HEAD = "# Written by `python -m gateway.sdl`; a test holds it to the code and the shipped data standards.\n\n"


def shipped_contracts() -> Path:
    """The folder of the data standards that ship with Lumbung."""
    return Path(str(files("quality"))) / "contracts"


def sdl() -> str:
    """The SDL over the shipped data standards."""
    return _HEAD + make_schema(load_contracts(shipped_contracts())).as_str() + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else FILE).write_text(sdl(), encoding="utf-8")
