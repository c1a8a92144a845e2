"""Fill the database with the rows of seeds/."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import document, progress

SECTION = "Tools"
EXAMPLES = ("instar seed", "instar seed users orders")


@make(examples=EXAMPLES)
@click.argument("names", metavar="[NAME]...", nargs=-1)
def command(asked: Invocation, *, names: tuple[str, ...]) -> None:
    """Fill the database with the rows of seeds/.

    Runs the SQL and Python files of the folder in the order of their names, or only the ones that are named, each in a
    transaction. Nothing is recorded: a seed may be run again, so write it so that it can.
    """
    with progress(asked) as watch, asked.migrator(watch) as migrator:
        done = migrator.seed(only=names)
    document(asked, {"seeds": done}, lambda: "\n".join(done) if done else "there are no seeds")
