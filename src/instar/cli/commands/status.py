"""Show which migrations are applied, pending, edited, missing."""

from collections.abc import Sequence

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import show

SECTION = "Look"
ALIASES = ("info", "list", "show")
EXAMPLES = (
    "instar status",
    "instar status --environment production",
    "instar status --json | jq .summary",
    "instar status --check || echo 'the schema is behind the code'",
)


@make(examples=EXAMPLES, aliases=ALIASES)
@click.option("--check", is_flag=True, help="Exit with 3 when migrations are pending, for CI and start-up scripts.")
def command(asked: Invocation, *, check: bool) -> None:
    """Show which migrations are applied, pending, edited, missing.

    Each with when it was applied, how long that took, and by whom. Nothing is changed; a database without any history
    is fine.
    """
    with asked.migrator() as migrator:
        conditions = migrator.status()
    show(asked, "status", conditions)
    if check:
        _require_none([each.version for each in conditions if each.state in _waiting()])


def _waiting() -> frozenset[str]:
    from instar.model import State

    return frozenset({State.PENDING, State.PARTIAL, State.OUT_OF_ORDER, State.OUTDATED})


def _require_none(waiting: Sequence[str]) -> None:
    from instar.errors import PendingError

    if waiting:
        raise PendingError(f"{len(waiting)} pending: {', '.join(waiting)}", hint="instar up applies them")
