"""Apply the pending migrations."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import DURATION
from instar.cli.output import document, progress, show

if TYPE_CHECKING:
    from instar.migrator import Migrator
    from instar.model import Plan

SECTION = "Change"
ALIASES = ("migrate", "upgrade", "apply", "deploy", "latest", "update")
EXAMPLES = (
    "instar up",
    "instar up --single",
    "instar up --to 20231201120000",
    "instar up --to +2",
    "instar up --dry-run > up.sql",
    "instar up --environment production --wait-lock 2m",
)


@make(examples=EXAMPLES, aliases=ALIASES)
@click.option("-s", "--single", is_flag=True, help="Apply only the next migration.")
@click.option("-t", "--to", metavar="VERSION|+N", help="Stop after this version, or after the next N.")
@click.option("--dry-run", is_flag=True, help="Print the SQL that would run, and change nothing.")
@click.option(
    "--plan",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Carry out what plan --output wrote.",
)
@click.option("--group", is_flag=True, help="All in one transaction: all of them, or none.")
@click.option("--out-of-order", is_flag=True, help="Apply late ones whatever they touch.")
@click.option("--override", metavar="REASON", help="Go against the policy; the reason is recorded in the log.")
@click.option("--wait-lock", metavar="DURATION", type=DURATION, help="Wait this long for another migrator to finish.")
def command(
    asked: Invocation,
    *,
    single: bool,
    to: str | None,
    dry_run: bool,
    file: str | None,
    group: bool,
    out_of_order: bool,
    override: str | None,
    wait_lock: float | None,
) -> None:
    """Apply the pending migrations.

    In order, each in a transaction of its own together with its row of history; what cannot be in a transaction runs
    by itself and is checkpointed. After a failure or a crash the same command goes on where it stopped.
    """
    _require_one(single=single, to=to, plan=file)
    if override is not None and not override.strip():
        raise click.UsageError("--override needs a reason: it is what the log will say")
    asked.caution()
    with progress(asked) as watch, asked.migrator(watch) as migrator:
        if dry_run:
            plan = _plan(migrator, file) or migrator.plan(
                to=to, count=1 if single else None, out_of_order=out_of_order or None
            )
            text = migrator.sql(plan)
            document(asked, {"sql": text}, lambda: text)
            return
        report = migrator.up(
            to=to,
            single=single,
            plan=_plan(migrator, file),
            group=group or None,
            out_of_order=out_of_order or None,
            wait_lock=wait_lock,
            override=override,
        )
    show(asked, "report", report)


def _require_one(**given: object) -> None:
    names = [f"--{name}" for name, value in given.items() if value]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)} do not go together")


def _plan(migrator: "Migrator", file: str | None) -> "Plan | None":
    from instar.errors import UsageError

    if file is None:
        return None
    try:
        return migrator.load_plan(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}", hint="instar plan --output writes a plan"
        ) from None
