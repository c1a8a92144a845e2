"""`status` and an `up` with nothing to do, against a bare Python program that reads the same, and Alembic."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from common import (
    HERE,
    Bar,
    BenchError,
    Call,
    Results,
    Server,
    heading,
    interleave,
    judge,
    parser,
    peak,
    run,
    serve,
    show,
)
from tools import Tool, choose, folders, verify, versions


@contextmanager
def applied(server: Server, tools: list[Tool], n: int, results: Results) -> Iterator[dict[str, Call]]:
    """Apply `n` migrations with each tool and yield what can be measured then."""
    found: dict[str, Call] = {}
    with folders(tools, n) as made:
        for tool in tools:
            try:
                found |= _calls(server, tool, made[tool.name], n)
            except BenchError as error:
                results.fail(f"{tool.name} {n}", error)
        server.settle()
        yield found


def _calls(server: Server, tool: Tool, folder: Path, n: int) -> dict[str, Call]:
    url = server.database()
    run(tool.call("up", folder, url))
    verify(tool, url, n)
    found = {f"{tool.name} {verb} {n}": tool.call(verb, folder, url) for verb in ("status", "up")}
    if tool.name == "instar":
        found[f"bare {n}"] = Call((sys.executable, str(HERE / "bare.py"), url, str(folder)))
    return found


def measure(server: Server, tools: list[Tool], n: int, rounds: int, results: Results) -> dict[str, float]:
    """Measure everything with `n` migrations and return instar's peaks of memory in megabytes."""
    with applied(server, tools, n, results) as calls:
        interleave(results, rounds, {name: partial(run, call) for name, call in calls.items()})
        return {name: peak(call) for name, call in calls.items() if name.startswith("instar ")}


def bars(results: Results, n: int, many: int, memory: dict[str, float]) -> list[Bar]:
    promises = [
        Bar(f"status: at most 1.3 of the bare program, {n}", results.ratio(f"instar status {n}", f"bare {n}"), 1.3),
        Bar(f"up: at most 1.3 of the bare program, {n}", results.ratio(f"instar up {n}", f"bare {n}"), 1.3),
        Bar("status: at most a third of Alembic", results.ratio(f"instar status {n}", f"alembic status {n}"), 1 / 3),
        Bar("up: at most a third of Alembic", results.ratio(f"instar up {n}", f"alembic up {n}"), 1 / 3),
    ]
    if many:
        promises.append(Bar(f"status {many}: at most 0.5 s more than {n}", _more(results, n, many), 0.5))
    promises.append(Bar("memory: at most 120 MB", max(memory.values(), default=None), 120))
    return promises


def _more(results: Results, n: int, many: int) -> float | None:
    few, lots = results.median(f"instar status {n}"), results.median(f"instar status {many}")
    return None if few is None or lots is None else lots - few


def _options() -> argparse.Namespace:
    options = parser(__doc__, rounds=11)
    options.add_argument("--tools", default="instar,alembic", help="default %(default)s")
    options.add_argument("--many", type=int, default=10_000, help="and once more with so many; 0: not (%(default)s)")
    return options.parse_args()


def main() -> int:
    asked = _options()
    results = Results()
    with serve(asked) as server:
        tools = choose(asked.tools, server)
        heading(f"status and idle up, {asked.rounds} rounds", server.describe(), versions(tools))
        memory = measure(server, tools, asked.n, asked.rounds, results)
        if asked.many:
            ours = [tool for tool in tools if tool.name == "instar"]
            memory |= measure(server, ours, asked.many, asked.rounds, results)
    show(results, (f"bare {asked.n}", f"alembic status {asked.n}"))
    print("\npeak memory: " + ", ".join(f"{name} {value:.0f} MB" for name, value in memory.items()))
    return judge(bars(results, asked.n, asked.many, memory), results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
