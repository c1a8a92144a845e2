"""The demo: the example shop moves to its newest schema on a server of its own while clients read and write."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from instar import config
from instar.demo import stage
from instar.demo.clients import Clients
from instar.demo.figures import Figures, Move, Start, Waits, Written
from instar.events import Event
from instar.migrator import Migrator, Report
from instar.model import Condition
from instar.render._words import took

if TYPE_CHECKING:
    from instar.dialects.postgresql.embedded import Embedded

__all__ = ["Audience", "Demo", "Figures"]

ORDERS_PER_USER = 3
_BASE = "20231130110000"
_CLIENTS = 4
_QUIET_SECONDS = 2.0
_BACK = 2  # the newest migration rebuilds an index, the one before it moves a column with all its rows


class Audience(Protocol):
    """Who is told how the demo goes."""

    def say(self, text: str) -> None:
        """Hear a sentence of the story."""

    def command(self, text: str) -> None:
        """Hear which command comes now, as a user would type it."""

    def progress(self) -> AbstractContextManager[Callable[[Event], None] | None]:
        """Return what watches a run."""

    def report(self, report: Report) -> None:
        """See what a run has done."""

    def status(self, conditions: Sequence[Condition]) -> None:
        """See the state of the migrations."""


class Demo:
    """One performance, with `users` users and three times as many orders on PostgreSQL `version`."""

    def __init__(self, audience: Audience, *, users: int, version: int | None = None) -> None:
        self._audience = audience
        self._users = users
        self._version = version
        self._folder = stage.example()
        self._url = ""

    @property
    def folder(self) -> Path:
        """The folder of the example."""
        return self._folder

    def run(self) -> Figures:
        """Perform, and return what was measured. The server and its data are gone afterwards, however it ends."""
        begun = time.perf_counter()
        stage.require(self._version)
        self._announce()
        with stage.server(self._version, self._users) as server:
            start = self._prepare(server, begun)
            with Clients(server.url(), users=self._users, number=_CLIENTS) as clients:
                quiet = self._quiet(clients)
                moves = self._perform(clients)
            written = self._written(clients)
        return Figures(start, _CLIENTS, quiet, *moves, clients.total(), written, time.perf_counter() - begun)

    # Before the clients come

    def _announce(self) -> None:
        orders = ORDERS_PER_USER * self._users
        self._audience.say(
            f"A shop with {self._users:,} users and {orders:,} orders gets its newest schema, on a server of its own,\n"
            f"while {_CLIENTS} clients read and write. It takes half a minute or so and leaves nothing; Ctrl-C ends it."
        )

    def _prepare(self, server: "Embedded", begun: float) -> Start:
        """Make the tables as they were before, full of rows."""
        self._url = server.url()
        started = time.perf_counter() - begun
        self._audience.say(f"\nPostgreSQL {server.version} is up after {took(started)}.")
        self._audience.command(f"instar up --to {_BASE}")
        self._go(lambda migrator: migrator.up(to=_BASE))
        seeded = self._seed()
        return Start(server.version, self._users, ORDERS_PER_USER * self._users, started, seeded)

    def _seed(self) -> float:
        self._audience.command("instar seed")
        begun = time.perf_counter()
        with self._audience.progress() as watch, self._migrator(watch) as migrator:
            migrator.seed()
        seconds = time.perf_counter() - begun
        self._audience.say(
            f"wrote {self._users:,} users and {ORDERS_PER_USER * self._users:,} orders in {took(seconds)}"
        )
        return seconds

    # While they work

    def _perform(self, clients: Clients) -> tuple[Move, Move, Move]:
        up = self._move("instar up", lambda migrator: migrator.up(), clients)
        self._status()
        down = self._move(f"instar down -n {_BACK}", lambda migrator: migrator.down(count=_BACK), clients)
        return up, down, self._move("instar up", lambda migrator: migrator.up(), clients)

    def _status(self) -> None:
        self._audience.command("instar status")
        with self._migrator() as migrator:
            conditions = migrator.status()
        self._audience.status(conditions)
        names = [item.name for item in conditions if item.migration and item.migration.order]
        self._audience.say(
            "contract-pending: applied, but for a last section that waits until no old application is left\n\n"
            f"And back: {' and '.join(names[-_BACK:])} are undone, and done again."
        )

    def _quiet(self, clients: Clients) -> Waits:
        self._audience.say(f"\n{_CLIENTS} clients begin to look up, insert and update users and orders.")
        time.sleep(_QUIET_SECONDS)
        quiet = clients.lap()
        self._audience.say(f"Before any migration, to compare with: {quiet.sentence()}.")
        return quiet

    def _move(self, command: str, run: Callable[[Migrator], Report], clients: Clients) -> Move:
        self._audience.command(command)
        clients.lap()
        report = self._go(run)
        waits = clients.lap()
        self._audience.say(f"The clients meanwhile: {waits.sentence()}.")
        return Move(command, len(report.steps), report.seconds, waits)

    # When they have gone

    def _written(self, clients: Clients) -> Written:
        users, orders = clients.inserted()
        found_users, found_orders = stage.complete_rows(self._url, self._users, ORDERS_PER_USER * self._users)
        return Written(users, orders, found_users, found_orders)

    # How

    def _go(self, run: Callable[[Migrator], Report]) -> Report:
        with self._audience.progress() as watch, self._migrator(watch) as migrator:
            report = run(migrator)
        self._audience.report(report)
        return report

    def _migrator(self, watch: Callable[[Event], None] | None = None) -> Migrator:
        """Return a migrator with the example's own configuration, whatever the variables of this shell say."""
        loaded = config.load(self._folder, environ={})
        return Migrator.from_config(loaded, "development", database=self._url, watch=watch)
