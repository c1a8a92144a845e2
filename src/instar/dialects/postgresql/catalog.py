"""What PostgreSQL's catalog knows of statements that cannot be in a transaction, and of the server's condition."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from instar.dialects import Command, Probe, Tell
from instar.errors import DatabaseError

if TYPE_CHECKING:
    from instar.dialects.postgresql.connect import PostgreSQLSession

_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_QUALIFIED = rf"{_NAME}(?:\s*\.\s*{_NAME})?"
_CREATE_INDEX = re.compile(
    rf"create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?P<name>{_NAME})\s+"
    rf"on\s+(?:only\s+)?(?P<table>{_QUALIFIED})",
    re.IGNORECASE,
)
_DROP_INDEX = re.compile(
    rf"drop\s+index\s+concurrently\s+(?P<exists>if\s+exists\s+)?(?P<name>{_QUALIFIED})\s*(?:cascade|restrict)?\s*$",
    re.IGNORECASE,
)
_REINDEX = re.compile(rf"reindex\b.*?\b(?P<what>index|table)\s+concurrently\s+(?P<name>{_QUALIFIED})", re.IGNORECASE)
_DETACH = re.compile(
    rf"alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?P<table>{_QUALIFIED})\s+detach\s+partition\s+"
    rf"(?P<name>{_QUALIFIED})\s+concurrently",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    rf"(?P<verb>create|drop)\s+(?P<what>database|tablespace|subscription)\s+(?:if\s+exists\s+)?(?P<name>{_NAME})",
    re.IGNORECASE,
)
_REPEATABLE = re.compile(r"(?:vacuum|analyze|cluster|reindex|alter\s+system|discard|reset|set)\b", re.IGNORECASE)
_STATE = """
SELECT CASE WHEN c.oid IS NULL THEN 'absent' WHEN c.relkind NOT IN ('i', 'I') THEN 'other'
            WHEN i.indisvalid AND i.indisready THEN 'valid' ELSE 'invalid' END, c.oid::regclass::text
