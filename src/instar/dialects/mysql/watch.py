"""A second pair of eyes on a statement that waits for a table's metadata lock.

The servers count lock time-outs in whole seconds, and while our DDL waits in the queue every newcomer waits behind it.
So a statement that still waits when its budget is over is interrupted from a second connection. Only the wait at its
beginning is cut short like this: one at the end of a long ALTER has the server's whole seconds, for it would cost the
work done so far.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, Timer

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from instar.dialects.mysql.server import Flavour
from instar.dialects.mysql.sibling import beside
from instar.model import Blocker

_FIRST_LOOK = 0.6  # of the budget: time to name who blocks before the wait is over
_SHORT = 1.0

_STATE = "SELECT state, {query} FROM information_schema.processlist WHERE id = %s"
# Who holds metadata locks is shown by MySQL's performance_schema only; elsewhere those whose transactions are open.
_HOLDERS = """
SELECT DISTINCT p.id, p.user, p.time, COALESCE(p.info, ''), p.command, ''
FROM performance_schema.metadata_locks AS wanted
JOIN performance_schema.metadata_locks AS held
    ON held.object_type = wanted.object_type AND held.object_schema <=> wanted.object_schema
    AND held.object_name <=> wanted.object_name AND held.lock_status = 'GRANTED'
    AND held.owner_thread_id <> wanted.owner_thread_id
JOIN performance_schema.threads AS them ON them.thread_id = held.owner_thread_id
JOIN performance_schema.threads AS us ON us.thread_id = wanted.owner_thread_id
JOIN information_schema.processlist AS p ON p.id = them.processlist_id
WHERE us.processlist_id = %s AND wanted.lock_status = 'PENDING'
"""
_OPEN = """
SELECT p.id, p.user, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), COALESCE(p.info, ''), p.command, ''
FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id
WHERE p.id <> %s ORDER BY t.trx_started
"""

Report = Callable[[tuple[Blocker, ...]], None]


class Watch:
    """Looks after one connection's statements. `budget` is the longest wait in seconds, None for no watch."""

    def __init__(self, connection: "Connection[Cursor]", identifier: int, flavour: Flavour) -> None:
        self._watched = connection
        self._identifier = identifier
        self._flavour = flavour
        self._own: Connection[Cursor] | None = None
        self._gate = Lock()
        self._turn = 0
        self.budget: float | None = None
        self.report: Report | None = None
        self.seen: tuple[Blocker, ...] = ()
        self.interrupted = False

    @contextmanager
    def over(self) -> Iterator[None]:
        """Watch the statement that runs inside this block."""
        self.seen, self.interrupted = (), False
        if self.budget is None or (self.budget >= _SHORT and self.report is None):
            yield
            return
        timer = Timer(self.budget * _FIRST_LOOK, self._look, (self._turn, self.budget))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._gate:  # whoever is about to interrupt us has done so, or sees that the turn is over
                self._turn += 1

    def close(self) -> None:
        """Close the second connection."""
        own, self._own = self._own, None
        if own is not None:
            with suppress(pymysql.MySQLError):
                own.close()

    def _look(self, turn: int, budget: float) -> None:
        """See whether the statement waits; name who blocks; come back when the budget is over."""
        with self._gate, suppress(pymysql.MySQLError, OSError):
            if turn != self._turn or self._waiting() is None:
                return
            self.seen = self._blockers()
            if self.seen and self.report is not None:
                self.report(self.seen)
            if budget < _SHORT:
                timer = Timer(budget * (1 - _FIRST_LOOK), self._interrupt, (turn,))
                timer.daemon = True
                timer.start()

    def _interrupt(self, turn: int) -> None:
        with self._gate, suppress(pymysql.MySQLError, OSError):
            query = self._waiting() if turn == self._turn else None
            if query is not None:
                self.interrupted = True
                self._ask(f"KILL QUERY ID {query}" if self._flavour.mariadb else f"KILL QUERY {self._identifier}")

    def _waiting(self) -> int | None:
        """Return the number of the watched query if it waits for a metadata lock."""
        query = "query_id" if self._flavour.mariadb else "id"
        rows = self._ask(_STATE.format(query=query), (self._identifier,))
        state, number = rows[0] if rows else ("", 0)
        waits = str(state).startswith("Waiting for ") and "lock" in str(state)
        return int(str(number)) if waits else None

    def _blockers(self) -> tuple[Blocker, ...]:
        for text in (_OPEN,) if self._flavour.mariadb else (_HOLDERS, _OPEN):
            with suppress(pymysql.MySQLError):  # performance_schema is off, or PROCESS is not ours
                rows = self._ask(text, (self._identifier,))
                if rows:
                    return tuple(_blocker(row) for row in rows)
        return ()

    def _ask(self, text: str, params: tuple[object, ...] | None = None) -> Sequence[tuple[object, ...]]:
        if self._own is None or not self._own.open:
            self._own = beside(self._watched)
        with self._own.cursor() as cursor:
            cursor.execute(text, params)
            return list(cursor.fetchall())


def _blocker(row: tuple[object, ...]) -> Blocker:
    number, user, seconds, query, state, application = (str(value) for value in row)
    return Blocker(int(number), user, float(seconds), query, state, application)
