"""Roll N plain migrations back: instar, psql as the floor, and other tools, side by side."""

import sys
from functools import partial
from pathlib import Path

from common import Bar, BenchError, Results, Server, heading, interleave, judge, parser, run, serve, show
from tools import Tool, choose, folders, verify, versions


def applied(server: Server, tool: Tool, folder: Path, n: int) -> str:
    """Return the URL of a database where `tool` has applied everything; every round rolls back a copy of it."""
    url = server.database()
    run(tool.call("up", folder, url))
    verify(tool, url, n)
    return url


def roll_back(server: Server, tool: Tool, folder: Path, template: str, n: int, steps: int) -> float:
    """Roll everything back and return the seconds, if nothing is left.

    A tool that goes back one migration per call is called `steps` times, and the time for `n` is worked out from that.
    """
    url = server.database(template)
    server.settle()
    call = tool.call("down", folder, url)
    if not tool.one_by_one:
        seconds = run(call)
        verify(tool, url, 0)
        return seconds
    seconds = sum(run(call) for _ in range(steps))
    verify(tool, url, n - steps)
    return seconds * n / steps


def prepare(server: Server, tools: list[Tool], made: dict[str, Path], n: int, results: Results) -> dict[str, str]:
    templates = {}
    for tool in tools:
        try:
            templates[tool.name] = applied(server, tool, made[tool.name], n)
        except BenchError as error:
            results.fail(tool.name, error)
    return templates


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--tools", default="psql,instar,dbmate,alembic,yoyo", help="default %(default)s")
    options.add_argument(
        "--steps", type=int, default=50, help="calls of a tool that rolls back one per call (default %(default)s)"
    )
    asked = options.parse_args()
    steps = min(asked.steps, asked.n)
    results = Results()
    with serve(asked) as server:
        tools = choose(asked.tools, server)
        heading(f"down of {asked.n} migrations, {asked.rounds} rounds", server.describe(), versions(tools))
        with folders(tools, asked.n) as made:
            templates = prepare(server, tools, made, asked.n, results)
            measures = {
                tool.name: partial(
                    roll_back, server, tool, made[tool.name], templates[tool.name], asked.n, steps
                )
                for tool in tools
                if tool.name in templates
            }
            interleave(results, asked.rounds, measures)
    results.notes |= {tool.name: f"worked out from {steps} calls" for tool in tools if tool.one_by_one}
    show(results, ("psql", "alembic"))
    bars = [Bar("at most 1.3 of psql's floor", results.ratio("instar", "psql"), 1.3)]
    return judge(bars, results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
