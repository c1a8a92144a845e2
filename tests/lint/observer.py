"""Watches PostgreSQL while a migration runs on it: the locks it holds, and the work it does, statement by statement."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from msgspec import Struct, field

from instar.effects import LockMode, WorkKind
from instar.model import Kind, Segment, Statement

SCANNED = 100
"""So many rows read make a scan: a look-up reads fewer."""

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
_USERS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_RELATIONS = f"""
SELECT c.oid::int8, CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END,
       c.relkind::text, pg_relation_filenode(c.oid)::int8,
       coalesce(pg_relation_size(c.oid), 0), coalesce(i.indrelid, 0)::int8,
       coalesce((SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = c.oid ORDER BY h.inhseqno LIMIT 1), 0)::int8
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE {_USERS} AND c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I', 'S', 'f')
"""
_LOCKS = "SELECT relation::int8, mode, granted FROM pg_locks WHERE pid = %s AND locktype = 'relation'"
_COUNTS = """
SELECT relid::int8, seq_tup_read + coalesce(idx_tup_fetch, 0), n_tup_ins + n_tup_upd + n_tup_del
FROM pg_stat_xact_all_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""
_WAITING = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"


class Relation(Struct, frozen=True):
    """A relation as the catalog has it; `table` is an index's own, `parent` a partition's."""

    oid: int
    name: str
    kind: str
    file: int | None
    size: int
    table: int
    parent: int


class Did(Struct, frozen=True):
    """Work that was seen, on a relation that was there before."""

    kind: WorkKind
    relation: str


class Moment(Struct):
    """What was seen of one statement.

    `held` are the locks when it was done (its own, and those of earlier statements of its transaction), by relation:
    tables, views and sequences by their names, indexes too. `before` is what was held when it began.
    """

    text: str
    segment: int
    before: dict[str, LockMode]
    held: dict[str, LockMode]
    work: frozenset[Did] = frozenset()


class Seen(Struct):
    """All that was seen of a migration; `error` is what the server said when it refused a statement."""

    moments: list[Moment] = field(default_factory=list)
    error: str = ""
    kin: dict[str, set[str]] = field(default_factory=dict)
    """The partitions (at every depth) and the indexes of every relation."""


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a session in which nothing waits for ever."""
    connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
    connection.execute("SET lock_timeout = '20s'")
    connection.execute("SET statement_timeout = '60s'")
    return connection


def relations(connection: psycopg.Connection[Any]) -> dict[int, Relation]:
    """Return the users' relations by oid."""
    return {row[0]: Relation(*row) for row in connection.execute(_RELATIONS.encode()).fetchall()}


