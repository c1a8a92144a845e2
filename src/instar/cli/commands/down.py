"""Undo the last migration, or several."""

import sys
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import DURATION
from instar.cli.output import document, progress, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.events import Event
    from instar.migrator import Migrator, Report

SECTION = "Change"
ALIASES = ("rollback", "downgrade", "revert", "undo")
EXAMPLES = (
    "instar down",
    "instar down -n 3",
    "instar down --to 20231201120000    # that one stays applied",
    "instar down --dry-run",
)
_NOT_UNDONE = 4


@make(examples=EXAMPLES, aliases=ALIASES)
@click.option("-t", "--to", metavar="VERSION|-N", help="Undo what was applied after this version; it stays applied.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=1), help="Undo the last N.")
@click.option("--wait-lock", metavar="DURATION", type=DURATION, help="Wait this long for another migrator to finish.")
@click.option("--dry-run", is_flag=True, help="Print the SQL that would run, and change nothing.")
@click.option("--no-verify", is_flag=True, help="Do not check afterwards that everything is undone.")
def command(
    asked: Invocation, *, to: str | None, count: int | None, wait_lock: float | None, dry_run: bool, no_verify: bool
) -> int:
    """Undo the last migration, or several.

    Runs the `down` sections, the newest first. It refuses before anything is touched when one of them has no `down`,
    or when a migration that stays applied depends on one of them. Afterwards it checks that everything is undone
    (`instar verify`); what could not be looked at is said. Exits with 4 when something is not undone.
    """
    if to and count:
        raise click.UsageError("--to and --count do not go together")
    with progress(asked) as watch, asked.migrator(watch) as migrator:
        if dry_run:
            text = migrator.sql(migrator.plan(to=to, count=count, down=True))
            document(asked, {"sql": text}, lambda: text)
            return 0
        report = migrator.down(to=to, count=count, wait_lock=wait_lock)
        undone = True if no_verify else _verified(migrator, report, watch)
    show(asked, "report", report)
    return 0 if undone else _NOT_UNDONE


def _verified(migrator: "Migrator", report: "Report", watch: "Callable[[Event], None] | None") -> bool:
    """Check that the steps of a rollback are undone, and tell whoever watches; with --quiet only what is not."""
    from instar.events import Verified
    from instar.render.verification import short
    from instar.verifying import verify_rollbacks

    found = verify_rollbacks(migrator, [step.version for step in report.steps])
    for each in found:
        if watch is not None:
            watch(Verified(each))
        elif each.failed or each.erroneous:
            sys.stderr.write(f"{short(each)}\n")
    return not any(each.failed or each.erroneous for each in found)
