"""The tracking tables: what is applied, what was attempted, and how far a half-done migration came.

`schema_migrations` and `migration_execution_log` have exactly the columns of the standards document. Checkpoints and
the version of this layout live in tables of our own. Writes are given as commands, so that they join a migration's
own transaction.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from instar.dialects import Command, Dialect, Names, Session
from instar.errors import DatabaseError, ForeignHistoryError, InstarError
from instar.model import Action, Attempt, Checkpoint, Entry, Migration

LAYOUT = "1"
_COLUMNS = (
    "version", "name", "description", "author", "applied_at", "execution_time_ms", "checksum", "rollback_available",
)  # fmt: skip
_LOG_COLUMNS = (
    "id", "migration_version", "action", "status", "started_at", "completed_at", "error_message", "execution_context",
)  # fmt: skip
# undefined_table and invalid_schema_name of PostgreSQL, ER_NO_SUCH_TABLE of MySQL: all else is no answer.
_UNDEFINED = frozenset({"42P01", "3F000", "1146"})
_WAY_OUT = (
    'give instar a table of its own: table = "instar_migrations" under [migrations], then `instar baseline VERSION` '
    "for what that tool has applied already"
)


class History(Struct, frozen=True):
    """The tracking tables of one database."""

    session: Session
    names: Names
    sql: Mapping[str, str]

    def ready(self) -> bool:
        """Whether the tables exist. Raises ForeignHistoryError when one of that name is not ours."""
        found: dict[str, list[str]] = {}
        for table, column in self.session.query(self.sql["columns"]):
            found.setdefault(str(table), []).append(str(column))
        _refuse_foreign(self.names.history, found.get(self.names.history), _COLUMNS)
        _refuse_foreign(self.names.log, found.get(self.names.log), _LOG_COLUMNS)
        return self.names.history in found and self.names.log in found

    def create(self) -> None:
        """Create what is missing and bring the layout up to date. Safe to run again at any point."""
        names = ("create_history", "create_log", "create_internal", "create_checkpoint", "create_meta")
        self.session.run([Command(self.sql[name]) for name in names if name in self.sql])
        self.session.run([self.command("meta_write", "layout", LAYOUT)])

    def layout(self) -> str | None:
        """Return the version of the layout, None when our own tables are not there."""
        try:
            rows = self.session.query(self.sql["meta_read"])
        except DatabaseError as error:
            if error.sqlstate in _UNDEFINED or "no such table" in error.message:
                return None
            raise
        return next((str(value) for name, value in rows if name == "layout"), None)

    def ensure(self) -> None:
        """Create or upgrade the tables where needed.

        Raises ForeignHistoryError, or InstarError when a newer instar has been here.
        """
        layout = self.layout() if self.ready() else None
        if layout is None:
            self.create()
        elif int(layout) > int(LAYOUT):
            raise InstarError(
                f"the tracking tables have layout {layout}, and this instar knows {LAYOUT}", hint="use a newer instar"
            )

    def command(self, name: str, *params: object) -> Command:
        """Return one of our statements with its parameters."""
        return Command(self.sql[name], params)

    def entries(self) -> list[Entry]:
        """Read what is applied."""
        return [_entry(row) for row in self.session.query(self.sql["read"])]

    def checkpoints(self) -> dict[tuple[str, str], Checkpoint]:
        """Read how far half-done migrations came, by (version, action)."""
        rows = self.session.query(self.sql["checkpoint_read"])
        return {(str(row[0]), str(row[1])): _checkpoint(row) for row in rows}

    def actors(self) -> dict[str, str]:
        """Return who applied each version, as the log knows it."""
        return {str(version): str(actor or "") for version, actor in self.session.query(self.sql["log_actors"])}

    def attempts(self) -> list[Attempt]:
        """Read the whole execution log, oldest first."""
        return [_attempt(row) for row in self.session.query(self.sql["log_read"])]

    def unfinished(self) -> list[Attempt]:
        """Return the attempts on this history whose end nobody recorded; the log may be shared with another."""
        rows = self.session.query(self.sql["log_unfinished"])
        return [
            Attempt(id=_int(row[0]), version=str(row[1]), action=str(row[2]), status="started", context=_json(row[3]))
            for row in rows
            if _json(row[3]).get("history") in {None, self.name}
        ]

    @property
    def name(self) -> str:
        """The history's table with its schema, as log rows name it."""
        return f"{self.names.schema}.{self.names.history}"

    def record(self, migration: Migration, milliseconds: int, *, again: bool = False) -> Command:
        """Return the command that records `migration` as applied (`again`: a repeatable that is there already)."""
        header = migration.header
        texts = (migration.name[:255], header.description or None, header.author[:100] or None)
        facts = (milliseconds, migration.checksum, migration.reversible)
        if again:
            return self.command("update", *texts, *facts, migration.version)
        return self.command("insert", migration.version, *texts, *facts)

    def start(self, version: str, action: Action, context: str) -> Command:
        """Return the command that logs the start of an attempt; its one row is the attempt's id."""
        return self.command("log_start", version, action.value, context)

    def finish(self, attempt: int, status: str, context: str, error: str | None = None) -> Command:
        """Return the command that logs the end of an attempt."""
        return self.command("log_finish", status, error, context, attempt)

    def save(self, checkpoint: Checkpoint) -> Command:
        """Return the command that stores a checkpoint."""
        prints = json.dumps(checkpoint.fingerprints)
        place = (checkpoint.done, prints, checkpoint.running, checkpoint.probe)
        return self.command("checkpoint_write", checkpoint.version, checkpoint.action, *place)

    def clear(self, version: str, action: str) -> Command:
        """Return the command that removes a checkpoint."""
        return self.command("checkpoint_delete", version, action)


