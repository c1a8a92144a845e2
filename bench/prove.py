"""`instar test`: 300 migrations up, down and up again, without rows and with 20 in every table."""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from common import Bar, BenchError, Call, Results, heading, interleave, judge, run, show

from lint import write

_PROGRAM = str(Path(sys.executable).with_name("instar"))
_BAR = 60.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--n", type=int, default=300, help="migrations (default %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="default %(default)s")
    options.add_argument("--check", action="store_true", help="exit with 1 when the bar is missed or a call fails")
    asked = options.parse_args()
    results = Results()
    heading(f"proof of {asked.n} migrations, {asked.rounds} rounds", "a server of instar's own")
    with tempfile.TemporaryDirectory(prefix="instar-bench-") as place:
        write(Path(place) / "migrations", asked.n)
        command = (_PROGRAM, "test", "--json")
        measures = {
            "without rows": partial(run, Call((*command, "--rows", "0"), cwd=Path(place), accept=(0, 4))),
            "with rows": partial(run, Call((*command, "--rows", "20"), cwd=Path(place), accept=(0, 4))),
        }
        try:
            interleave(results, asked.rounds, measures)
        except BenchError as error:
            results.fail("with rows", error)
    show(results, ())
    bar = Bar(f"{asked.n} migrations, with rows: under {_BAR:g} s", results.median("with rows"), _BAR)
    return judge([bar], results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
