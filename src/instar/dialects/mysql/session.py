"""A MySQL or MariaDB connection as a session."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from instar.catalog import Schema
from instar.dialects import Command, Names, Outcome, Probe, Server, Settings, Tell
from instar.dialects.mysql import failure, live, metrics, probe, restore, temporary
from instar.dialects.mysql.catalog import Catalog
from instar.dialects.mysql.memory import Memory
from instar.dialects.mysql.server import flavour
from instar.dialects.mysql.sibling import beside, in_transaction
from instar.dialects.mysql.subject import locks_tables
from instar.dialects.mysql.watch import Watch
from instar.errors import ConnectError, DatabaseError
from instar.model import Blocker, Statement
from instar.snapshot import Snapshot

_HOLDER = "SELECT user, host, time FROM information_schema.processlist WHERE id = %s"
# SHOW WARNINGS would reset what these functions return.
_ASKING = ("row_count", "found_rows")


class MysqlSession:
    """A PyMySQL connection in autocommit mode, with what it was like when the session began."""

    streams = False

    def __init__(self, connection: "Connection[Cursor]", *, owned: bool) -> None:
        self._connection = connection
        self._owned = owned
        self._autocommit = connection.get_autocommit()
        connection.autocommit(True)  # noqa: FBT003 - PyMySQL's signature
        version, database, user, number = self.query("SELECT VERSION(), DATABASE(), CURRENT_USER(), CONNECTION_ID()")[0]
        if database is None:
            raise ConnectError("the connection uses no database", hint="select one: the history lives in it")
        self._flavour = flavour(str(version))
        self._identifier = int(str(number))
        self.dialect = "mariadb" if self._flavour.mariadb else "mysql"
        self.server = Server(self._flavour.name, self._flavour.version, str(database), str(user))
        self._beginning = restore.read(self.query(restore.WATCHED))
        self._wanted = dict(self._beginning)
        self._role = str(self.query(restore.PLACE)[0][1])
        self._watch = Watch(connection, self._identifier, self._flavour)
        self._temporary = temporary.Tables(self._database)
        self._memory = Memory()
        self._lock = ""

    @property
    def driver(self) -> "Connection[Cursor]":
        """The PyMySQL connection."""
        return self._connection

    def run(
        self,
        commands: Sequence[Command],
        *,
        tell: Tell | None = None,
        meanwhile: Callable[[], None] | None = None,
        arrived: Callable[[int, Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Run `commands` in order and stop at the first that fails."""
        if meanwhile is not None:
            meanwhile()
        if tell is not None and any(name in command.text.lower() for command in commands for name in _ASKING):
            tell = None
        outcomes: list[Outcome] = []
        for index, command in enumerate(commands):
            outcomes.append(self._run(command, index, tell))
            if arrived is not None:
                arrived(index, outcomes[-1])
        return outcomes

    def _run(self, command: Command, index: int, tell: Tell | None = None) -> Outcome:
        if self._memory.knows(command):
            return Outcome(None, (), -1, 0.0)
        began, inside = time.perf_counter(), self.in_transaction()
        try:
            outcome = self._guarded(command, tell)
            self._keep_autocommit()
        except (pymysql.MySQLError, OSError) as error:
            if failure.code(error) == failure.EMPTY and command.statement is not None:
                return Outcome(None, (), 0, time.perf_counter() - began)  # a comment for another version of the server
            raise failure.translate(error, command.text, index, self._overdue()) from error
        if command.text == self._check and outcome.rows != [(1,)]:
            raise _lock_lost(index)
        if inside and command.statement is not None and not self.in_transaction():
            raise _committed(index)
        self._memory.saw(command)
        for consequence in self._temporary.saw(command):
            self.query(consequence.text)
        return Outcome(outcome.rows, outcome.columns, outcome.count, time.perf_counter() - began)

    def _guarded(self, command: Command, tell: Tell | None) -> Outcome:
        if command.statement is None:
            return self._execute(command, None)
        with self._watch.over():
            return self._execute(command, tell)

    def _execute(self, command: Command, tell: Tell | None) -> Outcome:
        with self._connection.cursor(Cursor) as cursor:
            cursor.execute(command.text, command.params)
            columns = tuple(str(column[0]) for column in cursor.description or ())
            rows: list[tuple[object, ...]] | None = list(cursor.fetchall()) if columns else None
            count, identity, warned = cursor.rowcount, cursor.lastrowid, bool(cursor.warning_count)
            while cursor.nextset():  # CALL answers with more than one result
                pass
            if warned and tell is not None:
                cursor.execute("SHOW WARNINGS")
                for level, number, message in cursor.fetchall():
                    tell(str(level).upper(), f"{message} ({number})", "")
        if rows is None and identity and command.params is not None:
            rows = [(identity,)]  # MySQL has no RETURNING
        return Outcome(rows, columns, count, 0.0)

    def _keep_autocommit(self) -> None:
        """Turn autocommit on again as soon as that commits nothing: a procedure or a Python migration left it off."""
        if not self._connection.get_autocommit() and not self.in_transaction():
            self._connection.autocommit(True)  # noqa: FBT003 - PyMySQL's signature

    def _overdue(self) -> str:
        limit = self._watch.budget
        return f"waited longer than {limit:g} s for a table's metadata lock" if self._watch.interrupted else ""

    def query(self, text: str, params: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Run one command and return its rows."""
        try:
            return self._execute(Command(text, params or None), None).rows or []
        except (pymysql.MySQLError, OSError) as error:
            raise failure.translate(error, text, 0) from error

    def in_transaction(self) -> bool:
        """Whether a transaction is open: every answer of the server says so."""
        return in_transaction(self._connection)

    def lock(self, key: str, holder: str) -> str | None:  # noqa: ARG002 - a user lock carries no text
        """Try once to take the server's user lock for `key` in this database."""
        if self._lock:
            return None
        name = "instar:" + sha256(f"{self.server.database}\0{key}".encode()).hexdigest()[:40]
        taken, owner = self.query("SELECT GET_LOCK(%s, 0), IS_USED_LOCK(%s)", (name, name))[0]
        if taken != 1:
            return self._describe_holder(owner)
        self._lock = name
        return None

    def _describe_holder(self, owner: object) -> str:
        rows = self.query(_HOLDER, (owner,)) if owner is not None else []
        if not rows:
            return f"connection {owner}" if owner is not None else "another migrator"
        user, host, seconds = rows[0]
        return f"connection {owner} ({user}@{host}, in its present state for {seconds} s)"

    def hold(self) -> bool:
        """Look the lock up; RELEASE_ALL_LOCKS() in a script let it go."""
        if not self._lock:
            return True
        held, own = self.query("SELECT IS_USED_LOCK(%s), CONNECTION_ID()", (self._lock,))[0]
        return held == own or self.query("SELECT GET_LOCK(%s, 0)", (self._lock,))[0][0] == 1

    def unlock(self) -> None:
        """Give the user lock back."""
        name, self._lock = self._lock, ""
        if name and self._connection.open:
            with suppress(DatabaseError):  # a connection that is gone holds no lock
                self.query("SELECT RELEASE_LOCK(%s)", (name,))

    @property
    def _check(self) -> str:
        return f"SELECT IS_USED_LOCK('{self._lock}') <=> CONNECTION_ID()" if self._lock else ""

    def configure(self, settings: Settings) -> None:
        """Apply the time-outs: whole seconds in the server, and the watch for what is shorter."""
        wait, limit = settings.lock_timeout, settings.statement_timeout
        self._watch.budget = wait
        self._wanted = dict(self._beginning)
        if wait is not None:
            seconds = str(max(math.ceil(wait), self._flavour.least_lock_timeout))
            self._wanted |= {"lock_wait_timeout": seconds, "innodb_lock_wait_timeout": seconds}
        if limit is not None:
            self._wanted[self._flavour.limit] = self._flavour.limited(limit)
        self.run(self.restoring())

    def limiting(self, seconds: float | None) -> list[Command]:
        """Bound a statement's time. MySQL knows that for SELECT only."""
        name = self._flavour.limit
        value = self._wanted.get(name, "0") if seconds is None else self._flavour.limited(seconds)
        return [Command(f"SET @@SESSION.{name} = {value}")]

    def opening(self) -> list[Command]:
        """Check that the user lock is still ours: a script may have released it, a proxy may have switched servers."""
        return [Command(self._check)] if self._lock else []

    def restoring(self) -> list[Command]:
        """Put back the variables and the database in use."""
        database, role, stopped = self.query(restore.PLACE)[0]
        texts = restore.inside(self._wanted, restore.read(self.query(restore.WATCHED)), stopped=bool(stopped))
        if role != self._role:
            texts.append(restore.role(self._role))
        if database != self.server.database:
            texts.append(f"USE `{self.server.database.replace('`', '``')}`")
        return [Command(text) for text in texts]

    def tidying(self) -> list[Command]:
        """Drop the temporary tables that scripts made, and put back what a transaction does not let change."""
        now = restore.read(self.query(restore.WATCHED))
        self._memory.clear()
        return [*self._temporary.dropping(), *(Command(text) for text in restore.outside(self._wanted, now))]

    def durable(self) -> list[Command]:
        """Nothing: how commits reach the disk is set for the whole server (innodb_flush_log_at_trx_commit)."""
        return []

    def resolve(self, names: Names) -> Names:
        """Name the database of the connection, so that a script's USE leads nowhere else."""
        return names if names.schema else Names(names.history, names.log, self.server.database, names.internal)

    def describe(self, statement: Statement) -> str | None:
        """Say what the catalog holds of the statement's objects."""
        return probe.describe(statement.text, self._catalog(self._memory.database(statement) or self._database()))

    def prepare(self, statement: Statement, tell: Tell | None = None) -> None:
        """Do nothing: DDL is atomic and leaves no half-made objects."""

    def confirm(self, statement: Statement) -> None:
        """Release table locks that the script took, which would lock out our own tables; refuse an open transaction."""
        if locks_tables(statement.text):
            self.query("UNLOCK TABLES")
        elif self.in_transaction():
            raise DatabaseError(
                "the statement left a transaction open",
                hint="let the procedure commit what it starts, or call it inside BEGIN and COMMIT of the script",
            )

    def probe(self, statement: Statement, before: str | None) -> Probe:
        """Compare the catalog with what `describe` said."""
        return probe.probe(statement.text, before, self._catalog(self._database()))

    def _catalog(self, database: str) -> Catalog:
        return Catalog(self.query, self._flavour, database)

    def _database(self) -> str:
        """Return the database in use now, which a script's USE may have changed."""
        return str(self.query("SELECT DATABASE()")[0][0] or self.server.database)

    def blockers(self) -> tuple[Blocker, ...]:
        """Return who blocked the last statement that was seen waiting for a metadata lock."""
        return self._watch.seen

    def watch(self, blocked: Callable[[tuple[Blocker, ...]], None] | None) -> None:
        """Call `blocked` when a statement is seen waiting."""
        self._watch.report = blocked

    def measure(self) -> dict[str, int | float]:
        """Return the database's size and the server's counters."""
        return metrics.measure(self.query, self._replica)

    def _replica(self) -> list[dict[str, object]]:
        outcome = self._run(Command("SHOW REPLICA STATUS"), 0)
        return [dict(zip(outcome.columns, row, strict=True)) for row in outcome.rows or []]

    def catalog(self) -> Schema:
        """Read the live catalog with sizes."""
        return live.catalog(self.query, self._flavour, self._database())

    def snapshot(self, names: Names | None = None) -> Snapshot:
        """Read the whole schema of the connection's database."""
        from instar.dialects.mysql.snapshot import snapshot

        return snapshot(self.query, self._flavour, self.server.database, names or Names())

    def cancel(self) -> None:
        """Stop the running command from a second connection."""
        with suppress(pymysql.MySQLError, OSError):
            other = beside(self._connection)
            with other, other.cursor() as cursor:
                cursor.execute(f"KILL QUERY {self._identifier}")

    def close(self) -> None:
        """Close our own connection; give back the caller's as it was."""
        self._watch.close()
        if not self._connection.open:
            return
        if self._owned:
            self._connection.close()
            return
        with suppress(DatabaseError, pymysql.MySQLError):  # the caller's connection may have been lost
            self._give_back()

    def _give_back(self) -> None:
        if self.in_transaction():
            self.query("ROLLBACK")
        self.unlock()
        self._wanted = dict(self._beginning)
        self.run([*self.restoring(), *self.tidying()])
        self._connection.autocommit(self._autocommit)


def _committed(index: int) -> DatabaseError:
    return DatabaseError(
        "the statement has committed the transaction that it ran in, and with it all statements before it",
        index=index,
        hint="move it to a migration of its own, and see in the database what is done of this one",
    )


def _lock_lost(index: int) -> DatabaseError:
    return DatabaseError(
        "the migrator lock is no longer ours",
        index=index,
        hint="does a script call RELEASE_ALL_LOCKS, or does a proxy share connections? Connect to the server itself",
    )
