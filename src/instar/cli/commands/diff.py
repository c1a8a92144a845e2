"""Show what differs between two schemas, or the SQL from one to the other."""

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
    "instar diff staging production",
    "instar diff schema.sql postgresql:///shop --sql",
    "instar diff migrations postgresql:///shop --check",
)
_DIFFERS = 4


@make(examples=EXAMPLES)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--sql", is_flag=True, help="The SQL from A to B, as far as it is safe to say, instead of the tree.")
@click.option("--check", is_flag=True, help="Exit with 4 when something differs that is not benign.")
@click.option("--server", metavar="URL", help="Load dumps and replay migrations on this server.")
def command(asked: Invocation, *, before: str, after: str, sql: bool, check: bool, server: str | None) -> int:
    """Show what differs between two schemas, or the SQL from one to the other.

    A and B are database URLs, environments, dumps (files), or folders of migrations. What is no database is made on a
    throw-away server of the other one's major version. Differences that mean nothing are marked as benign: the order of
    columns, names that the server made, white space in the bodies of functions.
    """
    from instar.schemas import compare, targets

    asked.hide(before, after, server or "")
    asked.settle(before, after)
    environment = asked.settings(offline=True)
    config = asked.configuration()
    sides = [targets.understand(each, config, environment) for each in (before, after)]
    asked.hide(*(side.environment.url for side in sides))
    found = compare(sides[0], sides[1], server=server or "")
    if sql:
        text = found.sql()
        document(asked, {"sql": text}, lambda: text.rstrip("\n"))
    else:
        show(asked, found)
    return _DIFFERS if check and found.difference.real else 0


def show(asked: Invocation, found: "Comparison") -> None:
    """Write the tree to stdout, or as JSON, with the SQL in it."""
    from instar.render import difference

    if not asked.json and fancy(sys.stdout):
        console(asked, sys.stdout).print(difference.rich(found.difference, found.notes), highlight=False)
        return
    value = difference.value(found.difference, found.notes) | ({"sql": found.sql()} if asked.json else {})
    document(asked, value, lambda: difference.text(found.difference, found.notes))
