"""A PostgreSQL session: psycopg's connection in autocommit, with our lock, time-outs and watch for blockers."""

import hashlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from instar.catalog import Schema
from instar.dialects import Command, Names, Outcome, Probe, Server, Settings, Tell
from instar.dialects.postgresql.wire import Wire, lost
from instar.errors import ConnectError, DatabaseError, UsageError
from instar.model import Blocker, Statement
from instar.redact import redact
from instar.snapshot import Snapshot

_BLOCKERS = """
SELECT a.pid, coalesce(a.usename, ''), coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8,
       coalesce(a.query, ''), coalesce(a.state, ''), coalesce(a.application_name, '')
FROM unnest(pg_catalog.pg_blocking_pids(%s)) AS b(pid) JOIN pg_catalog.pg_stat_activity a USING (pid)
ORDER BY a.xact_start
"""
_HOLDER = """
SELECT a.application_name, a.pid, a.usename, coalesce(host(a.client_addr), 'local'), a.backend_start::text
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database =
      (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND l.classid::bigint = %s AND l.objid::bigint = %s
"""
_CALLERS = """
SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session' AND context IN ('user', 'superuser')
UNION ALL SELECT 'role', pg_catalog.current_setting('role') WHERE pg_catalog.current_setting('role') <> 'none'
"""
_HELD = """
SELECT 1 FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid = pg_catalog.pg_backend_pid()
  AND classid::bigint = %s AND objid::bigint = %s
"""
_NAME_LIMIT = 63
_LEAVING = ("temp", "prepare", "listen", "declare", "nextval", "do ", "call", "execute", "select")
_TIDYING = tuple(
    Command(text) for text in ("CLOSE ALL", "DEALLOCATE ALL", "UNLISTEN *", "DISCARD TEMP", "DISCARD SEQUENCES")
)
_RESETS = (Command("RESET SESSION AUTHORIZATION"), Command("RESET ALL"))


