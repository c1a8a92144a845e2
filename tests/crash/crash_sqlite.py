"""What the crash tests know of SQLite: databases to break, and everything that is in one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from crash_runs import Everything

from conftest import query
from instar.testing import sqlite

MIGRATIONS = Path(__file__).parent / "migrations" / "sqlite"
OURS = ("schema_migrations", "migration_execution_log", "instar_checkpoint", "instar_meta", "sqlite_sequence")


@dataclass(slots=True)
class Databases:
    """SQLite files to break; copies of one where everything is applied, which lies in `folder`."""

    folder: Path
    engine: str = "sqlite"
    migrations: Path = MIGRATIONS

    @contextmanager
    def database(self, action: str) -> Iterator[str]:
        with sqlite(self.folder) as url:
            if action == "down":
                shutil.copy(self.folder / "full", url.removeprefix("sqlite:///"))
            else:
                query(url, "CREATE TABLE witness (event text NOT NULL)")
            yield url

    def keep_full(self, url: str) -> None:
        shutil.copy(url.removeprefix("sqlite:///"), self.folder / "full")

    def everything(self, url: str) -> Everything:
        catalog = query(url, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
        found: Everything = {"catalog": catalog}
        for kind, table, _, _ in catalog:
            if kind == "table" and table not in OURS:
                found[table] = query(url, f'SELECT * FROM "{table}" ORDER BY 1, 2' if table != "witness" else
                                     "SELECT event FROM witness ORDER BY event")  # fmt: skip
        found["history"] = query(
            url,
            "SELECT version, name, description, author, checksum, rollback_available FROM schema_migrations ORDER BY 1",
        )
        return found

    def leftovers(self, url: str) -> list[tuple[Any, ...]]:
        path = Path(url.removeprefix("sqlite:///"))
        files = [(file.name,) for file in path.parent.iterdir() if file != path]
        return files + query(
            url,
            "SELECT 'log', migration_version FROM migration_execution_log WHERE status = 'started'"
            " UNION ALL SELECT 'checkpoint', version FROM instar_checkpoint",
        )

    def completed(self, url: str) -> list[tuple[Any, ...]]:
        return query(
            url,
            "SELECT migration_version, action, count(*) FROM migration_execution_log WHERE status = 'completed'"
            " GROUP BY 1, 2 ORDER BY 1, 2",
        )

    def look(self, url: str, version: str) -> NoReturn:
        raise AssertionError(f"{version} of {url}: nothing in these migrations is ambiguous")
