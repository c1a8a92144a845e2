"""Rows kept before a statement and put back by a `down`: in the statement's own transaction, wherever there is one."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from instar import backups
from instar.backups import Restored, Shelf
from instar.dialects import Command
from instar.errors import BackupError, DatabaseError, InstarError
from instar.events import StatementFinished
from instar.execute.base import Base
from instar.model import Action, Kind, Place, Segment, Statement, Step
from instar.source import backup
from instar.source.backup import Asked
from instar.source.script import place_in

if TYPE_CHECKING:
    from instar.dialects._keeping import Shape

_SETTINGS = frozenset({Kind.SETTING, Kind.SETTING_LOCAL, Kind.SETTING_OUTSIDE})
_TAKES_ROWS = re.compile(r"\b(?:DELETE|TRUNCATE|DROP|REPLACE|MERGE)\b", re.IGNORECASE)
_UPDATE = re.compile(r"UPDATE\b", re.IGNORECASE)


class Keeps(Base):
    """Keeps rows for a later `down`, and restores them."""

    @cached_property
    def _shelf(self) -> Shelf:
        return Shelf(self._history, self._dialect, self._options.keep_backups)

    def _asked(self, index: int, step: Step | None = None) -> tuple[Asked, ...]:
        """Return the backups that statement `index` of the step asks for."""
        step = step or self._work.step
        return backup.numbered(step.segments).get(index, ()) if step.action is Action.APPLY else ()

    def _passing(self, step: Step) -> list[Command]:
        """Return the commands, to go with a step's record, that leave a version only what the last `up` has kept."""
        version = step.migration.version
        if version not in self._with_backups:
            return []
        self._ours(self._session.restoring())  # the script's role may not see the backups
        if step.action is Action.ROLLBACK:
            return backups.passing(self._history, version, backups.UNDONE)
        made = {asked.number for found in backup.numbered(step.segments).values() for asked in found}
        return backups.passing(self._history, version, backups.EARLIER, made)

    def _look_ahead(self, step: Step) -> None:
        """Make ready for a step's backups; refuse, before anything runs, what can be seen to be impossible.

        A table that an earlier statement of the step may make or change is looked at when its time has come.
        """
        wanted = backup.numbered(step.segments) if step.action is Action.APPLY else {}
        if not wanted:
            return
        backups.ensure(self._history)
        seen: set[str] | None = set()
        everything = [item for part in step.segments for item in part.statements]
        for index, statement in enumerate(everything):
            if step.checkpoint is None and seen is not None:
                for asked in wanted.get(index, ()):
                    if asked.table.lower().rpartition(".")[2].strip('"`') not in seen:
                        self._shelf.shape(asked)
                        self._shelf.tried(asked)
            touched = self._dialect.touched(statement.text)
            seen = None if touched is None or seen is None or statement.kind in _SETTINGS else seen | touched

    def _shelves(self, segment: Segment, step: Step | None = None) -> None:
        """Make the tables of a segment's backups, where making one would end the transaction."""
        for index in range(segment.first, segment.first + len(segment.statements)):
            for asked in self._asked(index, step):
                self._make(asked, step)

    def _make(self, asked: Asked, step: Step | None = None) -> "Shape":
        shape = self._shelf.shape(asked)
        version = (step or self._work.step).migration.version
        self._session.run(self._shelf.making(version, asked, shape))
        return shape

    def _keeping_rows(self, step: Step, segment: Segment, run: Callable[[Segment, int], None]) -> None:
        """Let `run` run a segment's statements one by one, with their backups and restores between them."""
        for place, statement in enumerate(segment.statements):
            index = segment.first + place
            if statement.kind is Kind.RESTORE:
                with _placed(place_in(statement, None)):
                    self._restore(step, statement, index)
                continue
            settle = self._kept(index, statement, made=not self._dialect.transactional_ddl)
            try:
                run(segment, place)
            except DatabaseError as error:
                error.index = place
                raise
            settle()

    def _kept(self, index: int, statement: Statement, *, made: bool) -> Callable[[], None]:
        """Keep what a statement's backups ask for; return what is to be done after the statement."""
        version, done = self._work.step.migration.version, []
        for asked in self._asked(index):
            begun = time.perf_counter()
            with _placed(asked.place):
                shape = self._shelf.shape(asked) if made else self._make(asked)
                rows = self._shelf.fill(version, asked, shape)
            done.append((asked, shape))
            self._work.keep(
                index, {"table": shape.table, "rows": rows, "ms": round((time.perf_counter() - begun) * 1000)}
            )
            self._tell("NOTICE", f"kept {_rows(rows)} of {asked.table}", "")
        whole = _TAKES_ROWS.search(statement.text) is not None
        only_changes = _UPDATE.match(statement.text) is not None

        def settle() -> None:
            for asked, shape in done:
                with _placed(asked.place):
                    all_columns = whole or not asked.columns
                    self._shelf.settle(version, asked, shape, whole=all_columns, same_keys=only_changes)

        return settle

    def _kept_alone(self, segment: Segment) -> Callable[[], None] | None:
        """Keep rows before a statement that is in no transaction; return what is to be done with its end."""
        if not self._asked(segment.first):
            return None
        self._under_settings(segment.first, lambda: self._shelves(segment))
        found: list[Callable[[], None]] = []
        self._ours(self._replayed(segment))
        self._commit(
            self._session.restoring(),
            first=lambda: found.append(self._kept(segment.first, segment.statements[0], made=True)),
        )
        return found[0]

    def _restore(self, step: Step, statement: Statement, index: int) -> None:
        """Put back what the last `up` of this migration has kept, and nothing that one before it has."""
        begun = time.perf_counter()
        listed = backups.listed(self._history, step.migration.version)
        found = [item for item in listed if item.facts.stage == backups.CURRENT]
        if not found:
            raise BackupError(
                f"{step.migration.label} has no backup to restore: it was dropped, or the last `up` ran without it",
                hint="put the values back by hand, or take -- instar:restore out of the down",
                place=place_in(statement, None),
            )
        newer, rows = backup.keeps_newer(statement), 0
        for item in self._shelf.ordered(found):
            done = self._shelf.restore(item, newer=newer)
            rows += done.rows
            self._tell("NOTICE", said(done, item.table), "")
        seconds = time.perf_counter() - begun
        self._work.note(index, statement, seconds, rows)
        self._say(StatementFinished(step.migration, statement, index, self._work.total, seconds, rows))


@contextmanager
def _placed(place: Place) -> Iterator[None]:
    """Give an error of what a directive asks for the directive's place, where it has none that is nearer."""
    try:
        yield
    except InstarError as error:
        if isinstance(error, DatabaseError):
            error.index = -1
        error.place = error.place or place
        raise


def has_rows(segment: Segment) -> bool:
    """Whether something is kept or put back in a segment."""
    return any(
        item.kind is Kind.RESTORE or any(each.name == "backup" for each in item.directives)
        for item in segment.statements
    )


def said(done: Restored, table: str) -> str:
    """Say what a restore did."""
    text = f"restored {_rows(done.rows)} of {table}"
    if done.changed:
        what = "left as they are" if done.newer else "overwritten; the newer values stay in the backup"
        text += f"; {done.changed} had changed since the migration: {what}"
    if done.deleted:
        text += f"; {done.deleted} had been deleted since and stay so"
    if done.missing:
        many = len(done.missing) > 1
        text += f"; {', '.join(done.missing)} {'are' if many else 'is'} left out: there "
        text += "are no such columns now" if many else "is no such column now"
    return text


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"
