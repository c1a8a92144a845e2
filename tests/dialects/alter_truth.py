"""What a server really does when it runs a statement, and what the analysis says of it, side by side."""

from collections.abc import Iterator

import psycopg
from msgspec import Struct

from instar.catalog import Schema
from instar.dialects import load
from instar.effects import Effect, LockMode, WorkKind

_MODES = {
    "RowShareLock": LockMode.ROW_SHARE,
    "RowExclusiveLock": LockMode.ROW_EXCLUSIVE,
    "ShareUpdateExclusiveLock": LockMode.SHARE_UPDATE_EXCLUSIVE,
    "ShareLock": LockMode.SHARE,
    "ShareRowExclusiveLock": LockMode.SHARE_ROW_EXCLUSIVE,
    "ExclusiveLock": LockMode.EXCLUSIVE,
    "AccessExclusiveLock": LockMode.ACCESS_EXCLUSIVE,
}
_OBJECTS = """
SELECT c.oid, CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relkind::text,
       pg_relation_filenode(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|information_schema)'
"""
_LOCKS = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
_SCANS = "SELECT relid, coalesce(seq_scan, 0) FROM pg_stat_xact_user_tables"


class Seen(Struct, frozen=True):
    """`locks` on what was there before (but the weakest), and names of what was written, built again, read."""

    locks: dict[str, LockMode]
    rewritten: frozenset[str] = frozenset()
    rebuilt: frozenset[str] = frozenset()
    scanned: frozenset[str] = frozenset()
    error: str = ""


def observed(connection: psycopg.Connection, statement: str) -> Seen:
    """Run a statement in a transaction that is rolled back, and say what it did."""
    try:
        return _observed(connection, statement)
    except psycopg.Error as error:
        return Seen({}, error=error.diag.message_primary or str(error))
    finally:
        connection.rollback()


def _observed(connection: psycopg.Connection, statement: str) -> Seen:
    before = {row[0]: row for row in connection.execute(_OBJECTS)}
    scans: dict[int, int] = dict(connection.execute(_SCANS).fetchall())
    connection.execute(statement.encode())
    names = {row[1]: row for row in connection.execute(_OBJECTS)}
    locks: dict[str, LockMode] = {}
    for oid, mode in connection.execute(_LOCKS):
        if oid in before and mode in _MODES:
            locks[before[oid][1]] = max(locks.get(before[oid][1], LockMode.NONE), _MODES[mode])
    changed = [row for row in before.values() if row[1] in names and names[row[1]][3] != row[3]]
    seen = connection.execute(_SCANS).fetchall()
    return Seen(
        locks=locks,
        rewritten=frozenset(row[1] for row in changed if row[2] in "rm"),
        rebuilt=frozenset(row[1] for row in changed if row[2] == "i"),
        scanned=frozenset(before[oid][1] for oid, count in seen if oid in before and count > scans.get(oid, 0)),
    )


def learned(text: str, version: int = 0) -> Schema:
    """Return the schema that a script leaves, as replayed without a server."""
    dialect = load("postgresql")
    schema = dialect.schema()
    schema.version = (version, 0) if version else ()
    for piece in dialect.cut(text):
        dialect.learn(dialect.analyse(text[piece.start : piece.end], schema), schema, "1")
    return schema


def differences(seen: Seen, effect: Effect) -> Iterator[str]:
    """Yield what the analysis says otherwise than the server."""
    if seen.error or effect.error:
        if seen.error != effect.error and not seen.error.startswith("syntax error"):
            yield f"refused: {seen.error!r}, said {effect.error!r}"
        return
    locks = {lock.relation: lock.mode for lock in effect.locks if lock.mode in _MODES.values()}
    if locks != seen.locks:
        yield f"locks: {sorted(seen.locks.items())}, said {sorted(locks.items())}"
    rewritten = _worked(effect, WorkKind.REWRITE)
    if rewritten != seen.rewritten:
        yield f"written anew: {sorted(seen.rewritten)}, said {sorted(rewritten)}"
    rebuilt = frozenset(item.object for item in effect.work if item.kind is WorkKind.REBUILD)
    if not rewritten and rebuilt != seen.rebuilt:
        yield f"built again: {sorted(seen.rebuilt)}, said {sorted(rebuilt)}"
    scanned = _worked(effect, WorkKind.SCAN, WorkKind.REWRITE)
    if scanned != seen.scanned:
        yield f"read: {sorted(seen.scanned)}, said {sorted(scanned)}"
    yield from (f"unknown: {item.unknown}" for item in effect.work if item.unknown)


def _worked(effect: Effect, *kinds: WorkKind) -> frozenset[str]:
    return frozenset(item.relation for item in effect.work if item.kind in kinds)
