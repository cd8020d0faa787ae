"""A module run until its parent is gone: `python -m flows.tethered MODULE ARGUMENTS ...`.

A parent that was killed can end nobody, and what it started in a session of its own would stay. The parent holds the
other end of our standard input, which ends with the parent however that happened. What is run is left to the module.
"""

import os
import runpy
import signal
import sys
import threading

_GRACE_SECONDS = 10.0


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
