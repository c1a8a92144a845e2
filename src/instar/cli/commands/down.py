"""Undo the last migration, or several."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import DURATION
from instar.cli.output import document, progress, show

SECTION = "Change"
ALIASES = ("rollback", "downgrade", "revert", "undo")
EXAMPLES = (
    "instar down",
    "instar down -n 3",
    "instar down --to 20231201120000    # that one stays applied",
    "instar down --dry-run",
)


@make(examples=EXAMPLES, aliases=ALIASES)
@click.option("-t", "--to", metavar="VERSION|-N", help="Undo what was applied after this version; it stays applied.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=1), help="Undo the last N.")
@click.option("--wait-lock", metavar="DURATION", type=DURATION, help="Wait this long for another migrator to finish.")
@click.option("--dry-run", is_flag=True, help="Print the SQL that would run, and change nothing.")
def command(asked: Invocation, *, to: str | None, count: int | None, wait_lock: float | None, dry_run: bool) -> None:
    """Undo the last migration, or several.

    Runs the `down` sections, the newest first. It refuses before anything is touched when one of them has no `down`,
    or when a migration that stays applied depends on one of them.
    """
    if to and count:
        raise click.UsageError("--to and --count do not go together")
    with progress(asked) as watch, asked.migrator(watch) as migrator:
        if dry_run:
            text = migrator.sql(migrator.plan(to=to, count=count, down=True))
            document(asked, {"sql": text}, lambda: text)
            return
        report = migrator.down(to=to, count=count, wait_lock=wait_lock)
    show(asked, "report", report)
