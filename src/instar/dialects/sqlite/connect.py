"""A SQLite connection as a session."""

import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from instar.catalog import Schema
from instar.dialects import Command, Names, Outcome, Probe, Server, Settings, Tell
from instar.dialects.sqlite import failure, live, lock, metrics, restore
from instar.dialects.sqlite.parse import lex, pragma, repeatable
from instar.dialects.sqlite.url import MEMORY, database_of, require_file, require_folder
from instar.errors import ConnectError, DatabaseError, UsageError
from instar.model import Blocker, Statement
from instar.snapshot import Snapshot

_OLDEST = (3, 35)
_CHECKS = {"foreign_key_check": [], "integrity_check": [("ok",)], "quick_check": [("ok",)]}
_LIMIT = "-- instar: statement time-out "
_STEPS_BETWEEN_LOOKS = 20_000


def connect(url: str, settings: Settings) -> "SqliteSession":
    """Open the database file that `url` names; SQLite makes it when it is new and may be made."""
    _require_version()
    path = database_of(url)
    require_folder(path)
    if not settings.make:
        require_file(path)
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        session = SqliteSession(connection, owned=True)
    except sqlite3.Error as error:
        failed = failure.translate(error, "", 0)
        raise ConnectError(f"cannot open the SQLite database {path}: {error}", hint=failed.hint) from error
    session.configure(settings)
    return session


def wrap(connection: object) -> "SqliteSession | None":
    """Make a session of the caller's connection, which must not be inside a transaction."""
    if not isinstance(connection, sqlite3.Connection):
        return None
    _require_version()
    if connection.in_transaction or getattr(connection, "autocommit", -1) is False:
        raise UsageError(
            "the connection is inside a transaction, and migrations commit their own",
            hint="commit or roll back first (with autocommit=False: set connection.autocommit = True)",
        )
    return SqliteSession(connection, owned=False)


def _require_version() -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise ConnectError(
            f"this Python has SQLite {sqlite3.sqlite_version}, and instar needs 3.35 or newer",
            hint="use a Python that is built with a newer SQLite",
        )


