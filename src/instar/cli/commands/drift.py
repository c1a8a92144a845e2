"""Compare a live database with what its migrations make."""

import sys
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import console, document, fancy

if TYPE_CHECKING:
    from instar.schemas import Comparison

SECTION = "Look"
EXAMPLES = (
    "instar drift --environment production",
    "instar drift --sql          # what would bring the database back",
    "instar drift --server postgresql://localhost/postgres",
)
_DIFFERS = 4


@make(examples=EXAMPLES)
@click.option("--sql", is_flag=True, help="The SQL that would bring the database back to what its migrations make.")
@click.option("--server", metavar="URL", help="Replay on this server instead of one of its own.")
def command(asked: Invocation, *, sql: bool, server: str | None) -> int:
    """Compare a live database with what its migrations make.

    The migrations that are applied are replayed on a throw-away server of the database's major version. Every object
    that differs is named: + is only in the database, - is missing there. Who changed it is in the server's log. Exits
    with 4 when something differs that is not benign.
    """
    from instar.schemas import drift

    asked.hide(server or "")
    with asked.migrator() as migrator:
        found = drift(migrator, server=server or "")
    if sql:
        text = found.back()
        document(asked, {"sql": text}, lambda: text.rstrip("\n"))
    else:
        _show(asked, found)
    return _DIFFERS if found.difference.real else 0


def _show(asked: Invocation, found: "Comparison") -> None:
    from instar.render import difference

    if not asked.json and fancy(sys.stdout):
        console(asked, sys.stdout).print(difference.rich(found.difference, found.notes), highlight=False)
        return
    value = difference.value(found.difference, found.notes)
    document(asked, value, lambda: difference.text(found.difference, found.notes))
