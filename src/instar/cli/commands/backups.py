"""List the old values that migrations have kept, or drop them."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version
from instar.cli.output import document

SECTION = "Settle"
EXAMPLES = (
    "instar backups",
    "instar backups drop --expired",
    "instar backups drop 20231201120000",
)


@make(examples=EXAMPLES)
@click.argument("what", metavar="[list|drop]", type=click.Choice(["list", "drop"]), default="list")
@click.argument("versions", metavar="[VERSION]...", nargs=-1, shell_complete=complete_version)
@click.option("--expired", is_flag=True, help="Drop those whose time is over: [backups] keep in instar.toml.")
def command(asked: Invocation, *, what: str, versions: tuple[str, ...], expired: bool) -> None:
    """List the old values that migrations have kept, or drop them.

    `-- instar:backup` in a migration keeps them, `-- instar:restore` in its `down` puts them back. A `down` whose
    backup was dropped is refused.
    """
    from instar.errors import UsageError
    from instar.render import backups as render
    from instar.verifying import backups_of, drop_backups

    if what == "drop" and bool(versions) is expired:
        raise click.UsageError("name the versions whose backups are to be dropped, or say --expired")
    if what == "list" and (versions or expired):
        raise click.UsageError("versions and --expired go with `instar backups drop`")
    with asked.migrator() as migrator:
        found = backups_of(migrator)
        if what == "list":
            document(asked, render.document(found), lambda: render.text(found))
            return
        missing = set(versions) - {item.version for item in found}
        if missing:
            raise UsageError(f"there is no backup of {', '.join(sorted(missing))}", hint="`instar backups` lists them")
        chosen = [item for item in found if (item.expired if expired else item.version in versions)]
        drop_backups(migrator, chosen)
    document(asked, {"dropped": render.document(chosen)["backups"]}, lambda: render.dropped(chosen))