class Observer:
    """Runs segments on one connection, and looks at them from another one where that is needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = connect(url)
        self._there = relations(self._connection)
        self.seen = Seen(kin=_kin(self._there))

    def close(self) -> None:
        self._connection.close()

    def run(self, parts: Sequence[Segment]) -> Seen:
        """Run segments in order; what the server refuses ends it, and is kept in `error`."""
        try:
            for number, part in enumerate(parts):
                self._segment(number, part)
        except psycopg.Error as error:
            self.seen.error = str(error)
            self._connection.rollback()
        return self.seen

    def _segment(self, number: int, part: Segment) -> None:
        if not part.transaction:
            self._alone(number, part.statements[0])
            return
        self._connection.execute((part.begin.text if part.begin else "BEGIN").encode())
        held: dict[str, LockMode] = {}
        for statement in part.statements:
            files, counts = relations(self._connection), self._counts()
            send(self._connection, statement)
            work = self._worked(files, relations(self._connection)) | self._counted(counts, self._counts())
            before, held = held, self._held()
            self.seen.moments.append(Moment(statement.text, number, before, held, work))
        self._connection.execute("COMMIT")

    def _held(self) -> dict[str, LockMode]:
        rows = self._connection.execute(_LOCKS, (self._connection.info.backend_pid,)).fetchall()
        return self._named(rows)

    def _named(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, LockMode]:
        held: dict[str, LockMode] = {}
        for oid, mode, _ in rows:
            relation = self._there.get(oid)
            if relation is not None:
                held[relation.name] = max(held.get(relation.name, LockMode.NONE), _MODES[mode])
        return held

    def _counts(self) -> dict[int, tuple[int, int]]:
        rows = self._connection.execute(_COUNTS.encode()).fetchall()
        return {oid: (read, written) for oid, read, written in rows}

    def _counted(self, before: Mapping[int, tuple[int, int]], after: Mapping[int, tuple[int, int]]) -> frozenset[Did]:
        found = set()
        for oid, (read, written) in after.items():
            relation, (was_read, was_written) = self._there.get(oid), before.get(oid, (0, 0))
            if relation is not None and read - was_read >= SCANNED:
                found.add(Did(WorkKind.SCAN, relation.name))
            if relation is not None and written > was_written:
                found.add(Did(WorkKind.DML, relation.name))
        return frozenset(found)

    def _worked(self, before: Mapping[int, Relation], after: Mapping[int, Relation]) -> frozenset[Did]:
        """Compare files: a new file is a rewrite, a rebuild or a build; an index may also take over a file."""
        files = {item.file for item in before.values()}
        found = set()
        for oid, now in after.items():
            table = self._there.get(now.table or oid)
            if table is None or now.file is None or now.file in files:
                continue
            if now.kind == "i":
                found.add(Did(WorkKind.REBUILD if oid in before else WorkKind.BUILD, table.name))
            elif oid in before:
                found.add(Did(WorkKind.REWRITE if now.size else WorkKind.SWAP, table.name))
        return frozenset(found)

    def _alone(self, number: int, statement: Statement) -> None:
        """Run a statement outside a transaction, while a writer is at work: its locks are seen when it waits for it."""
        files = relations(self._connection)
        if statement.kind is not Kind.OUTSIDE:
            send(self._connection, statement)
            return
        with connect(self._url) as watching, self._writing() as writer:
            held = self._watched(statement, watching, writer)
        work = self._worked(files, relations(self._connection))
        self.seen.moments.append(Moment(statement.text, number, {}, held, work))

    @contextmanager
    def _writing(self) -> Iterator[psycopg.Connection[Any]]:
        """Hold the lock of a writer on every table."""
        with psycopg.connect(self._url) as writer:
            names = [item.name for item in relations(writer).values() if item.kind in {"r", "p"}]
            for name in names:
                quoted = ".".join(f'"{part}"' for part in name.split("."))
                writer.execute(f"LOCK TABLE ONLY {quoted} IN ROW EXCLUSIVE MODE".encode())
            yield writer
            writer.rollback()

    def _watched(
        self, statement: Statement, watching: psycopg.Connection[Any], writer: psycopg.Connection[Any]
    ) -> dict[str, LockMode]:
        held: dict[str, LockMode] = {}
        failed: list[psycopg.Error] = []
        running = threading.Thread(target=_attempt, args=(self._connection, statement, failed))
        running.start()
        while running.is_alive():
            pid = self._connection.info.backend_pid
            # Asked first: what waits now still holds or wants its locks when they are read, and only then is let go.
            waits = watching.execute(_WAITING, (pid,)).fetchone()
            for name, mode in self._named(watching.execute(_LOCKS, (pid,)).fetchall()).items():
                held[name] = max(held.get(name, LockMode.NONE), mode)
            if waits and waits[0]:
                writer.rollback()
            time.sleep(0.002)
        if failed:
            raise failed[0]
        return held


def _attempt(connection: psycopg.Connection[Any], statement: Statement, failed: list[psycopg.Error]) -> None:
    try:
        send(connection, statement)
    except psycopg.Error as error:
        failed.append(error)


def send(connection: psycopg.Connection[Any], statement: Statement) -> None:
    """Run one statement, with the rows of its COPY."""
    cursor = connection.cursor()
    if statement.data is None:
        cursor.execute(statement.text.encode())
        return
    with cursor.copy(statement.text.encode()) as copy:
        copy.write(statement.data)


def _kin(there: Mapping[int, Relation]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {item.name: set() for item in there.values()}
    for item in there.values():
        above = there.get(item.parent or item.table)
        while above is not None:
            found[above.name].add(item.name)
            above = there.get(above.parent or above.table)
    return found
