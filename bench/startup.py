"""`instar --version` and `instar --help`, against a Python that does nothing."""

import argparse
import sys
from functools import partial
from pathlib import Path

from common import Bar, Call, Results, heading, interleave, judge, run, show

_PROGRAM = str(Path(sys.executable).with_name("instar"))
_CALLS = {
    "python -c pass": Call((sys.executable, "-c", "pass")),
    "instar --version": Call((_PROGRAM, "--version")),
    "instar --help": Call((_PROGRAM, "--help")),
}


def more(results: Results, name: str) -> float | None:
    """Return the milliseconds that `name` takes beyond an idle Python."""
    taken, idle = results.median(name), results.median("python -c pass")
    return None if taken is None or idle is None else (taken - idle) * 1000


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=31, help="default %(default)s")
    options.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or a call fails")
    asked = options.parse_args()
    results = Results()
    heading(f"start of the program, {asked.rounds} rounds")
    interleave(results, asked.rounds, {name: partial(run, call) for name, call in _CALLS.items()})
    show(results, ("python -c pass",), unit=1000.0)
    bars = [
        Bar("--version: at most 60 ms more", more(results, "instar --version"), 60),
        Bar("--help: at most 100 ms more", more(results, "instar --help"), 100),
    ]
    return judge(bars, results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
