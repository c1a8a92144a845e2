# ruff: noqa: INP001 - a script, not a package
"""Write docs/cli.md and the pages of lint's rules from the program itself; with --check, exit with 1 unless fresh."""

import re
import sys
from pathlib import Path

import click
import docs_rules

from instar.cli.main import program

DOCS = Path(__file__).parents[1] / "docs"
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
    """Write or check the pages. A page of a rule that is no more is taken away."""
    made = {DOCS / name: text for name, text in {"cli.md": page(), **docs_rules.pages()}.items()}
    left = [path for path in (DOCS / docs_rules.FOLDER).glob("*.md") if path not in made]
    if "--check" in sys.argv:
        return _check(made, left)
    for path in left:
        path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _check(made: dict[Path, str], left: list[Path]) -> int:
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in (*stale, *left):
        sys.stderr.write(f"docs/{path.relative_to(DOCS)} is not fresh: run script/docs\n")
    return 1 if stale or left else 0


if __name__ == "__main__":
    sys.exit(main())
