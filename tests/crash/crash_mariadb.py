"""What the crash tests know of MariaDB: databases to break, and everything that is in one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crash_runs import Everything, Truth

from conftest import query
from instar import Migrator
from instar.testing import mariadb

MIGRATIONS = Path(__file__).parent / "migrations" / "mariadb"
OURS = ("schema_migrations", "migration_execution_log", "instar_checkpoint", "instar_meta")
_CATALOG = """
SELECT 'column', CONCAT(table_name, '.', column_name), CONCAT_WS(' ', column_type, is_nullable, column_default, extra)
FROM information_schema.columns WHERE table_schema = DATABASE()
UNION ALL
SELECT 'index', CONCAT(table_name, '.', index_name, '.', seq_in_index), CONCAT(column_name, ' ', non_unique)
FROM information_schema.statistics WHERE table_schema = DATABASE()
UNION ALL
SELECT 'trigger', trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE()
UNION ALL
SELECT 'routine', routine_name, routine_definition
FROM information_schema.routines WHERE routine_schema = DATABASE()
"""
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"


@dataclass(slots=True)
class Databases:
    """A MariaDB server with databases to break."""

    address: str
    engine: str = "mariadb"
    migrations: Path = MIGRATIONS

    @contextmanager
    def database(self, action: str) -> Iterator[str]:
        with mariadb(self.address) as url:
            query(url, "CREATE TABLE witness (event varchar(50) NOT NULL)")
            if action == "down":
                with Migrator(url, directory=self.migrations) as migrator:
                    migrator.up()
            yield url

    def keep_full(self, url: str) -> None:
        """Keep nothing: MariaDB cannot copy a database."""

    def everything(self, url: str) -> Everything:
        found: Everything = {"catalog": sorted(query(url, _CATALOG), key=repr)}
        for (table,) in query(url, _TABLES):
            if table not in OURS:
                found[table] = sorted(query(url, f"SELECT * FROM `{table}`"), key=repr)
        found["history"] = query(
            url, "SELECT version, name, description, author, checksum, rollback_available FROM schema_migrations"
        )
        return found

    def leftovers(self, url: str) -> list[tuple[Any, ...]]:
        return query(
            url,
            "SELECT 'log', migration_version FROM migration_execution_log WHERE status = 'started'"
            " UNION ALL SELECT 'checkpoint', version FROM instar_checkpoint"
            " UNION ALL SELECT 'copy', table_name FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name LIKE '#sql%'",
        )

    def completed(self, url: str) -> list[tuple[Any, ...]]:
        return query(
            url,
            "SELECT migration_version, action, COUNT(*) FROM migration_execution_log WHERE status = 'completed'"
            " AND action <> 'repair' GROUP BY 1, 2 ORDER BY 1, 2",
        )

    def look(self, url: str, version: str) -> Truth:
        return {"20240101000004": _look_at_the_call, "20240101000006": _look_at_python}[version](url)


def _look_at_the_call(url: str) -> Truth:
    ((n,),) = query(url, "SELECT n FROM counters WHERE name = 'call'")
    if n == 1:
        query(url, "UPDATE counters SET n = 0 WHERE name = 'call'")
    return Truth.APPLIED if n == 11 else Truth.NOT_APPLIED  # 1 + 10, both halves


def _look_at_python(url: str) -> Truth:
    ((action,),) = query(url, "SELECT action FROM instar_checkpoint")
    event = "up 6" if action == "apply" else "down 6"
    return Truth.APPLIED if query(url, "SELECT 1 FROM witness WHERE event = %s", (event,)) else Truth.NOT_APPLIED
