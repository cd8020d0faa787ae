"""`python -m benchmarks NAME [--json] [--full]`: runs one module of bars; the last line is one JSON object.

A benchmark is a module `benchmarks/NAME.py` with `run(*, full: bool) -> dict[str, Bar]`. The exit code is 1 where a
bar was missed; a bar that could not be measured here says `ok: null` and why.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from typing import Any

import benchmarks


def names() -> list[str]:
    """Every benchmark there is."""
    return sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))


def main() -> int:
    """Runs the named benchmark and prints its bars; 1 where one was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("name", choices=names())
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    parser.add_argument("--full", action="store_true", help="the long run")
    options = parser.parse_args()
    bars: dict[str, Any] = importlib.import_module(f"benchmarks.{options.name}").run(full=options.full)
    shown = {name: bar.as_dict() for name, bar in bars.items()}
    if not options.json:
        for name, bar in shown.items():
            sign = {True: "ok", False: "MISSED", None: "not measured"}[bar["ok"]]
            print(f"{name}: {bar['value']} (target {bar['target']}): {sign}")
            for key, value in bar.items():
                if key not in ("value", "target", "ok"):
                    print(f"    {key}: {value}")
    print(json.dumps({"benchmark": options.name, "bars": shown}, default=str))
    return 1 if any(bar["ok"] is False for bar in shown.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
