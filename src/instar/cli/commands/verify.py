"""Check that the database is as the last migration, or its rollback, should have left it."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version
from instar.cli.output import document

SECTION = "Look"
EXAMPLES = (
    "instar verify",
    "instar verify 20231201120000",
    "instar verify --server postgresql://localhost/postgres --json",
)
_FAILED, _ERROR = 4, 1


@make(examples=EXAMPLES)
@click.argument("version", metavar="[VERSION]", required=False, shell_complete=complete_version)
@click.option("--server", metavar="URL", help="Replay the migrations on this server instead of one of its own.")
def command(asked: Invocation, *, version: str | None, server: str | None) -> int:
    """Check that the database is as the last migration, or its rollback, should have left it.

    Every table, column, index, constraint, ... that the migration makes must be there, or after a `down` be gone; what
    it changed or dropped must be back; rows that it kept must have their old values; its own checks must hold. What it
    makes is found by a replay on a database to throw away. Exits with 4 when a check fails.
    """
    from instar.render import verification
    from instar.verifying import verify

    with asked.migrator() as migrator:
        found = verify(migrator, version or "", server=server or "")
    document(asked, verification.document(found), lambda: verification.text(found))
    return _FAILED if found.failed else _ERROR if found.erroneous else 0
