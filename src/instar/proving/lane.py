"""A throw-away database on which migrations go up and down, and which can return to an earlier state."""

import re
from collections.abc import Callable

from instar import dialects
from instar.config import Environment, Policy
from instar.dialects import Command, Dialect, Names, Throwaway
from instar.errors import InstarError
from instar.migrator import Migrator, Report
from instar.model import Action, Migration
from instar.schemas.replay import names_of, supplied
from instar.snapshot import Snapshot

_WORD = re.compile(r"\w+")
_EVERY = 8
"""So many migrations are applied again at most when the lane goes back."""


class Lane:
    """The history replayed so far, on a database of its own; `at` counts its versioned migrations.

    `place` makes such a database. Raises UsageError when no server can be had.
    """

    def __init__(self, environment: Environment, place: Callable[[], Throwaway]) -> None:
        self._words = _words(environment)
        self._place = place
        self._throwaway = self._placed()
        self.server = self._throwaway.name
        self.at = 0
        self._environment = environment
        self._migrator = self._connect()
        self._kept = -1
        self._skipped: dict[int, str] = {}

    def close(self) -> None:
        """Take the database away."""
        self._migrator.close()
        self._throwaway.close()

    @property
    def migrator(self) -> Migrator:
        """What moves the lane; another one after `back`."""
        return self._migrator

    def up(self) -> Report:
        """Apply the next migration."""
        report = self._moved(lambda: self._migrator.up(single=True))
        self.at += 1
        return report

    def down(self) -> Report:
        """Roll the last migration back."""
        report = self._moved(lambda: self._migrator.down(count=1))
        self.at -= 1
        return report

    def snapshot(self) -> Snapshot:
        """Read the schema as it is now."""
        return self._migrator.snapshot()

    def reach(self, number: int) -> None:
        """Bring the lane to where `number` migrations are applied."""
        if number < self.at:
            self.back(number)
        while self.at < number:
            if self.at in self._skipped:
                self.skip(self._skipped[self.at])
            else:
                self._ahead(min([number, *(each for each in self._skipped if each > self.at)]))

    def _ahead(self, number: int) -> None:
        if number > self.at + 1:
            ahead = number - 1 - self.at
            self._moved(lambda: self._migrator.up(to=f"+{ahead}"))
            self.at = number - 1
        # Alone: behind the last of all, `up` would go on with what is repeatable.
        self.up()

    def skip(self, version: str) -> None:
        """Let the next migration count as applied, now and whenever the lane comes here again."""
        self._skipped[self.at] = version
        self._migrator.baseline(version)
        self.at += 1

    def keep(self) -> None:
        """Make sure that `back` can return to this state."""
        if self._kept >= 0 and self.at - self._kept < _EVERY:
            return
        self._migrator.close()
        if self._throwaway.keep():
            self._kept = self.at

    def back(self, number: int) -> None:
        """Return to the state in which `number` migrations were applied, and nothing else had happened."""
        self._migrator.close()
        if 0 <= self._kept <= number:
            self._throwaway.back()
            self.at = self._kept
        else:
            self._throwaway.close()
            self._throwaway = self._placed()
            self.at, self._kept = 0, -1
        self._migrator = self._connect()
        self.reach(number)

    def restart(self, number: int) -> None:
        """Apply `number` migrations to an empty database."""
        self._kept = -1
        self.back(number)

    def down_again(self, migration: Migration) -> None:
        """Run the down scripts of a migration that is not applied any more."""
        from instar import cuts

        session = self._migrator.session()
        for segment in cuts.cut(migration, Action.ROLLBACK, self.dialect):
            commands = [Command(statement.text, statement=statement) for statement in segment.statements]
            if segment.transaction:
                commands = [Command(self.dialect.begin), *commands, Command("COMMIT")]
            try:
                session.run(commands)
            except InstarError:
                if session.in_transaction():
                    session.run([Command("ROLLBACK")])
                raise

    @property
    def names(self) -> Names:
        """What our own tables are called."""
        return names_of(self._environment)

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return dialects.for_url(self._throwaway.url)

    def _moved(self, move: Callable[[], Report]) -> Report:
        """Move; roles that statements name and nobody made are made: a whole server has them."""
        return supplied(self._throwaway, move)

    def _placed(self) -> Throwaway:
        made = self._place()
        made.mention(self._words)
        return made

    def _connect(self) -> Migrator:
        here = self._environment.replace(
            url=self._throwaway.url, policy=Policy(), out_of_order="apply", group=False, session_pooler=False
        )
        return Migrator(environment=here)


def _words(environment: Environment) -> frozenset[str]:
    """Return all words of the migrations."""
    migrations = Migrator(environment=environment).migrations()
    scripts = (script for item in migrations for script in (*item.up, *item.down))
    return frozenset(word for script in scripts for word in _WORD.findall(script.text))
