"""Show which migrations are applied, pending, edited, missing."""

import click

from instar.cli.invocation import Invocation
from instar.cli.options import common

SECTION = "Look"
ALIASES = ("info", "list", "show")


@click.command("status")
@click.option("--check", is_flag=True, help="Exit with 3 when migrations are pending, for CI and start-up scripts.")
@common
@click.pass_obj
def command(asked: Invocation, *, check: bool) -> None:
    """Show which migrations are applied, pending, edited, missing.

    Each with when it was applied, how long that took, and by whom. Nothing is changed; a database without any history
    is fine.

    \b
    Examples:
      instar status
      instar status --environment production
      instar status --json | jq .summary
      instar status --check || echo "the schema is behind the code"
    """
    from instar.cli.output import show

    with asked.migrator() as migrator:
        conditions = migrator.status()
    show(asked, "status", conditions)
    if check:
        _check([condition.version for condition in conditions if condition.state in _pending()])


def _pending() -> frozenset[str]:
    from instar.model import State

    return frozenset({State.PENDING, State.PARTIAL, State.OUT_OF_ORDER, State.OUTDATED})


def _check(pending: list[str]) -> None:
    from instar.errors import PendingError

    if pending:
        raise PendingError(f"{len(pending)} pending: {', '.join(pending)}", hint="run instar up")