class SqliteSession:
    """A SQLite connection in autocommit mode, with what it was like when the session began."""

    dialect = "sqlite"
    streams = False

    def __init__(self, connection: sqlite3.Connection, *, owned: bool) -> None:
        self._connection = connection
        self._owned = owned
        self._given = (connection.isolation_level, connection.row_factory, connection.text_factory)
        connection.isolation_level, connection.row_factory, connection.text_factory = None, None, str
        self._beginning = restore.observe(connection)
        self._busy = self._beginning.pragmas["busy_timeout"]
        self._statement_timeout: float | None = None
        self._cancelled = False
        self._usual_timeout: float | None = None
        self._deadline = math.inf
        self._lock: lock.Lock | None = None
        self._attached: list[Statement] = []
        self.server = Server(
            f"SQLite {sqlite3.sqlite_version}", sqlite3.sqlite_version_info, self._path or MEMORY, user=""
        )

    @property
    def _path(self) -> str:
        """The main file's absolute path; empty for a database in memory."""
        rows = self._connection.execute("PRAGMA database_list")
        return next((str(row[2] or "") for row in rows if row[1] == "main"), "")

    @property
    def driver(self) -> sqlite3.Connection:
        """The sqlite3 connection."""
        return self._connection

    def run(
        self,
        commands: Sequence[Command],
        *,
        tell: Tell | None = None,  # noqa: ARG002 - SQLite sends no notices
        meanwhile: Callable[[], None] | None = None,
        arrived: Callable[[int, Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Run `commands` in order and stop at the first that fails."""
        if meanwhile is not None:
            meanwhile()
        outcomes: list[Outcome] = []
        for index, command in enumerate(commands):
            outcomes.append(self._run(command, index))
            if arrived is not None:
                arrived(index, outcomes[-1])
        return outcomes

    def _run(self, command: Command, index: int) -> Outcome:
        began = time.perf_counter()
        if self._settled(command):
            return Outcome(None, (), -1, 0.0)
        self._deadline = math.inf if self._statement_timeout is None else began + self._statement_timeout
        try:
            cursor = self._execute(command)
            columns = tuple(column[0] for column in cursor.description or ())
            rows = cursor.fetchall() if columns else None
        except (sqlite3.Error, sqlite3.Warning) as error:
            if self._is_ctrl_c(error):
                raise KeyboardInterrupt from error
            raise self._failed(error, command, index) from error
        finally:
            self._cancelled = False
            self._deadline = math.inf  # a Python migration's own statements have no time-out of ours
        if rows and command.statement is not None:
            _require_no_violation(command.text, rows, index)
        self._remember(command)
        return Outcome(rows, columns, cursor.rowcount, time.perf_counter() - began)

    def _is_ctrl_c(self, error: Exception) -> bool:
        """Whether the progress handler was where Ctrl-C was noticed: what it raises is lost, only the stop remains."""
        stopped = getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT"
        return stopped and not self._cancelled and time.perf_counter() < self._deadline

    def _settled(self, command: Command) -> bool:
        """Whether a command is not for SQLite, or has nothing left to do."""
        if command.statement is not None:
            return any(item is command.statement for item in self._attached)
        if command.text.startswith(_LIMIT):
            self._limit(float(command.text.removeprefix(_LIMIT)) or None)
            return True
        # SQLite itself rolls back on an interrupt or a full disk.
        return command.text == "ROLLBACK" and not self.in_transaction()

    def _remember(self, command: Command) -> None:
        """Keep in mind which ATTACH and DETACH have run: settings are repeated, and these cannot be."""
        if command.statement is not None and command.text[:6].lower() in {"attach", "detach"}:
            self._attached.append(command.statement)

    def _execute(self, command: Command) -> sqlite3.Cursor:
        if command.params is None:
            return self._connection.execute(command.text)
        return self._connection.execute(command.text.replace("%s", "?"), command.params)

    def _failed(self, error: sqlite3.Error | sqlite3.Warning, command: Command, index: int) -> DatabaseError:
        late = time.perf_counter() >= self._deadline
        limit = f"stopped by the statement time-out of {self._statement_timeout} s" if late else ""
        return failure.translate(error, command.text, index, limit)

    def query(self, text: str, params: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Run one command and return its rows."""
        return self._run(Command(text, params or None), 0).rows or []

    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def lock(self, key: str, holder: str) -> str | None:  # noqa: ARG002 - one migrator per file, whatever its key
        """Take the lock beside the database file; a database in memory has no other migrator."""
        if self._lock is not None or not self._path:
            return None
        try:
            taken = lock.acquire(self._path, holder)
        except OSError as error:
            raise DatabaseError(
                f"cannot write the lock file {self._path}{lock.SUFFIX}: {error}",
                hint="SQLite needs write access to the folder of a database, for its journal as well",
            ) from error
        if isinstance(taken, str):
            return taken
        self._lock = taken
        return None

    def hold(self) -> bool:
        """Say yes: no script can let go of a lock on a file."""
        return True

    def unlock(self) -> None:
        """Give the lock back and remove its file."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def configure(self, settings: Settings) -> None:
        """Apply the busy time-out, and a watch on the time that a statement takes."""
        wanted = settings.lock_timeout
        self._busy = self._beginning.pragmas["busy_timeout"] if wanted is None else max(0, round(wanted * 1000))
        self._connection.execute(f"PRAGMA busy_timeout = {self._busy}")
        self._usual_timeout = settings.statement_timeout
        self._limit(settings.statement_timeout)

    def limiting(self, seconds: float | None) -> list[Command]:
        """Bound a statement's time; the command is for this session, not for SQLite."""
        return [Command(f"{_LIMIT}{(self._usual_timeout if seconds is None else seconds) or 0.0}")]

    def _limit(self, seconds: float | None) -> None:
        # Without a time-out, too: only inside the handler does Python see a Ctrl-C while a statement runs.
        self._connection.set_progress_handler(self._overdue, _STEPS_BETWEEN_LOOKS)
        self._statement_timeout = seconds

    def _overdue(self) -> int:
        return int(time.perf_counter() >= self._deadline)

    def opening(self) -> list[Command]:
        """Nothing: the lock lives and dies with this process."""
        return []

    def restoring(self) -> list[Command]:
        """Put back the pragmas that may be set inside a transaction."""
        return [*restore.restoring(self._connection, self._beginning), Command(f"PRAGMA busy_timeout = {self._busy}")]

    def tidying(self) -> list[Command]:
        """Drop temporary tables, detach files, and put back the pragmas that a transaction refuses."""
        self._attached.clear()
        return restore.tidying(self._connection, self._beginning)

    def durable(self) -> list[Command]:
        """Nothing: SQLite takes no change of `synchronous` inside a transaction, so every commit waits for the disk."""
        return []

    def resolve(self, names: Names) -> Names:
        """Name the schema `main`, which an attached database cannot take over."""
        return names if names.schema else Names(names.history, names.log, "main", names.internal)

    def describe(self, statement: Statement) -> str | None:  # noqa: ARG002 - the contract
        """Say nothing: what SQLite refuses inside a transaction leaves no trace in its catalog."""
        return None

    def prepare(self, statement: Statement, tell: Tell | None = None) -> None:
        """Do nothing: SQLite leaves no half-made objects."""

    def confirm(self, statement: Statement) -> None:
        """Do nothing: SQLite's statements take effect or fail."""

    def probe(self, statement: Statement, before: str | None) -> Probe:  # noqa: ARG002 - the contract
        """Say that VACUUM and pragmas may run again; of others nothing is known."""
        return Probe.NOT_APPLIED if repeatable(lex(statement.text)) else Probe.UNKNOWN

    def blockers(self) -> tuple[Blocker, ...]:
        """Return nobody: SQLite does not know who holds a file's lock."""
        return ()

    def watch(self, blocked: Callable[[tuple[Blocker, ...]], None] | None) -> None:
        """Do nothing: there is nobody to name."""

    def measure(self) -> dict[str, int | float]:
        """Return the sizes of the database and its write-ahead log."""
        return metrics.measure(self._connection, self._path)

    def catalog(self) -> Schema:
        """Read the live catalog with sizes."""
        return live.catalog(self._connection)

    def snapshot(self, names: Names | None = None) -> Snapshot:
        """Read the whole schema of the main file."""
        from instar.dialects.sqlite.snapshot import snapshot

        try:
            return snapshot(self._connection, names or Names())
        except sqlite3.Error as error:
            raise failure.translate(error, "", 0) from error

    def cancel(self) -> None:
        """Interrupt the running command."""
        self._cancelled = True
        with suppress(sqlite3.ProgrammingError):  # closed in the meantime
            self._connection.interrupt()

    def close(self) -> None:
        """Close our own connection; give back the caller's as it was."""
        self.unlock()
        if self._owned:
            self._connection.close()
            return
        self._give_back()

    def _give_back(self) -> None:
        connection = self._connection
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self.configure(Settings(lock_timeout=None))
            connection.set_progress_handler(None, 0)
            self.run([*self.restoring(), *self.tidying()])
            connection.isolation_level, connection.row_factory, connection.text_factory = self._given
        except sqlite3.ProgrammingError:
            return  # the caller has closed it already


def _require_no_violation(text: str, rows: list[tuple[object, ...]], index: int) -> None:
    name, _ = pragma(lex(text)) if text[:6].lower() == "pragma" else ("", False)
    if name in _CHECKS and rows != _CHECKS[name]:
        raise failure.violation(name, rows, index)