class PostgreSQLSession:
    """One connection; see instar.dialects.Session for what its methods promise."""

    dialect = "postgresql"
    streams = True

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        settings: Settings,
        *,
        owned: bool = True,
        release: Callable[[], None] | None = None,
        resettable: bool = False,
    ) -> None:
        self._connection = connection
        self._owned = owned
        self._release = release
        self._was = (connection.autocommit, connection.prepare_threshold)
        # psycopg must not believe in prepared statements of its own: scripts and `tidying` deallocate them.
        connection.autocommit, connection.prepare_threshold = True, None
        self._tell: Tell | None = None
        self._blocked: Callable[[tuple[Blocker, ...]], None] | None = None
        self._blockers: tuple[Blocker, ...] = ()
        self._observer: psycopg.Connection[Any] | None = None
        self._key: int | None = None
        self._untidy = False
        self.direct = False
        """Whether nobody else has the server's session before or after us: what is prepared in it is only ours."""
        self._holder = settings.application
        # What the connection began with is what RESET ALL puts back.
        self._beginning = (settings, settings.application) if resettable else None
        self._settings = settings
        self._notices: list[tuple[str, str, str]] = []
        self._wire = Wire(connection, self._look_for_blockers, notices=self._hand_on)
        connection.add_notice_handler(self._noticed)
        self.server = self._identify()
        self._configured = False
        self._callers = () if owned else tuple(self._settings_of_caller())
        self.configure(settings)

    @property
    def driver(self) -> psycopg.Connection[Any]:
        """The psycopg connection."""
        self._untidy = True
        return self._connection

    def _identify(self) -> Server:
        info = self._connection.info
        version = info.server_version
        text = self._connection.info.parameter_status("server_version") or str(version)
        return Server(f"PostgreSQL {text.split()[0]}", divmod(version, 10000), info.dbname, info.user)

    def run(
        self,
        commands: Sequence[Command],
        *,
        tell: Tell | None = None,
        meanwhile: Callable[[], None] | None = None,
        arrived: Callable[[int, Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Run `commands` in order and stop at the first that fails."""
        self._tell, self._blockers = tell, ()
        self._untidy = self._untidy or any(_may_leave(command) for command in commands)
        try:
            return self._wire.run(commands, meanwhile, arrived)
        except DatabaseError:
            raise
        except BaseException:  # Ctrl-C, or whoever was told something could not take it
            self._stop_running()
            raise
        finally:
            self._tell = None
            self._notices.clear()

    def _stop_running(self) -> None:
        """Cancel what still runs. Nothing may: a late cancel would hit our ROLLBACK."""
        if self._connection.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
            self.cancel()
        self._wire.idle, watch = None, self._wire.idle
        try:
            self._wire.drain()
        except psycopg.OperationalError as error:
            raise lost(error) from error
        finally:
            self._wire.idle = watch

    def query(self, text: str, params: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Run one command and return its rows."""
        return self.run([Command(text, params)])[0].rows or []

    def in_transaction(self) -> bool:
        """Whether a transaction is open on the server's side."""
        return self._connection.pgconn.transaction_status in {
            pq.TransactionStatus.INTRANS,
            pq.TransactionStatus.INERROR,
        }

    def lock(self, key: str, holder: str) -> str | None:
        """Try once for the advisory lock of the session; the holder shows as application_name."""
        self._key = int.from_bytes(hashlib.sha256(f"instar:{key}".encode()).digest()[:8], signed=True)
        self._holder = holder
        self.configure(self._settings)
        if self.query("SELECT pg_catalog.pg_try_advisory_lock(%s::bigint)", (self._key,))[0][0]:
            return None
        unsigned = self._key & 0xFFFFFFFFFFFFFFFF
        self._key = None
        rows = self.query(_HOLDER, (unsigned >> 32, unsigned & 0xFFFFFFFF))
        if not rows:
            return "a session that has just ended"
        name, pid, user, client, since = rows[0]
        return f"{name} (pid {pid}, user {user}, from {client}, connected {since})"

    def hold(self) -> bool:
        """Look the lock up; DISCARD ALL and pg_advisory_unlock_all() in a script let it go."""
        if self._key is None:
            return True
        unsigned = self._key & 0xFFFFFFFFFFFFFFFF
        rows = self.query(_HELD, (unsigned >> 32, unsigned & 0xFFFFFFFF))
        return bool(rows) or bool(self.query("SELECT pg_catalog.pg_try_advisory_lock(%s::bigint)", (self._key,))[0][0])

    def unlock(self) -> None:
        """Give the lock back."""
        if self._key is not None and self._connection.pgconn.status == pq.ConnStatus.OK:
            self.query("SELECT pg_catalog.pg_advisory_unlock(%s::bigint)", (self._key,))
        self._key = None

    def configure(self, settings: Settings) -> None:
        """Apply the time-outs of `settings` to the session."""
        self._settings = settings
        self._wire.patience = min(settings.lock_timeout / 2, 1.0) if settings.lock_timeout else 1.0
        begun = self._beginning == (settings, self._holder)
        self._ours = () if begun else (*self._callers, _settings_command(settings, self._holder))
        self.run([*_RESETS, *self._ours] if self._configured else self._ours)
        self._configured = True

    def _settings_of_caller(self) -> list[Command]:
        """Return what sets again what a caller's connection had set: its search_path says where tables are made."""
        rows = self.query(_CALLERS)
        text = "SELECT pg_catalog.set_config(%s, %s, false)"
        return [Command(text, (name, value)) for name, value in rows]

    def limiting(self, seconds: float | None) -> list[Command]:
        """Set statement_timeout, or put our own back."""
        if seconds is None:
            seconds = self._settings.statement_timeout
        value = _milliseconds(seconds) if seconds is not None else "0"
        return [Command("SELECT pg_catalog.set_config('statement_timeout', %s, false)", (value,))]

    def opening(self) -> list[Command]:
        """Fail (division by zero) when another session holds the migrator lock.

        The lock of a transaction is granted beside our own session's, and cannot outlive the transaction: also true
        where a pooler changed the server session behind our back.
        """
        if self._key is None:
            return []
        return [Command("SELECT 1 / pg_catalog.pg_try_advisory_xact_lock(%s::bigint)::int", (self._key,))]

    def restoring(self) -> list[Command]:
        """Undo what a script set: RESET ALL covers neither role nor session authorization."""
        return [*_RESETS, *self._ours]

    def tidying(self) -> list[Command]:
        """DISCARD ALL without what would give our lock away."""
        if not self._untidy:
            return []
        self._untidy = False
        self._wire.forget()
        return list(_TIDYING)

    def durable(self) -> list[Command]:
        """Make this transaction's commit wait for the disk, and with it all before."""
        return [Command("SET LOCAL synchronous_commit TO on")]

    def resolve(self, names: Names) -> Names:
        """Fill in the schema in which CREATE TABLE would put the history."""
        if names.schema:
            return names
        schema = self.query("SELECT pg_catalog.current_schema()")[0][0]
        if schema is None:
            raise ConnectError(
                "the search_path names no schema that exists, so there is no place for the history",
                hint='set schema = "..." under [migrations]',
            )
        return Names(names.history, names.log, str(schema), names.internal)

    def describe(self, statement: Statement) -> str | None:
        """Say what the catalog holds of the statement's object now."""
        from instar.dialects.postgresql import catalog

        return catalog.describe(self, statement.text)

    def prepare(self, statement: Statement, tell: Tell | None = None) -> None:
        """Drop the INVALID index that a failed CONCURRENTLY left; never put a lock time-out on CONCURRENTLY."""
        from instar.dialects.postgresql import catalog

        catalog.prepare(self, statement.text, tell)

    def confirm(self, statement: Statement) -> None:
        """Check that the index that was built is valid."""
        from instar.dialects.postgresql import catalog

        catalog.confirm(self, statement.text)

    def probe(self, statement: Statement, before: str | None) -> Probe:
        """Ask the catalog whether an interrupted statement took effect."""
        from instar.dialects.postgresql import catalog

        return catalog.probe(self, statement.text, before)

    def blockers(self) -> tuple[Blocker, ...]:
        """Return who blocked the last command."""
        return self._blockers

    def watch(self, blocked: Callable[[tuple[Blocker, ...]], None] | None) -> None:
        """Call `blocked` while a command waits for a lock."""
        self._blocked = blocked

    def measure(self) -> dict[str, int | float]:
        """Sample the server."""
        from instar.dialects.postgresql import catalog

        return catalog.measure(self)

    def catalog(self) -> Schema:
        """Read the live catalog."""
        from instar.dialects.postgresql import live

        return live.catalog(self)

    def snapshot(self, names: Names | None = None) -> Snapshot:
        """Read the whole schema."""
        from instar.dialects.postgresql import snapshot

        return snapshot.read(self, names)

    def cancel(self) -> None:
        """Cancel the running command."""
        self._connection.pgconn.get_cancel().cancel()

    def close(self) -> None:
        """Close our connections; leave the caller's as it was."""
        if self._observer is not None:
            self._observer.close()
        if self._owned:
            self._connection.close()
        elif not self._connection.closed:
            self.unlock()
            self.run([*_RESETS, *self._callers])
            self._connection.remove_notice_handler(self._noticed)
            self._connection.autocommit, self._connection.prepare_threshold = self._was
        if self._release is not None:
            self._release()

    def _noticed(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Keep a notice. We are inside a callback of libpq's: what is raised here, Ctrl-C too, is lost."""
        if self._tell is not None:
            severity = diagnostic.severity_nonlocalized or diagnostic.severity or "NOTICE"
            self._notices.append((severity, diagnostic.message_primary or "", diagnostic.message_detail or ""))

    def _hand_on(self) -> None:
        while self._notices and self._tell is not None:
            self._tell(*self._notices.pop(0))

    def _look_for_blockers(self) -> None:
        """Ask over a second connection: ours is waiting. A refused second connection only costs the report."""
        try:
            if self._observer is None or self._observer.closed:
                self._observer = psycopg.connect(
                    self._connection.info.dsn, password=self._connection.info.password, autocommit=True
                )
            rows = self._observer.execute(_BLOCKERS, (self._connection.info.backend_pid,)).fetchall()
        except psycopg.OperationalError:
            return
        if rows:
            self._blockers = tuple(Blocker(*row) for row in rows)
            if self._blocked is not None:
                self._blocked(self._blockers)


def connect(url: str, settings: Settings) -> PostgreSQLSession:
    """Open a session. An `embedded:` URL starts its server and stops it when the session closes."""
    release: Callable[[], None] | None = None
    if url.startswith("embedded:"):
        from pathlib import Path

        from instar.dialects.postgresql import embedded

        server = embedded.for_url(url, Path.cwd())
        url, release = server.url(), server.stop
    try:
        connection, resettable = _connection(url, settings)
    except psycopg.Error as error:
        if release is not None:
            release()
        raise ConnectError(_reason(error), hint=_hint(str(error))) from None
    from instar.dialects.postgresql import pooler

    session = PostgreSQLSession(connection, settings, release=release, resettable=resettable)
    try:
        session.direct = not (settings.session_pooler or pooler.refuse(session))
    except ConnectError:
        session.close()
        raise
    return session


def _connection(url: str, settings: Settings) -> tuple[psycopg.Connection[Any], bool]:
    """Connect with our settings as the session's own, so that RESET ALL puts them back; poolers may refuse that."""
    given = _conninfo(url)
    ours = " ".join(f"-c {name}={value}" for name, value in _pairs(settings).items())
    options = f"{given.get('options') or ''} {ours}".strip()
    try:
        begun = given | {"options": options, "application_name": _fit(settings.application), "client_encoding": "UTF8"}
        return psycopg.connect(make_conninfo("", **begun), autocommit=True), True
    except psycopg.OperationalError as error:
        if "startup parameter" not in str(error):
            raise
    return psycopg.connect(make_conninfo("", **given), autocommit=True), False


def wrap(connection: object) -> PostgreSQLSession | None:
    """Make a session of a caller's psycopg connection, whose settings count as the session's own."""
    if not isinstance(connection, psycopg.Connection):
        return None
    if connection.info.transaction_status != pq.TransactionStatus.IDLE:
        raise UsageError("the connection is inside a transaction", hint="commit or roll back before migrating with it")
    return PostgreSQLSession(connection, Settings(), owned=False)


def _conninfo(url: str) -> dict[str, Any]:
    """Let the URL decide, with short waits for dead hosts where neither it nor the environment says otherwise."""
    try:
        given = conninfo_to_dict(_bare(url))
    except psycopg.ProgrammingError as error:
        raise UsageError(f"the database URL cannot be read: {_reason(error)}") from None
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        given["connect_timeout"] = "10"
    return given


def _bare(url: str) -> str:
    """Drop a driver from the scheme, as SQLAlchemy writes it (postgresql+psycopg://)."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{mark}{rest}" if mark else url


def _reason(error: psycopg.Error) -> str:
    return redact(" ".join(str(error).split()))


def _hint(text: str) -> str:
    if "does not exist" in text and "database" in text:
        return "create the database first, or correct the name in the URL"
    if "password" in text or "authentication" in text:
        return "check user and password; a password may stand in ~/.pgpass or PGPASSWORD"
    if "Connection refused" in text or "could not" in text or "No such file" in text:
        return "is the server running? `instar wait --timeout 30s` waits for it"
    return ""


def _may_leave(command: Command) -> bool:
    """Whether a script's statement may leave a temporary table, a prepared statement, a cursor or a listener."""
    if command.statement is None:
        return False
    text = command.text.lower()
    return any(word in text for word in _LEAVING)


def _pairs(settings: Settings) -> dict[str, str]:
    # Scripts are sent as UTF-8, whatever the server or PGCLIENTENCODING prefer.
    pairs = {"client_encoding": "UTF8", "synchronous_commit": "off"}
    if settings.lock_timeout is not None:
        pairs["lock_timeout"] = _milliseconds(settings.lock_timeout)
    if settings.statement_timeout is not None:
        pairs["statement_timeout"] = _milliseconds(settings.statement_timeout)
    return pairs


def _settings_command(settings: Settings, name: str) -> Command:
    pairs = _pairs(settings) | {"application_name": _fit(name)}
    calls = ", ".join("pg_catalog.set_config(%s, %s, false)" for _ in pairs)
    return Command(f"SELECT {calls}", tuple(part for pair in pairs.items() for part in pair))


def _fit(name: str) -> str:
    return name.encode()[:_NAME_LIMIT].decode(errors="ignore")


def _milliseconds(seconds: float) -> str:
    return f"{max(int(seconds * 1000), 0)}ms"
