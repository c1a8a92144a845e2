"""One folder per database engine. This module is the contract: what a Dialect and its Session answer.

Nobody above this package asks which engine it talks to. A dialect's folder holds a module-level `dialect`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from instar.catalog import Schema
from instar.effects import Effect
from instar.errors import DatabaseError, UsageError
from instar.model import Blocker, Piece, Segment, Statement
from instar.shapes import Digest, Kind, Shape
from instar.snapshot import Object, Snapshot

if TYPE_CHECKING:
    from instar.dialects._keeping import Keeping

Tell = Callable[[str, str, str], None]
"""Receives a server notice: severity, message, detail."""


class Server(Struct, frozen=True):
    """The server behind a session: a name with version for people, and the version as numbers."""

    name: str
    version: tuple[int, ...]
    database: str
    user: str


class Command(Struct, frozen=True):
    """A text for the server. With `params`, `%s` marks stand for them; without, the text is sent as it is.

    `statement` is the user's statement that this command is, if it is one: its COPY data goes with it.
    """

    text: str
    params: tuple[object, ...] | None = None
    statement: Statement | None = None


class Outcome(Struct, frozen=True):
    """What a command gave: rows (None when it returns none), affected rows (-1 unknown), seconds."""

    rows: list[tuple[object, ...]] | None
    columns: tuple[str, ...]
    count: int
    seconds: float


class Probe(StrEnum):
    """What the catalog says of a statement whose end nobody saw."""

    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    UNKNOWN = "unknown"


class Settings(Struct, frozen=True):
    """What a session keeps to, in seconds; None leaves the server's own value.

    `lock_timeout` is the longest wait for one lock, `statement_timeout` the longest run of one statement.
    `session_pooler` says that what stands in front of the database keeps sessions: it is not looked into.
    `make` is whether a file that is not there is made where a database is one.
    """

    lock_timeout: float | None = 0.1
    statement_timeout: float | None = None
    application: str = "instar"
    session_pooler: bool = False
    make: bool = True


class Names(Struct, frozen=True):
    """What our tables are called.

    `schema` holds history and log ("" = where the session creates tables by default), `internal` holds the rest (a
    schema, or a prefix where the engine has none).
    """

    history: str = "schema_migrations"
    log: str = "migration_execution_log"
    schema: str = ""
    internal: str = "instar"


class Session(Protocol):
    """A connection as instar sees it: autocommit unless a command begins a transaction."""

    server: Server
    dialect: str
    """The name of the dialect that this session speaks."""

    @property
    def driver(self) -> object:
        """The driver's own connection, handed to Python migrations and seeds."""

    streams: bool
    """Whether `run` sends many commands at once, so that several transactions in one call save time."""

    def run(
        self,
        commands: Sequence[Command],
        *,
        tell: Tell | None = None,
        meanwhile: Callable[[], None] | None = None,
        arrived: Callable[[int, Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Run `commands` in order and stop at the first that fails.

        `meanwhile` is called once, while the server works, or before it begins where the driver cannot do both.
        `arrived` is called with the index and the outcome of every command as soon as it is known.
        Raises DatabaseError whose `index` names the failed command. An open transaction stays open (and failed).
        """

    def query(self, text: str, params: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Run one command and return its rows."""

    def in_transaction(self) -> bool:
        """Whether a transaction is open on the server's side."""

    def lock(self, key: str, holder: str) -> str | None:
        """Try once to become the one migrator for `key`; `holder` describes us to others.

        Return None when the lock is ours, else a description of who holds it. Never waits inside the server.
        """

    def hold(self) -> bool:
        """Make sure that the migrator lock is ours, taking it again where a script let it go.

        False: somebody else has it.
        """

    def unlock(self) -> None:
        """Give the lock back. A dead process's lock is always free."""

    def configure(self, settings: Settings) -> None:
        """Apply the time-outs and remember them for `opening` and `restoring`."""

    def limiting(self, seconds: float | None) -> list[Command]:
        """Commands that bound how long one statement may run, until `limiting(None)` puts the session's own back.

        An empty list where the engine has no such bound.
        """

    def opening(self) -> list[Command]:
        """Commands that go first in every transaction: they fail when the migrator lock is no longer ours."""

    def restoring(self) -> list[Command]:
        """Commands that undo what a script left set in the session (search_path, role, time-outs).

        Safe inside and outside a transaction; none of them commits.
        """

    def tidying(self) -> list[Command]:
        """Commands for after the commit: temporary tables, prepared statements, listeners, cursors."""

    def durable(self) -> list[Command]:
        """Commands that, inside a transaction, make its commit wait for the disk.

        Others of ours need not: history and change commit together, and the last commit of a run flushes all before.
        """

    def resolve(self, names: Names) -> Names:
        """Fill in what only the server knows: the schema in which the history lives when none is named."""

    def describe(self, statement: Statement) -> str | None:
        """Say what the catalog holds of the objects that `statement` is about, before it runs outside a transaction.

        The text is stored with the intent and given to `probe` after a crash. None: nothing can be said.
        """

    def prepare(self, statement: Statement, tell: Tell | None = None) -> None:
        """Clear the way for a statement outside a transaction: drop an INVALID index left by an earlier attempt."""

    def confirm(self, statement: Statement) -> None:
        """Check after a statement outside a transaction that it did what it says (`indisvalid`).

        Raises DatabaseError when it did not.
        """

    def probe(self, statement: Statement, before: str | None) -> Probe:
        """Find out whether a statement that was interrupted took effect. `before` is what `describe` said."""

    def blockers(self) -> tuple[Blocker, ...]:
        """Return who held the lock that the last command waited for, if that was seen."""

    def watch(self, blocked: Callable[[tuple[Blocker, ...]], None] | None) -> None:
        """Call `blocked` while a command waits for a lock, before its time-out. None: stop that."""

    def measure(self) -> dict[str, int | float]:
        """Sample what the server says of itself: sizes in bytes, counts, lag in seconds."""

    def catalog(self) -> Schema:
        """Read the live catalog: relations with sizes and statistics, types, functions. Changes nothing."""

    def snapshot(self, names: Names | None = None) -> Snapshot:
        """Read the whole schema, without the tracking tables that `names` calls ours. Changes nothing.

        One consistent view of the catalog; the session is left as it was (search_path, open transaction).
        """

    def cancel(self) -> None:
        """Ask the server to stop the running command. Safe from a signal handler or another thread."""

    def close(self) -> None:
        """Close the connection; one that the caller supplied is left open and as it was."""


class Scratch(Protocol):
    """A throw-away database: a history is replayed in it, two ways to go on are compared. `name` is for people."""

    name: str

    def replay(self, parts: Sequence[Segment]) -> str:
        """Run a migration of the history; return what the server said when it refused a part of it, else ""."""

    def outcome(self, parts: Sequence[Segment]) -> Mapping[str, str] | str:
        """Run a migration on a copy: return every object's description by name, or why the server refused it."""

    def close(self) -> None:
        """Take it away."""


class Throwaway(Protocol):
    """An empty database at `url` that goes away with `close`. `name` says for people which server it is on.

    `sqlalchemy` is the URL as SQLAlchemy has it, with the driver that we use.
    """

    name: str
    url: str
    sqlalchemy: str

    def mention(self, words: Collection[str]) -> None:
        """Say which names the migrations mention: what they make outside of the database goes with it."""

    def supply(self, error: DatabaseError) -> bool:
        """Make what a statement missed although no schema makes it (a role); False: that was not it."""

    def advice(self, error: DatabaseError) -> str:
        """Say what helps where a statement missed what this server does not have; "" where nothing is known."""

    def keep(self) -> bool:
        """Remember what is in it now, instead of what was remembered before; nobody may be connected.

        False: this engine cannot.
        """

    def back(self) -> None:
        """Return to what was remembered last, at the same URL; whoever is connected is cut off."""

    def copy(self) -> "Throwaway | None":
        """Make another one with the same content on the same server; nobody may be connected. None: it cannot."""

    def close(self) -> None:
        """Take it away."""


class Rows(Protocol):
    """How an engine's rows are described, written and summed up."""

    @property
    def deferring(self) -> tuple[str, ...]:
        """Statements that let foreign keys wait until the transaction's end; empty where that is not possible."""

    @property
    def settling(self) -> tuple[str, ...]:
        """Statements that look at the foreign keys that wait."""

    def shapes(self, session: Session, names: Names) -> tuple[Shape, ...]:
        """Describe all ordinary tables, without those that `names` calls ours and those of extensions."""

    def empty(self, session: Session, shapes: Sequence[Shape]) -> frozenset[str]:
        """Return the keys of the tables without rows."""

    def literal(self, value: object, kind: Kind) -> str:
        """Write a value as SQL for a column of that kind; a text is taken for what the engine itself would show."""

    def inserting(self, shape: Shape, columns: Sequence[str], rows: Sequence[Sequence[str]], *, returned: bool) -> str:
        """Write an INSERT of rows of literals; `returned`: for `inserted`."""

    def inserted(self, session: Session, text: str) -> list[dict[str, object]]:
        """Run an INSERT that `inserting` has written with `returned`, and return the rows as they are now."""

    def selecting(self, shape: Shape, columns: Sequence[str], limit: int) -> str:
        """Write a query for values of columns, without NULLs, in an order that is always the same."""

    def digests(self, session: Session, shapes: Sequence[Shape]) -> dict[str, Digest]:
        """Sum up the content of tables by their keys. The session is left as it was; nothing is changed.

        Values are the same that the engine's canonical text shows as the same: independent of the session's settings,
        of trailing zeros of a number, of the precision of a time.
        """


class Dialect(Protocol):
    """What one engine is like, without a connection."""

    @property
    def rows(self) -> Rows:
        """How its rows are described, written and summed up."""

    name: str
    schemes: tuple[str, ...]
    transactional_ddl: bool
    begin: str
    """The text that opens a transaction of ours."""

    def connect(self, url: str, settings: Settings) -> Session:
        """Open a session. Raises ConnectError with the server's reason and no password in it."""

    def wrap(self, connection: object) -> Session | None:
        """Make a session of a driver connection that the caller owns; None when it is not this engine's."""

    def sql(self, names: Names) -> Mapping[str, str]:
        """Our own statements for the tracking tables, by name, with quoted table names filled in.

        They stand in the dialect's `history.sql`, each below a line `-- name: NAME`; docs/tracking.md lists them.
        """

    def cut(self, text: str) -> list[Piece]:
        """Cut a script into statements, with the engine's own rules.

        Raises CutError at what cannot be cut (an open string, a psql metacommand).
        """

    def fingerprint(self, text: str) -> str:
        """Return a short text that is the same for two statements that differ in layout and comments only."""

    def touched(self, text: str) -> frozenset[str] | None:
        """Return the lower-case names of the relations that a statement is about; None when that is not known."""

    def schema(self) -> Schema:
        """Return an empty shelf for what migrations create, with the engine's default schema."""

    def analyse(self, text: str, schema: Schema) -> Effect:
        """Say what a statement does to a database that is as `schema` says, which is not changed.

        Never raises: a text that the engine would refuse has `error` in its effect.
        """

    def learn(self, effect: Effect, schema: Schema, version: str = "") -> None:
        """Change `schema` as the statement of `effect` would; `version` is the migration that creates things."""

    def creating(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make `item` of the snapshot `whole`, without a final semicolon.

        Empty for an object that its owner's statement makes (a column of a table that is new). Whoever runs them makes
        what `item` needs first. The statements mean the same whatever the search_path is.
        """

    def adding(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make `item` where its owner is there already (ALTER TABLE ... ADD COLUMN).

        What its owner's statement never makes is made as by `creating`.
        """

    def dropping(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that take `item` of `whole` away. Never CASCADE."""

    def altering(self, before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
        """Return the statements that turn `before` into `after`, of the same key; `whole` is the schema to reach.

        None: no statement does so safely (a type without an implicit conversion, an enum label that goes).
        """

    def rebuilding(self, before: Snapshot, after: Snapshot, key: str) -> tuple[str, ...] | None:
        """Return what turns a table, which is in both, with all its parts into that of `after`, in one go.

        None: its parts are written one by one, by the methods above.
        """

    def preparing(self, whole: Snapshot) -> tuple[str, ...]:
        """Return what goes first in a script that makes `whole`, or a part of it, where nothing else is.

        Function bodies are not looked into while what they name is not there yet.
        """

    def terminated(self, statement: str) -> str:
        """Return a statement as it stands in a script that this dialect's own program reads, too."""

    def throwaway(self, version: int = 0, server: str = "") -> "Throwaway":
        """Make an empty database to throw away: on the server at the URL `server`, else on one of its own.

        `version` is the major version that is wanted of an own server; where that is not installed, another one.
        Raises UsageError where there is neither.
        """

    def spell(self, key: str) -> str:
        """Return a key or an identifier as it is written in SQL: quoted only where it must be."""

    def scratch(self, version: int = 0) -> "Scratch | None":
        """Start a throw-away server of the major version, or the newest that is here; None where there is none."""

    def refuses_transaction(self, error: DatabaseError) -> bool:
        """Whether the server refused a statement only because it cannot run inside a transaction."""

    def quote(self, name: str) -> str:
        """Quote an identifier."""

    def keeping(self) -> "Keeping":
        """Return how rows are kept in a backup and put back."""


class CutError(Exception):
    """A script cannot be cut at `position` (0-based characters)."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


_SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "embedded": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
}


def known(scheme: str) -> str:
    """Return the dialect's name for a URL scheme, "" for one that nobody knows."""
    return _SCHEMES.get(scheme, "")


def load(name: str) -> Dialect:
    """Return the dialect called `name`, or for the URL scheme `name`."""
    from instar import dialects, registry

    module = registry.load(dialects, _SCHEMES.get(name, name))
    return module.dialect  # type: ignore[no-any-return]


def for_url(url: str) -> Dialect:
    """Return the dialect for a database URL."""
    scheme, colon, _ = url.partition(":")
    if not colon:
        raise UsageError(
            f"{url!r} is not a database URL",
            hint="write postgresql://host/database, mariadb://host/database, sqlite:///file.db or embedded:",
        )
    return load(scheme.partition("+")[0].lower())


def same(first: str, second: str, root: Path) -> bool:
    """Whether two URLs mean the same database, whatever way they are written; relative paths start at `root`."""
    from instar.dialects import _where

    return _where.same(first, second, root)


def for_connection(connection: object) -> Session:
    """Make a session of a driver connection, trying every dialect in turn."""
    from instar import dialects, registry

    for name in registry.names(dialects):
        session = load(name).wrap(connection)
        if session is not None:
            return session
    kind = f"{type(connection).__module__}.{type(connection).__qualname__}"
    raise UsageError(
        f"a connection of type {kind} cannot run migrations",
        hint="pass a psycopg (version 3), PyMySQL or sqlite3 connection, or a SQLAlchemy engine that uses one of them",
    )


__all__ = [
    "Command",
    "CutError",
    "Dialect",
    "Names",
    "Outcome",
    "Probe",
    "Rows",
    "Scratch",
    "Server",
    "Session",
    "Settings",
    "Tell",
    "Throwaway",
    "for_connection",
    "for_url",
    "known",
    "load",
]
