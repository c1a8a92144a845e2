"""What a script may leave set in a SQLite connection, and the commands that put it back."""

import sqlite3
from dataclasses import dataclass

from instar.dialects import Command

_ANYWHERE = (
    "legacy_alter_table",
    "recursive_triggers",
    "ignore_check_constraints",
    "query_only",
    "writable_schema",
    "read_uncommitted",
    "reverse_unordered_selects",
    "trusted_schema",
)
_OUTSIDE = ("foreign_keys", "synchronous")
# Setting these even to the value they have does something: temp_store drops temporary tables.
_ONLY_IF_CHANGED = ("temp_store", "locking_mode")


@dataclass(frozen=True, slots=True)
class Beginning:
    """A connection's pragmas, temporary objects and attached files when the session began."""

    pragmas: dict[str, object]
    temporary: frozenset[tuple[str, str]]
    attached: frozenset[str]
    like: object


def observe(connection: sqlite3.Connection) -> Beginning:
    """Read what `restoring` and `tidying` go back to."""
    return Beginning(
        {name: _value(connection, name) for name in (*_ANYWHERE, *_OUTSIDE, *_ONLY_IF_CHANGED, "busy_timeout")},
        _temporary(connection),
        _attached(connection),
        _like(connection),
    )


def restoring(connection: sqlite3.Connection, beginning: Beginning) -> list[Command]:
    """Return the pragmas that may be set inside a transaction."""
    commands = [Command(f"PRAGMA {name} = {beginning.pragmas[name]}") for name in _ANYWHERE]
    if _like(connection) != beginning.like:
        commands.append(Command(f"PRAGMA case_sensitive_like = {int(not beginning.like)}"))
    return commands


def tidying(connection: sqlite3.Connection, beginning: Beginning) -> list[Command]:
    """Return what only works outside a transaction: foreign keys, attached files, temporary tables."""
    changed = [name for name in _ONLY_IF_CHANGED if _value(connection, name) != beginning.pragmas[name]]
    pragmas = [f"PRAGMA {name} = {beginning.pragmas[name]}" for name in (*_OUTSIDE, *changed)]
    drops = [f"DROP {kind} IF EXISTS temp.{quote(name)}" for kind, name in _temporary(connection) - beginning.temporary]
    detaches = [f"DETACH {quote(name)}" for name in _attached(connection) - beginning.attached]
    return [Command(text) for text in (*sorted(drops, reverse=True), *sorted(detaches), *pragmas)]


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _value(connection: sqlite3.Connection, pragma: str) -> object:
    row = connection.execute(f"PRAGMA {pragma}").fetchone()
    return row[0] if row else 0


def _temporary(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Indexes go with their tables, triggers on other tables do not."""
    return frozenset(
        connection.execute(
            "SELECT type, name FROM temp.sqlite_master WHERE type <> 'index' AND name NOT LIKE 'sqlite_%'"
        )
    )


def _attached(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(row[1] for row in connection.execute("PRAGMA database_list")) - {"main", "temp"}


def _like(connection: sqlite3.Connection) -> object:
    """Whether LIKE ignores case: the pragma for it cannot be read."""
    return connection.execute("SELECT 'a' LIKE 'A'").fetchone()[0]
