"""Roll N plain migrations back: instar, psql as the floor, and other tools, side by side."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common import Bar, BenchError, Results, Server, heading, interleave, judge, parser, run, serve, show
from tools import Tool, choose, folders, verify, versions


@dataclass(frozen=True, slots=True)
class Way:
    """How one tool goes back from `n` migrations: in one call, or one migration per call and then only `steps`."""

    server: Server
    tool: Tool
    folder: Path
    n: int
    steps: int

    def prepare(self) -> Callable[[], float]:
        """Apply everything once; every measurement rolls a copy of that database back."""
        template = self.server.database()
        run(self.tool.call("up", self.folder, template))
        verify(self.tool, template, self.n)
        return lambda: self._roll_back(template)

    def _roll_back(self, template: str) -> float:
        url = self.server.database(template)
        self.server.settle()
        call = self.tool.call("down", self.folder, url)
        if self.tool.one_by_one:
            seconds = sum(run(call) for _ in range(self.steps)) * self.n / self.steps
            verify(self.tool, url, self.n - self.steps)
            return seconds
        seconds = run(call)
        verify(self.tool, url, 0)
        return seconds


def prepare(ways: list[Way], results: Results) -> dict[str, Callable[[], float]]:
    measures = {}
    for way in ways:
        try:
            measures[way.tool.name] = way.prepare()
        except BenchError as error:
            results.fail(way.tool.name, error)
    return measures


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
            ways = [Way(server, tool, made[tool.name], asked.n, steps) for tool in tools]
            interleave(results, asked.rounds, prepare(ways, results))
    results.notes |= {tool.name: f"worked out from {steps} calls" for tool in tools if tool.one_by_one}
    show(results, ("psql", "alembic"))
    bars = [Bar("at most 1.3 of psql's floor", results.ratio("instar", "psql"), 1.3)]
    return judge(bars, results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
