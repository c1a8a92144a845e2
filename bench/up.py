"""Apply N plain migrations to an empty database: instar, psql as the floor, and other tools, side by side."""

import sys
from functools import partial
from pathlib import Path

from common import Bar, Results, Server, heading, interleave, judge, parser, run, serve, show
from tools import Tool, choose, folders, verify, versions


def apply(server: Server, tool: Tool, folder: Path, n: int) -> float:
    """Apply everything to a new database and return the seconds, if the result is right."""
    url = server.database()
    server.settle()
    seconds = run(tool.call("up", folder, url))
    verify(tool, url, n)
    return seconds


def bars(results: Results, fsync: str) -> list[Bar]:
    promises = [
        Bar("at most 1.1 of psql's floor", results.ratio("instar", "psql"), 1.1),
        Bar("never slower than dbmate in any round (worst ratio)", _worst(results, "instar", "dbmate"), 1.0),
    ]
    if fsync == "on":
        promises.append(Bar("with fsync on, at most 0.6 of dbmate", results.ratio("instar", "dbmate"), 0.6))
    return promises


def _worst(results: Results, name: str, other: str) -> float | None:
    pairs = zip(results.seconds.get(name, ()), results.seconds.get(other, ()), strict=False)
    return max((ours / theirs for ours, theirs in pairs), default=None)


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--tools", default="psql,instar,dbmate,alembic,yoyo", help="default %(default)s")
    asked = options.parse_args()
    results = Results()
    with serve(asked) as server:
        tools = choose(asked.tools, server)
        heading(f"up of {asked.n} migrations, {asked.rounds} rounds", server.describe(), versions(tools))
        with folders(tools, asked.n) as made:
            measures = {tool.name: partial(apply, server, tool, made[tool.name], asked.n) for tool in tools}
            interleave(results, asked.rounds, measures)
        fsync = server.admin("SHOW fsync")[0][0]
    show(results, ("psql", "dbmate"))
    return judge(bars(results, fsync), results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
