"""The measured truth: what statements lock and work on, seen on a real server, beside what the analysis says.

`truth_schema.sql` is there before every statement of `truth.sql`, and likewise for any other suite of that form. A
statement runs in a transaction that is rolled back; one that cannot be in a transaction is watched from a second
session while an open transaction holds it back.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from instar import dialects
from instar.catalog import Schema
from instar.effects import Effect, Lock, LockMode, Verdict, verdict

HERE = Path(__file__).parent
DIALECT = dialects.load("postgresql")
_HEADER = re.compile(r"-- (?P<name>[^\[\n]+?)(?P<marks>(?: \[[^\]]+\])*)\n(?P<sql>.+?);\s*$", re.DOTALL)
_MARK = re.compile(r"\[(\w+) ?([^\]]*)\]")
_SEEN = """
SELECT c.oid::int8, CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END,
  c.relkind::text, coalesce(pg_relation_filenode(c.oid), 0)::int8, coalesce(i.indrelid, 0)::int8,
  CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END,
  coalesce(pg_stat_get_xact_numscans(c.oid), 0),
  (SELECT max(array_position(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock',
     'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], l.mode))
   FROM pg_locks l WHERE l.relation = c.oid AND l.pid = %(pid)s AND l.locktype = 'relation')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I', 'S', 'f')
"""
_LOCKS = """
SELECT l.relation::int8, max(array_position(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock',
  'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], l.mode))
FROM pg_locks l WHERE l.pid = %s AND l.locktype = 'relation' GROUP BY l.relation
"""
_WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
_ASKS = "SELECT 1 FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND NOT granted"
_LOOKS = 10_000
"""A statement that has not had to wait after so many looks never has to."""


class Case(Struct, frozen=True):
    """A statement. `after` runs before it in the same migration; `outside` = not in a transaction.

    `hold` is the table that another session locks meanwhile, so that the statement has to wait ("" = all of them).
    """

    group: str
    name: str
    sql: str
    first: int = 0
    last: int = 99
    outside: bool = False
    refused: bool = False
    after: str = ""
    hold: str = ""


class Relation(Struct, frozen=True):
    """A relation at one moment. `scans` are those of this transaction; `mode` is our lock on it."""

    oid: int
    name: str
    kind: str
    file: int
    table: int
    size: int
    scans: int
    mode: int | None

    @property
    def index(self) -> bool:
        return self.kind in {"i", "I"}


Relations = dict[int, Relation]


class Observed(Struct, frozen=True):
    """What was seen. `tables` are locks from ROW SHARE on, `indexes` from SHARE UPDATE EXCLUSIVE on.

    `indexes` are None where it was seen waiting for its table's lock, before any index was its turn.
    """

    tables: dict[str, LockMode]
    indexes: dict[str, LockMode] | None
    heavy: frozenset[str]
    error: str = ""
    held: tuple[dict[str, LockMode], dict[str, LockMode]] = ({}, {})
    """What the transaction held before, of tables and of indexes: it is held still, whatever the statement takes."""

    @property
    def verdict(self) -> Verdict:
        modes = [*self.tables.values(), *(self.indexes or {}).values()]
        if not any(mode >= LockMode.SHARE for mode in modes):
            return Verdict.ONLINE
        return Verdict.LONG if self.heavy else Verdict.SHORT


class Result(Struct, frozen=True):
    """A case with what was seen and what the analysis said of it."""

    case: Case
    seen: Observed
    said: Effect

    @property
    def tables(self) -> dict[str, LockMode]:
        return _strongest(_modes(self.said, index=False), self.seen.held[0])

    @property
    def indexes(self) -> dict[str, LockMode]:
        return _strongest(_modes(self.said, index=True), self.seen.held[1])

    @property
    def verdict(self) -> Verdict:
        held = tuple(Lock(name, mode) for name, mode in self.seen.held[0].items())
        return verdict(replace(self.said, locks=(*self.said.locks, *held)))

    @property
    def right(self) -> bool:
        """Whether every table, view and sequence is locked as strongly as was said."""
        return self.tables == self.seen.tables

    @property
    def right_indexes(self) -> bool:
        """Whether every index is."""
        return self.seen.indexes is None or self.indexes == self.seen.indexes

    @property
    def agrees(self) -> bool:
        return self.right and self.right_indexes and self.verdict is self.seen.verdict


class Score(Struct, frozen=True):
    """How often the analysis was right. Only statements that the server takes count for locks and verdicts."""

    results: tuple[Result, ...]
    refusals: tuple[Result, ...]

    @property
    def locks(self) -> float:
        return _share(item.right for item in self.results)

    @property
    def index_locks(self) -> float:
        return _share(item.right_indexes for item in self.results)

    @property
    def recall(self) -> float:
        """Of the statements with work over all rows under a blocking lock: how many were called that."""
        return _share(_long(item) for item in self.results if item.seen.verdict is Verdict.LONG)

    @property
    def precision(self) -> float:
        """Of the statements that were called that: how many are."""
        return _share(item.seen.verdict is Verdict.LONG for item in self.results if _long(item))

    @property
    def refused(self) -> float:
        """Of the statements that the server refuses: how many were called an error."""
        return _share(bool(item.said.error) for item in self.refusals)

    def line(self) -> str:
        long = sum(item.seen.verdict is Verdict.LONG for item in self.results)
        return (
            f"{len(self.results)} statements, {long} long: locks {self.locks:.3f}, index locks {self.index_locks:.3f}, "
            f"recall {self.recall:.3f}, precision {self.precision:.3f}, refusals {self.refused:.3f}"
        )


def _long(item: Result) -> bool:
    return item.verdict is Verdict.LONG


def _share(values: Iterator[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 1.0


def _strongest(one: dict[str, LockMode], other: dict[str, LockMode]) -> dict[str, LockMode]:
    return {name: max(one.get(name, LockMode.NONE), other.get(name, LockMode.NONE)) for name in one | other}


def _modes(effect: Effect, *, index: bool) -> dict[str, LockMode]:
    least = LockMode.SHARE_UPDATE_EXCLUSIVE if index else LockMode.ROW_SHARE
    return {lock.relation: lock.mode for lock in effect.locks if (lock.kind == "index") is index and lock.mode >= least}


@cache
def cases(suite: str = "truth") -> tuple[Case, ...]:
    """Read the statements of a suite."""
    text = (HERE / f"{suite}.sql").read_text()
    return tuple(_cases(text))


def _cases(text: str) -> Iterator[Case]:
    for block in text.split("\n== ")[1:]:
        group, _, rest = block.partition("\n")
        for part in re.split(r"\n(?=-- )", f"\n{rest}")[1:]:
            match = _HEADER.fullmatch(part.strip() + "\n")
            assert match is not None, part
            marks = dict(_MARK.findall(match["marks"]))
            yield Case(
                group=group,
                name=match["name"],
                sql=match["sql"],
                first=int(marks.get("from", 0)),
                last=int(marks.get("until", 99)),
                outside="outside" in marks,
                refused="refused" in marks,
                after=marks.get("after", ""),
                hold=marks.get("hold", ""),
            )


def wanted(version: int, suite: str = "truth") -> list[Case]:
    """Return the cases that a server of this major version knows, those that change the database last."""
    return sorted((case for case in cases(suite) if case.first <= version <= case.last), key=lambda case: case.outside)


def fixture(version: int, suite: str = "truth") -> list[str]:
    """Return the statements of a suite's schema for a server of this major version."""
    text = (HERE / f"{suite}_schema.sql").read_text()
    found: list[str] = []
    end = 0
    for piece in DIALECT.cut(text):
        marks = re.findall(r"^-- from (\d+)$", text[end : piece.start], re.MULTILINE)
        end = piece.end
        if all(version >= int(mark) for mark in marks):
            found.append(text[piece.start : piece.end])
    return found


def replayed(version: int, suite: str = "truth") -> Schema:
    """Return what the analysis learns from the fixture as one migration: the model."""
    schema = DIALECT.schema()
    schema.version = (version, 0)
    for text in fixture(version, suite):
        DIALECT.learn(DIALECT.analyse(text, schema), schema, "20240101000000")
    return schema


def live(url: str) -> Schema:
    """Return the live catalog."""
    with closing(DIALECT.connect(url, dialects.Settings())) as session:
        return session.catalog()


def said(case: Case, schema: Schema) -> Effect:
    """Analyse a case."""
    if case.after:
        schema = schema.copy()
        made: set[str] = set()
        for piece in DIALECT.cut(case.after):
            effect = DIALECT.analyse(case.after[piece.start : piece.end], schema)
            made.update(effect.creates)
            DIALECT.learn(effect, schema, "20240102000000")
        return _without(DIALECT.analyse(case.sql, schema), made)
    return DIALECT.analyse(case.sql, schema)


def _without(effect: Effect, made: set[str]) -> Effect:
    """Leave out what the same migration made: whatever happens to that blocks nobody."""
    return replace(
        effect,
        locks=tuple(item for item in effect.locks if item.relation not in made),
        work=tuple(item for item in effect.work if item.relation not in made),
    )


def load(url: str, version: int, suite: str = "truth") -> None:
    """Make the fixture in an empty database, with statistics as after autovacuum."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute(";\n".join(fixture(version, suite)).encode())
        connection.execute("ANALYZE")


def _heavy(before: Relations, after: Relations) -> Iterator[str]:
    """Name the work over rows that was done on what was there: scans, rewrites, index builds."""
    files = {item.file for item in before.values()}
    fresh = {oid for oid, item in after.items() if item.file and item.file not in files}
    emptied = {oid for oid in fresh if not after[oid].index and not after[oid].size and oid in before}
    for oid, now in after.items():
        was = before.get(oid)
        if was is not None and was.size and now.scans > was.scans and oid not in emptied:
            yield f"scan {was.name}"
        if was is not None and oid in fresh and now.size:
            yield f"rewrite {was.name}"
        if oid in fresh and now.kind == "i" and now.table in before and (oid not in before or now.table not in emptied):
            yield f"build {now.name}"


def _quoted(relation: Relation) -> str:
    return ".".join(f'"{part}"' for part in relation.name.split("."))


class Observer:
    """Runs cases on one database. Only what was there before a case is looked at."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
        self._connection.execute("SET client_min_messages = error; SET lock_timeout = '20s'")
        self._pid = self._connection.info.backend_pid

    def close(self) -> None:
        self._connection.close()

    def observe(self, case: Case) -> Observed:
        """Run a case and return what was seen of it."""
        return self._outside(case) if case.outside else self._inside(case)

    def _now(self) -> Relations:
        rows = self._connection.execute(_SEEN, {"pid": self._pid}).fetchall()
        return {row[0]: Relation(*row) for row in rows}

    def _inside(self, case: Case) -> Observed:
        self._connection.execute("BEGIN")
        try:
            there = self._now()
            if case.after:
                self._connection.execute(case.after.encode())
            before = {oid: item for oid, item in self._now().items() if oid in there}
            held = self._seen(self._locks(self._connection), before, before)
            self._connection.execute(case.sql.encode())
            found = self._seen(self._locks(self._connection), before, self._now())
            return replace(found, held=(held.tables, held.indexes or {}))
        except psycopg.Error as error:
            return Observed({}, {}, frozenset(), str(error))
        finally:
            self._connection.execute("ROLLBACK")

    def _locks(self, connection: psycopg.Connection[Any]) -> dict[int, LockMode]:
        rows = connection.execute(_LOCKS, (self._pid,)).fetchall()
        return {oid: LockMode(mode) for oid, mode in rows}

    def _seen(self, locks: dict[int, LockMode], before: Relations, after: Relations) -> Observed:
        tables, indexes = {}, {}
        for oid, mode in locks.items():
            relation = before.get(oid)
            if relation is not None and relation.index and mode >= LockMode.SHARE_UPDATE_EXCLUSIVE:
                indexes[relation.name] = mode
            elif relation is not None and not relation.index and mode >= LockMode.ROW_SHARE:
                tables[relation.name] = mode
        return Observed(tables, indexes, frozenset(_heavy(before, after)))

    def _outside(self, case: Case) -> Observed:
        before = self._now()
        tables = [case.hold] if case.hold else [_quoted(item) for item in before.values() if item.kind in {"r", "p"}]
        mode = "SHARE UPDATE EXCLUSIVE" if case.hold else "ROW EXCLUSIVE"
        with psycopg.connect(self._url, autocommit=True) as watching, psycopg.connect(self._url) as holder:
            for name in tables:
                holder.execute(f"LOCK TABLE ONLY {name} IN {mode} MODE".encode())
            locks, asking, error = self._watched(case, watching, holder.rollback)
        if error:
            return Observed({}, {}, frozenset(), error)
        seen = self._seen(locks, before, self._now())
        return Observed(seen.tables, None, seen.heavy) if asking else seen

    def _watched(
        self, case: Case, watching: psycopg.Connection[Any], release: Callable[[], None]
    ) -> tuple[dict[int, LockMode], bool, str]:
        """Run a case; return its locks when it first has to wait, whether one of them is only asked for, the error."""
        failed: list[str] = []
        running = threading.Thread(target=self._attempt, args=(case.sql, failed))
        running.start()
        locks: dict[int, LockMode] = {}
        asking = False
        for _ in range(_LOOKS):
            waiting = watching.execute(_WAITS, (self._pid,)).fetchone()
            if waiting and waiting[0]:
                locks, asking = self._locks(watching), bool(watching.execute(_ASKS, (self._pid,)).fetchone())
                break
            if not running.is_alive():
                break
            time.sleep(0.001)
        release()
        running.join()
        return locks, asking, failed[0] if failed else ""

    def _attempt(self, text: str, failed: list[str]) -> None:
        try:
            self._connection.execute(text.encode())
        except psycopg.Error as error:
            failed.append(str(error))


def observed(url: str, version: int, suite: str = "truth") -> list[tuple[Case, Observed]]:
    """Run all cases of a version on a database that holds the fixture."""
    with closing(Observer(url)) as observer:
        return [(case, observer.observe(case)) for case in wanted(version, suite)]


def score(seen: Sequence[tuple[Case, Observed]], schema: Schema) -> Score:
    """Analyse all cases on what is known of the schema, and compare."""
    results = [Result(case, was, said(case, schema)) for case, was in seen]
    return Score(
        tuple(item for item in results if not item.case.refused),
        tuple(item for item in results if item.case.refused),
    )


def disagreements(score: Score) -> list[str]:
    """Describe what the analysis got wrong, a paragraph for each statement."""
    missed = (
        f"{item.case.group} / {item.case.name}: {item.case.sql}\n  refused: {item.seen.error}"
        for item in score.refusals
        if not item.said.error
    )
    return [*(_described(item) for item in score.results if not item.agrees), *missed]


def _described(item: Result) -> str:
    lines = [f"{item.case.group} / {item.case.name}: {item.case.sql}"]
    pairs = (("locks", item.seen.tables, item.tables), ("index locks", item.seen.indexes, item.indexes))
    for what, was, claimed in pairs:
        if was is not None and was != claimed:
            lines.append(f"  {what}: seen {_written(was)}; said {_written(claimed)}")
    if item.verdict is not item.seen.verdict:
        work = ", ".join(
            f"{work.kind} {work.object or work.relation}{f' (unknown: {work.unknown})' if work.unknown else ''}"
            for work in item.said.work
        )
        heavy = ", ".join(sorted(item.seen.heavy))
        lines.append(f"  verdict: seen {item.seen.verdict} ({heavy}); said {item.verdict} ({work})")
    if item.said.error:
        lines.append(f"  error: {item.said.error}")
    return "\n".join(lines)


def _written(modes: dict[str, LockMode]) -> str:
    return ", ".join(f"{name} {mode.sql}" for name, mode in sorted(modes.items())) or "none"
