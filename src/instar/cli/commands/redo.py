"""Undo the last migration and apply it again."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import progress, show

SECTION = "Change"
ALIASES = ("reapply",)
EXAMPLES = ("instar redo", "instar redo -n 2")


@make(examples=EXAMPLES, aliases=ALIASES)
@click.option("-t", "--to", metavar="VERSION|-N", help="Back to this version and up again; it stays applied.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=1), help="The last N.")
def command(asked: Invocation, *, to: str | None, count: int | None) -> None:
    """Undo the last migration and apply it again.

    For the one that you are writing: change the file, then redo.
    """
    if to and count:
        raise click.UsageError("--to and --count do not go together")
    asked.caution()
    with progress(asked) as watch, asked.migrator(watch) as migrator:
        report = migrator.redo(to=to, count=count)
    show(asked, "report", report)
