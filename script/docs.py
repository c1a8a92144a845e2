# ruff: noqa: INP001 - a script, not a package
"""Write docs/cli.md from the program's own help; with --check, exit with 1 when the page is not fresh."""

import re
import sys
from pathlib import Path

import click

from instar.cli.main import program

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
WIDTH = 100
HEAD = """\
# Commands

This page is made by `script/docs` from `instar --help` and `instar COMMAND --help`. `db-migrate` is the same program.

Results go to stdout, progress and errors to stderr. `--json` gives one document (a run: one line per event, the last
one with `"event": "report"`); an error is then an object `{"error": {...}}` on the last line of stdout, besides the
text on stderr. The keys: [json.md](json.md). Exit codes: [exit-codes.md](exit-codes.md). Words of other tools:
[coming-from.md](coming-from.md). Shell completion: `instar completion --help`.
"""
_COMMON = re.compile(r"Options of all commands:\n(?:  .*\n|\n(?=  ))*\n?")


def page() -> str:
    """Return the text of the page."""
    context = click.Context(program, info_name="instar", terminal_width=WIDTH)
    parts = [HEAD, _block(program.get_help(context))]
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        parts.append(f"## {name}\n")
        help_text = command.get_help(click.Context(command, context, info_name=name, terminal_width=WIDTH))
        parts.append(_block(_COMMON.sub("", help_text + "\n")))
    return "\n".join(parts)


def _block(text: str) -> str:
    return f"```text\n{text.strip()}\n```\n"


def main() -> int:
    """Write or check the page."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
    if not fresh:
        sys.stderr.write("docs/cli.md is not fresh: run script/docs\n")
    return 0 if fresh else 1


if __name__ == "__main__":
    sys.exit(main())
