"""Watch instar change a database that is in use: a shop on a PostgreSQL that goes away again."""

import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import Watch, document, fancy, progress, say

if TYPE_CHECKING:
    from instar.demo import Figures
    from instar.migrator import Report
    from instar.model import Condition

SECTION = "Begin"
EXAMPLES = ("instar demo", "instar demo --version 16", "instar demo --users 10000 --json")
_SHOWN = 4


@make(examples=EXAMPLES)
@click.option(
    "--users",
    metavar="N",
    type=click.IntRange(min=100),
    default=100_000,
    show_default=True,
    help="How many users the shop has; it has three times as many orders.",
)
@click.option("--version", metavar="N", type=int, help="PostgreSQL's major version; default: the newest there is.")
def command(asked: Invocation, *, users: int, version: int | None) -> None:
    """Watch instar change a database that is in use: a shop on a PostgreSQL that goes away again.

    Starts a server of its own, fills an example shop with rows, and brings it to its newest schema, back and up again
    while clients read and write; says how long they had to wait. No database of yours is touched.
    """
    _require_nothing_else(asked)
    from instar.demo import Demo
    from instar.errors import InterruptedRunError

    _stop_with_the_terminal()
    demo = Demo(_Audience(asked), users=users, version=version)
    try:
        figures = demo.run()
    except (KeyboardInterrupt, InterruptedRunError):
        raise InterruptedRunError("interrupted", hint="the server is stopped and its data removed") from None
    document(asked, _json(figures), lambda: "\n".join(_summary(figures, demo.folder)))
    _require_peace(figures)


class _Audience:
    """Tells the story on stderr; with --json or --quiet nobody listens."""

    def __init__(self, asked: Invocation) -> None:
        self._asked = asked

    def say(self, text: str) -> None:
        say(self._asked, text)

    def command(self, text: str) -> None:
        line = f"$ {text}"
        say(self._asked, "\n" + (click.style(line, bold=True) if self._colored() else line))

    def progress(self) -> AbstractContextManager[Watch | None]:
        return nullcontext() if self._asked.json else progress(self._asked)

    def report(self, report: "Report") -> None:
        from instar.render import plain

        say(self._asked, plain.report(report))

    def status(self, conditions: Sequence["Condition"]) -> None:
        """Show the newest ones, without the columns that are the same for all."""
        from instar.render import _words
        from instar.render._table import table

        rows = [(_words.SYMBOLS[each.state], each.version, each.name, each.state) for each in conditions]
        shown = [*table(rows[-_SHOWN:]), _words.summary(conditions)]
        say(self._asked, "\n".join([f"   ... and before these {len(rows) - _SHOWN} others:", *shown]))

    def _colored(self) -> bool:
        return fancy(sys.stderr) and self._asked.colored()


def _require_nothing_else(asked: Invocation) -> None:
    given = {"--database": asked.database, "--environment": asked.environment, "--directory": asked.directory}
    names = [name for name, value in {**given, "--config": asked.config}.items() if value]
    if names:
        raise click.UsageError(f"the demo has its own database and migrations: {names[0]} says nothing to it")


def _stop_with_the_terminal() -> None:
    """Stop as with Ctrl-C when the terminal is closed; a program that was told to go on without one (nohup) goes on."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def _json(figures: "Figures") -> dict[str, object]:
    import msgspec

    document: dict[str, object] = msgspec.to_builtins(figures)
    return document | {"longest": msgspec.to_builtins(figures.longest)}


def _summary(figures: "Figures", folder: Path) -> list[str]:
    from instar.render._words import count, took

    longest, written, total = figures.longest, figures.written, figures.total
    runs = [f"{count(move.migrations, 'migration')} in {took(move.seconds)}" for move in figures.moves]
    kept = (
        f"{written.complete_users:,} of {written.users:,} users and"
        f" {written.complete_orders:,} of {written.orders:,} orders"
    )
    quiet = took(figures.quiet.longest)
    return [
        "",
        f"What you saw, in {took(figures.seconds)}",
        f"  up {runs[0]}, down {runs[1]}, up again {runs[2]}",
        f"  {figures.clients} clients all the while: {total.statements:,} statements, {total.errors} errors",
        f"  longest wait of a client: {took(longest.longest)} ({longest.slowest}); without migrations {quiet}",
        f"  {kept} that they wrote are there, with every new column filled in",
        "  The server did not wait for the disk (fsync off). It is gone, with all its data.",
        "",
        "Where to go next",
        "  instar init           begin a project of your own, then: instar create NAME",
        "  instar plan           see what `up` would do, before it does it",
        "  instar --help         all commands",
        "  the migrations that you saw, with their checks and ways back:",
        f"  {folder}",
    ]


def _require_peace(figures: "Figures") -> None:
    from instar.errors import FindingsError

    if figures.total.errors:
        raise FindingsError(f"a statement of a client failed: {figures.total.first_error}")
    if not figures.written.kept:
        raise FindingsError("not all rows that the clients wrote are there with every new column filled in")
