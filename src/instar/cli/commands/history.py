"""Show every attempt: what ran, when, by whom, and what failed."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version
from instar.cli.output import show

SECTION = "Look"
ALIASES = ("log",)
EXAMPLES = (
    "instar history",
    "instar history --failed",
    "instar history --migration 20231201120000 --json",
    "instar history --action rollback --limit 5",
)


@make(examples=EXAMPLES, aliases=ALIASES)
@click.option(
    "--migration", "--version", "version", metavar="VERSION", shell_complete=complete_version, help="Only of this one."
)
@click.option("--failed", is_flag=True, help="Only attempts that failed.")
@click.option("--action", type=click.Choice(["apply", "rollback", "baseline", "repair"]), help="Only this action.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=50, show_default=True, help="The last N.")
def command(asked: Invocation, *, version: str | None, failed: bool, action: str | None, limit: int) -> None:
    """Show every attempt: what ran, when, by whom, and what failed.

    With --json each attempt has its whole context: host, commit, statements with their times, retries, metrics.
    """
    status = "failed" if failed else None
    with asked.migrator() as migrator:
        attempts = migrator.history(version=version, status=status, action=action, limit=limit)
    show(asked, "history", attempts)
