"""What a long benchmark says of its progress, on standard error, so that `--json` stays one line."""

import sys
import time

_BEGAN = time.monotonic()


def say(line: str) -> None:
    """Print a line with the seconds since the program began."""
    print(f"{time.monotonic() - _BEGAN:6.0f} s  {line}", file=sys.stderr, flush=True)
