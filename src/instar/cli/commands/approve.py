"""Record that you have reviewed a migration, for the policy of an environment."""

from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version
from instar.cli.output import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.approvals import Record
    from instar.model import Migration

SECTION = "Settle"
EXAMPLES = (
    "instar approve 20231201120000",
    "instar approve --list",
    "instar approve --revoke 20231201120000",
    "instar approve --tested basic 20231201120000    # a CI job that has run the tests",
)
_WHY = {"edited": "does not count: the migration was edited since", "author": "does not count: its author"}


@make(examples=EXAMPLES)
@click.argument("versions", metavar="[VERSION]...", nargs=-1, shell_complete=complete_version)
@click.option("--list", "listing", is_flag=True, help="Show what is recorded, and what of it counts.")
@click.option("--revoke", is_flag=True, help="Take your records of these migrations back.")
@click.option(
    "--tested",
    metavar="LEVEL",
    type=click.Choice(["basic", "comprehensive", "extensive"]),
    help="Record that tests have passed: basic, comprehensive or extensive.",
)
def command(asked: Invocation, *, versions: tuple[str, ...], listing: bool, revoke: bool, tested: str | None) -> None:
    """Record that you have reviewed a migration, for the policy of an environment.

    You are who git says (user.name, user.email). The record goes into approvals.toml beside the migrations: commit it.
    It counts for the text as it is now; an edit voids it. Authors, by header or git, cannot approve. No database is
    needed.
    """
    from instar import gate

    if sum((listing, revoke, tested is not None)) > 1:
        raise click.UsageError("--list, --revoke and --tested do not go together")
    if not versions and not listing:
        raise click.UsageError("say which migrations: instar approve VERSION...")
    with asked.migrator() as migrator:
        environment = migrator.environment
        chosen = _chosen(migrator.migrations(), versions)
    if listing:
        _show(asked, gate.records(environment, chosen))
    elif revoke:
        _say(asked, "revoked", "took back", gate.revoke(environment, chosen))
    else:
        _say(
            asked,
            "approved",
            "recorded" if tested else "approved",
            gate.approve(environment, chosen, tested or ""),
        )


def _chosen(migrations: "Sequence[Migration]", versions: tuple[str, ...]) -> "list[Migration]":
    """Return the migrations that are named by version or name; all of them when none is."""
    from instar.errors import UsageError
    from instar.registry import did_you_mean

    known = {word: item for item in migrations for word in (item.name, item.version)}
    for version in versions:
        if version not in known:
            raise UsageError(f"there is no migration {version}", hint=did_you_mean(version, list(known)))
    return [known[version] for version in versions] if versions else list(migrations)


def _show(asked: Invocation, found: "Sequence[tuple[Record, str]]") -> None:
    def lines() -> str:
        return "\n".join(_line(record, why) for record, why in found) or "nothing is recorded"

    document(asked, {"records": [{**_object(record), "void": why or None} for record, why in found]}, lines)


def _line(record: "Record", why: str) -> str:
    what = f"{record.tests} tests passed, says" if record.tests else "approved by"
    return f"{record.version} {record.migration}  {what} {record.person}, {record.at}" + (
        f"  ({_WHY[why]})" if why else ""
    )


def _say(asked: Invocation, key: str, did: str, found: "Sequence[Record]") -> None:
    def lines() -> str:
        said = (f"{did} {_tests(each)}{each.version} {each.migration} as {each.person}" for each in found)
        return "\n".join(said) or "nothing to do"

    document(asked, {key: [_object(each) for each in found]}, lines)


def _tests(record: "Record") -> str:
    return f"{record.tests} tests of " if record.tests else ""


def _object(record: "Record") -> dict[str, object]:
    return {name: getattr(record, name) or None for name in record.__struct_fields__}
