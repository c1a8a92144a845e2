"""Compares the locks that are computed for a statement with those that a server shows inside the transaction."""

from typing import Any

import psycopg
from msgspec import Struct

from instar.catalog import Schema
from instar.dialects import load
from instar.dialects.postgresql import lex
from instar.effects import Effect, LockMode, WorkKind

_MODES = {
    "AccessShareLock": LockMode.ACCESS_SHARE,
    "RowShareLock": LockMode.ROW_SHARE,
    "RowExclusiveLock": LockMode.ROW_EXCLUSIVE,
    "ShareUpdateExclusiveLock": LockMode.SHARE_UPDATE_EXCLUSIVE,
    "ShareLock": LockMode.SHARE,
    "ShareRowExclusiveLock": LockMode.SHARE_ROW_EXCLUSIVE,
    "ExclusiveLock": LockMode.EXCLUSIVE,
    "AccessExclusiveLock": LockMode.ACCESS_EXCLUSIVE,
}
_OBJECTS = """
SELECT c.oid, CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relkind::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|information_schema)'
"""
_LOCKS = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
_SCANS = "SELECT relid, coalesce(seq_scan, 0) FROM pg_stat_xact_user_tables"
_WEAKEST_ON_INDEX = LockMode.SHARE_UPDATE_EXCLUSIVE
_READS = frozenset({WorkKind.SCAN, WorkKind.REWRITE, WorkKind.BUILD, WorkKind.REBUILD})


class Seen(Struct, frozen=True):
    """Locks by key (tables, views and sequences from ROW SHARE on, indexes that stop others), tables read, refusal."""

    locks: dict[str, LockMode]
    scanned: frozenset[str] = frozenset()
    error: str = ""


def statements(script: str) -> list[str]:
    """Cut a script."""
    return [script[start:end] for start, end, _ in lex.statements(script)]


def learned(script: str, version: int) -> Schema:
    """Return the schema that a script leaves."""
    dialect = load("postgresql")
    schema = dialect.schema()
    schema.version = (version,)
    for text in statements(script):
        effect = dialect.analyse(text, schema)
        assert not effect.error, (text, effect.error)
        dialect.learn(effect, schema, "1")
    return schema


def computed(effect: Effect) -> Seen:
    """Return what the analysis says, in the same form."""
    locks = {lock.relation: lock.mode for lock in effect.locks if lock.mode > LockMode.ACCESS_SHARE}
    read = frozenset(work.relation for work in effect.work if work.kind in _READS)
    return Seen({} if effect.error else locks, frozenset() if effect.error else read, effect.error)


def seen(connection: psycopg.Connection[Any], text: str) -> Seen:
    """Run a statement, look, and roll back."""
    connection.rollback()
    before = {row[0]: (row[1], row[2]) for row in connection.execute(_OBJECTS)}
    # Counts are of the session until it reports them, which it never does inside a transaction.
    scans = dict(connection.execute(_SCANS).fetchall())
    try:
        connection.execute(text.encode())
        held = connection.execute(_LOCKS).fetchall()
        read = connection.execute(_SCANS).fetchall()
    except psycopg.Error as error:
        return Seen({}, error=str(error).splitlines()[0])
    finally:
        connection.rollback()
    locks: dict[str, LockMode] = {}
    for oid, word in held:
        name, kind = before.get(oid, ("", ""))
        mode = _MODES[word]
        weak = mode < _WEAKEST_ON_INDEX if kind in {"i", "I"} else mode <= LockMode.ACCESS_SHARE
        if name and not weak:
            locks[name] = max(mode, locks.get(name, LockMode.NONE))
    return Seen(locks, frozenset(before[oid][0] for oid, count in read if oid in before and count > scans.get(oid, 0)))
