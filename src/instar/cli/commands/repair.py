"""Settle what instar will not guess: edited files, interrupted runs, unknown outcomes."""

import sys
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import say, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.repairs import Repair

SECTION = "Settle"
EXAMPLES = (
    "instar repair",
    "instar repair --dry-run",
    "instar repair --yes",
    "instar repair --yes --answer 20231201120000=applied",
)


def _read_answers(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if not all(version and equals and answer for version, equals, answer in pairs):
        raise click.BadParameter("write VERSION=ANSWER", ctx=ctx, param=param)
    return {version: answer for version, _, answer in pairs}


@make(examples=EXAMPLES)
@click.option("--dry-run", is_flag=True, help="Only show what it would change.")
@click.option("-y", "--yes", is_flag=True, help="Do it without asking.")
@click.option(
    "--answer",
    "answers",
    metavar="VERSION=ANSWER",
    multiple=True,
    callback=_read_answers,
    help="What to do with this one, where there is a choice; may be repeated.",
)
def command(asked: Invocation, *, dry_run: bool, yes: bool, answers: dict[str, str]) -> None:
    """Settle what instar will not guess: edited files, interrupted runs, unknown outcomes.

    Shows what it would change in the history and asks before it does. It never touches your tables.
    """
    with asked.migrator() as migrator:
        found = migrator.repairs()
        show(asked, "repairs", found)
        if dry_run or not found:
            return
        if not (yes or _interactive(asked)):
            raise click.UsageError("repair changes the history and asks first; without a terminal say --yes")
        chosen = [_chosen(repair, answers, ask=not yes) for repair in found]
        if yes or click.confirm("Change the history like this?", err=True):
            migrator.repair(chosen)
            say(asked, f"repaired {_versions(chosen)}")


def _chosen(repair: "Repair", answers: dict[str, str], *, ask: bool) -> "Repair":
    """Return the repair with the one choice that was made."""
    if not repair.choices:
        return repair
    answer = answers.get(repair.version)
    if answer is None and ask:
        answer = click.prompt(f"{repair.version}: {repair.what}", type=click.Choice(repair.choices), err=True)
    if answer not in repair.choices:
        choices = " or ".join(f"--answer {repair.version}={choice}" for choice in repair.choices)
        raise click.UsageError(f"{repair.version} needs a decision: {choices}")
    return repair.choose(answer)


def _interactive(asked: Invocation) -> bool:
    return not asked.json and sys.stdin.isatty()


def _versions(repairs: "Sequence[Repair]") -> str:
    return ", ".join(dict.fromkeys(repair.version for repair in repairs))
