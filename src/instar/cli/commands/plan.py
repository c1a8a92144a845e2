"""Show what up would do: order, transactions, statements."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import say, show

if TYPE_CHECKING:
    from instar.migrator import Migrator
    from instar.model import Plan

SECTION = "Look"
EXAMPLES = (
    "instar plan",
    "instar plan --to +2",
    "instar plan --down",
    "instar plan --environment production --output plan.json    # review it, then:",
    "instar up --environment production --plan plan.json",
)


@make(examples=EXAMPLES)
@click.option("--to", metavar="VERSION|+N", help="Up to this version, or the next N.")
@click.option("--down", is_flag=True, help="What down would do: --to VERSION keeps that one, -n N undoes the last N.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=1), help="This many migrations.")
@click.option("--out-of-order", is_flag=True, help="Take in late ones whatever they touch.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Write the plan for up --plan.",
)
def command(
    asked: Invocation, *, to: str | None, down: bool, count: int | None, out_of_order: bool, output: str | None
) -> None:
    """Show what up would do: order, transactions, statements.

    Nothing is changed. A plan that was written with --output can be reviewed and carried out later; `up --plan` refuses
    it when the history or a file has changed since.
    """
    asked.caution()
    with asked.migrator() as migrator:
        plan = migrator.plan(to=to, count=count, down=down, out_of_order=out_of_order or None)
        if output:
            _write(migrator, plan, Path(output))
    show(asked, "plan", plan)
    if output:
        say(asked, f"written to {Path(output).name}")


def _write(migrator: "Migrator", plan: "Plan", path: Path) -> None:
    from instar.errors import UsageError

    try:
        path.write_text(migrator.dump_plan(plan), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
