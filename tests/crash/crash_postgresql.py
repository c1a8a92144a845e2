"""What the crash tests know of PostgreSQL: databases to break, and everything that is in one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from crash_runs import Truth

from instar.testing import PostgreSQL

MIGRATIONS = Path(__file__).parent / "migrations" / "postgresql"
BEFORE = "CREATE TABLE witness (event text NOT NULL)"
_CATALOG = """
SELECT 'relation', c.oid::regclass::text, c.relkind::text, coalesce(pg_get_partkeydef(c.oid), ''),
       coalesce(pg_get_expr(c.relpartbound, c.oid), '')
FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app'))
UNION ALL
SELECT 'column', a.attrelid::regclass::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
       a.attnotnull::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'p')
  AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app'))
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid::text, i.indisready::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app'))
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid), convalidated::text
FROM pg_constraint WHERE conrelid <> 0
  AND connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app'))
UNION ALL
SELECT 'label', enumtypid::regtype::text, enumlabel::text, '', '' FROM pg_enum
UNION ALL
SELECT 'procedure', oid::regprocedure::text, prosrc, '', '' FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'schema', nspname::text, '', '', '' FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
"""
_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r' AND c.relname <> 'migration_execution_log'
  AND c.relname <> 'schema_migrations'
  AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app'))
"""
_HISTORY = """
SELECT version, name, description, author, checksum, rollback_available FROM schema_migrations ORDER BY version
"""
_numbers = count(1)


@dataclass(slots=True)
class Databases:
    """A PostgreSQL server with databases to break; copies of an empty one, and of one where everything is applied."""

    server: PostgreSQL
    engine: str = "postgresql"
    migrations: Path = MIGRATIONS
    empty: str = field(default_factory=lambda: f"crash_empty_{os.getpid()}_{next(_numbers)}")
    full: str = field(default_factory=lambda: f"crash_full_{os.getpid()}_{next(_numbers)}")

    def prepare(self) -> None:
        url = self.server.database(self.empty)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(BEFORE)

    def keep_full(self, url: str) -> None:
        """Keep what is in the database at `url` as the one where everything is applied."""
        self.server.database(self.full, template=url.partition("?")[0].rpartition("/")[2])

    def clear(self) -> None:
        self.server.drop(self.empty)
        self.server.drop(self.full)

    @contextmanager
    def database(self, action: str) -> Iterator[str]:
        with self.server.fresh(template=self.empty if action == "up" else self.full) as url:
            yield url

    def everything(self, url: str) -> dict[str, list[tuple[object, ...]]]:
        """Return the catalog, all rows, and the history without its times."""
        with psycopg.connect(url, autocommit=True) as connection:
            found = {"catalog": sorted(connection.execute(_CATALOG).fetchall())}
            for (table,) in connection.execute(_TABLES).fetchall():
                found[table] = sorted(connection.execute(f"SELECT t::text FROM {table} AS t".encode()).fetchall())
            found["history"] = connection.execute(_HISTORY).fetchall()
            return found

    def leftovers(self, url: str) -> list[tuple[object, ...]]:
        """Return what no finished run may leave: open log rows, checkpoints, INVALID indexes."""
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(
                "SELECT 'log', migration_version FROM migration_execution_log WHERE status = 'started'"
                " UNION ALL SELECT 'checkpoint', version FROM instar.checkpoint"
                " UNION ALL SELECT 'index', indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
            ).fetchall()

    def completed(self, url: str) -> list[tuple[str, str, int]]:
        """Return how often the log says that each migration was completed."""
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(
                "SELECT migration_version, action, count(*) FROM migration_execution_log WHERE status = 'completed'"
                " AND action <> 'repair' GROUP BY 1, 2 ORDER BY 1, 2"
            ).fetchall()

    def look(self, url: str, version: str) -> Truth:
        """Find out whether the ambiguous statement of `version` took effect; bring back what it half did."""
        name = {"20240101000005": "do", "20240101000011": "call"}[version]
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute("SELECT n FROM counters WHERE name = %s", (name,)).fetchone()
            assert row is not None
            if row[0] == 1:
                connection.execute("UPDATE counters SET n = 0 WHERE name = %s", (name,))
            return Truth.APPLIED if row[0] == 11 else Truth.NOT_APPLIED  # 1 + 10, both halves