def open_history(session: Session, dialect: Dialect, names: Names) -> History:
    """Return the history of the database behind `session`."""
    resolved = session.resolve(names)
    return History(session, resolved, dialect.sql(resolved))


def _refuse_foreign(table: str, columns: Sequence[str] | None, ours: Sequence[str]) -> None:
    if columns is None or set(ours) <= set(columns):
        return
    owner = _owner(set(columns))
    raise ForeignHistoryError(f"the table {table} belongs to {owner}; it was not touched", hint=_WAY_OUT)


def _owner(columns: set[str]) -> str:
    """Tell the tools that use this name apart by their columns."""
    if columns == {"version"}:
        return "dbmate or Rails (one column, version)"
    if columns == {"version", "dirty"}:
        return "golang-migrate (columns version, dirty)"
    return f"another tool (columns {', '.join(sorted(columns))})"


def _entry(row: tuple[object, ...]) -> Entry:
    version, name, description, author, applied_at, milliseconds, checksum, rollback = row
    return Entry(
        version=str(version),
        name=str(name),
        description=_text(description),
        author=_text(author),
        applied_at=time_of(applied_at),
        execution_time_ms=None if milliseconds is None else _int(milliseconds),
        checksum=_text(checksum),
        rollback_available=bool(rollback),
    )


def _checkpoint(row: tuple[object, ...]) -> Checkpoint:
    version, action, done, prints, running, probe = row
    return Checkpoint(
        version=str(version),
        action=str(action),
        done=_int(done),
        fingerprints=tuple(json.loads(str(prints))),
        running=None if running is None else _int(running),
        probe=_text(probe),
    )


def _attempt(row: tuple[object, ...]) -> Attempt:
    identifier, version, action, status, started, completed, message, context = row
    return Attempt(
        id=_int(identifier),
        version=str(version),
        action=str(action),
        status=str(status),
        started_at=time_of(started),
        completed_at=time_of(completed),
        error_message=_text(message),
        context=_json(context),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _int(value: object) -> int:
    return int(str(value))


def _json(value: object) -> Mapping[str, Any]:
    """Read a context that anyone may have written: what is no JSON object is kept as text."""
    if value is None:
        return {}
    try:
        found = json.loads(str(value))
    except ValueError:
        return {"text": str(value)}
    return found if isinstance(found, dict) else {"text": str(value)}


def time_of(value: object) -> datetime | None:
    """Read a time as the engines give it; one without a zone is UTC."""
    if value is None:
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
