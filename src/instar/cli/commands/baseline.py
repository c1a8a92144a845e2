"""Take over a database that already has its tables."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version
from instar.cli.output import progress, show

SECTION = "Settle"
ALIASES = ("stamp", "mark")
EXAMPLES = ("instar baseline 20231201120000", "instar status")


@make(examples=EXAMPLES, aliases=ALIASES)
@click.argument("version", shell_complete=complete_version)
def command(asked: Invocation, *, version: str) -> None:
    """Take over a database that already has its tables.

    Records VERSION and all versions before it as applied, without running any of them.
    """
    with progress(asked) as watch, asked.migrator(watch) as migrator:
        report = migrator.baseline(version)
    show(asked, "report", report)