FROM (SELECT pg_catalog.to_regclass(%s) AS oid) r
LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
"""
_INDEX_SCHEMA = """
SELECT quote_ident(n.nspname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass(%s)
"""
_REMAINS = """
SELECT c.oid::regclass::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND i.indrelid = (SELECT coalesce(x.indrelid, r.oid) FROM (SELECT pg_catalog.to_regclass(%s)::oid AS oid) r
                    LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = r.oid)
"""
_DETACH_STATE = """
SELECT CASE WHEN i.inhdetachpending THEN 'pending' ELSE 'attached' END FROM pg_catalog.pg_inherits i
WHERE i.inhparent = pg_catalog.to_regclass(%s) AND i.inhrelid = pg_catalog.to_regclass(%s)
"""
_OLD_TRANSACTIONS = """
SELECT pid, coalesce(usename, ''), extract(epoch FROM clock_timestamp() - xact_start)::int, left(query, 80)
FROM pg_catalog.pg_stat_activity
WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND clock_timestamp() - xact_start > interval '30 seconds'
ORDER BY xact_start LIMIT 3
"""
_BLOCK_PATIENCE = "60s"
_CATALOGS = {"database": ("pg_database", "datname"), "tablespace": ("pg_tablespace", "spcname"),
             "subscription": ("pg_subscription", "subname")}  # fmt: skip
_MEASURES = """
SELECT pg_catalog.pg_database_size(current_database()),
  (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'),
  CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_catalog.pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') END,
  (SELECT count(*) FROM pg_catalog.pg_locks), (SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted),
  d.blks_hit, d.blks_read, d.temp_files, d.temp_bytes, d.deadlocks,
  (SELECT coalesce(sum(n_dead_tup), 0) FROM pg_catalog.pg_stat_user_tables),
  (SELECT extract(epoch FROM max(replay_lag)) FROM pg_catalog.pg_stat_replication)
FROM pg_catalog.pg_stat_database d WHERE d.datname = current_database()
"""
_MEASURE_NAMES = (
    "database_size_bytes", "active_connections", "wal_bytes", "locks", "lock_waits", "blocks_hit", "blocks_read",
    "temp_files", "temp_bytes", "deadlocks", "dead_tuples", "replication_lag_seconds",
)  # fmt: skip


class _Subject(Struct, frozen=True):
    """What a statement outside a transaction is about: how to see its state, and which state means that it ran."""

    state: Callable[["PostgreSQLSession"], str]
    done: str


def _index(name: str) -> Callable[["PostgreSQLSession"], str]:
    return lambda session: str(session.query(_STATE, (name,))[0][0])


def _subject(session: "PostgreSQLSession", text: str) -> _Subject | None:
    code = _plain(text)
    if match := _CREATE_INDEX.match(code):
        return _Subject(_index(_index_name(session, match)), "valid")
    if match := _DROP_INDEX.match(code):
        return _Subject(_index(match["name"]), "absent")
    if match := _DETACH.match(code):
        return _Subject(_partition(match["table"], match["name"]), "detached")
    if match := _OBJECT.match(code):
        done = "present" if match["verb"].lower() == "create" else "absent"
        return _Subject(_object(match["what"].lower(), _unquoted(match["name"])), done)
    return None


def _partition(table: str, name: str) -> Callable[["PostgreSQLSession"], str]:
    def state(session: "PostgreSQLSession") -> str:
        rows = session.query(_DETACH_STATE, (table, name))
        return str(rows[0][0]) if rows else "detached"

    return state


def _object(what: str, name: str) -> Callable[["PostgreSQLSession"], str]:
    table, column = _CATALOGS[what]
    text = f"SELECT count(*) FROM pg_catalog.{table} WHERE {column} = %s"
    return lambda session: "present" if session.query(text, (name,))[0][0] else "absent"


def _index_name(session: "PostgreSQLSession", match: re.Match[str]) -> str:
    """Return the name with the schema of its table, where an index lives whatever the search_path says."""
    rows = session.query(_INDEX_SCHEMA, (match["table"],))
    return f"{rows[0][0]}.{match['name']}" if rows else match["name"]


def _plain(text: str) -> str:
    """Fold comments and white space away, so that patterns need not know them."""
    from instar.dialects.postgresql import lex

    return " ".join(text[a:b] for _, a, b in lex.significant(text)).replace(" . ", ".")


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def describe(session: "PostgreSQLSession", text: str) -> str | None:
    """Return the state of the statement's object, or None where the catalog says nothing of it."""
    subject = _subject(session, text)
    return subject.state(session) if subject else None


def probe(session: "PostgreSQLSession", text: str, before: str | None) -> Probe:
    """Compare the state now with the state `before` the statement began."""
    subject = _subject(session, text)
    if subject is None:
        return Probe.NOT_APPLIED if _REPEATABLE.match(_plain(text)) else Probe.UNKNOWN
    now = subject.state(session)
    if now == "pending":
        _finish_detach(session, text)
        return Probe.APPLIED
    if now == subject.done and before != subject.done:
        return Probe.APPLIED
    return Probe.NOT_APPLIED


def _finish_detach(session: "PostgreSQLSession", text: str) -> None:
    match = _DETACH.match(_plain(text))
    assert match is not None  # only a detach is ever "pending"
    session.run([Command(f"ALTER TABLE {match['table']} DETACH PARTITION {match['name']} FINALIZE")])


def prepare(session: "PostgreSQLSession", text: str, tell: Tell | None) -> None:
    """Clear remains of an earlier attempt, and lift the lock time-out: it would leave an INVALID index behind."""
    code = _plain(text)
    if code[:2].upper() == "DO" or code[:4].upper() == "CALL":
        # Its row locks are the application's, short and in the way of nobody: half a block done is worse than a wait.
        session.run([Command(f"SET lock_timeout = '{_BLOCK_PATIENCE}'")])
    if " concurrently " not in f" {code.lower()} ":
        return
    session.run([Command("SET lock_timeout = 0")])
    if match := _CREATE_INDEX.match(code):
        _drop_invalid(session, _index_name(session, match), tell)
    elif match := _REINDEX.match(code):
        _drop_remains(session, match["name"], tell)
    _warn_of_old_transactions(session, tell)


def _drop_invalid(session: "PostgreSQLSession", name: str, tell: Tell | None) -> None:
    state, shown = session.query(_STATE, (name,))[0]
    if state == "invalid":
        if tell is not None:
            tell("NOTICE", f"dropping INVALID index {shown}, left by an earlier attempt", "")
        session.run([Command(f"DROP INDEX CONCURRENTLY {shown}")])


def _drop_remains(session: "PostgreSQLSession", name: str, tell: Tell | None) -> None:
    for (shown,) in session.query(_REMAINS, (name,)):
        if tell is not None:
            tell("NOTICE", f"dropping INVALID index {shown}, left by an earlier REINDEX", "")
        session.run([Command(f"DROP INDEX CONCURRENTLY {shown}")])


def _warn_of_old_transactions(session: "PostgreSQLSession", tell: Tell | None) -> None:
    """CONCURRENTLY waits for every transaction that began before it."""
    if tell is None:
        return
    for pid, user, seconds, query in session.query(_OLD_TRANSACTIONS):
        tell("WARNING", f"waiting for a transaction of {user} (pid {pid}), {seconds} s old", str(query))


def confirm(session: "PostgreSQLSession", text: str) -> None:
    """Raise DatabaseError when CREATE INDEX CONCURRENTLY left an INVALID index without saying so."""
    match = _CREATE_INDEX.match(_plain(text))
    if match is None:
        return
    name = _index_name(session, match)
    if _index(name)(session) == "invalid":
        raise DatabaseError(f"the index {name} is INVALID", hint="run the same command again: it is built anew")


def measure(session: "PostgreSQLSession") -> dict[str, int | float]:
    """Sample sizes (bytes), counts and lag (seconds). `wal_bytes` counts since the cluster was made."""
    row = session.query(_MEASURES)[0]
    values = dict(zip(_MEASURE_NAMES, row, strict=True))
    return {name: _number(value) for name, value in values.items() if value is not None}


def _number(value: object) -> int | float:
    number = float(str(value))
    return int(number) if number.is_integer() else number
