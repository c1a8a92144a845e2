"""Wait until the database answers."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import DURATION
from instar.cli.output import document

SECTION = "Tools"
EXAMPLES = ("instar wait --timeout 2m && instar up",)


@make(examples=EXAMPLES)
@click.option(
    "--timeout", metavar="DURATION", type=DURATION, default="30s", show_default=True, help="Give up after this long."
)
def command(asked: Invocation, *, timeout: float) -> None:
    """Wait until the database answers.

    For containers that start together. Exits with 1, and with the server's own reason, when the time is over.
    """
    from instar.render._words import took

    with asked.migrator() as migrator:
        waited = migrator.wait(timeout)
    document(asked, {"seconds": waited}, lambda: f"the database answers after {took(waited)}")
