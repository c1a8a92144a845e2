"""A folder of numbered migrations and a database, for tests of what a Migrator does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conftest import query
from instar import Migrator
from instar.events import Event
from instar.migrator import Report
from instar.model import Attempt, State

Rows = list[tuple[Any, ...]]
Fresh = Callable[[str], str]


def version(number: int) -> str:
    """Return the version of the migration with that number."""
    return f"{number:014d}"


def table(name: str, *, down: bool = True) -> str:
    """Return a migration that makes a table, with its `down`."""
    undo = f"-- migrate:down\nDROP TABLE {name};\n" if down else ""
    return f"-- migrate:up\nCREATE TABLE {name} (id INTEGER PRIMARY KEY);\n{undo}"


def header(**keys: object) -> str:
    """Return a header with these keys; a list is written as TOML writes it."""
    lines = [f"-- {name} = {_toml(value)}" for name, value in keys.items()]
    return "\n".join(["-- /// migration", *lines, "-- ///", ""])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(_toml, value))}]" if isinstance(value, list) else f'"{value}"'


def number(text: str) -> int | str:
    """Return the number of a version; that of a repeatable is its name."""
    return int(text) if text.isdigit() else text


def numbers(report: Report) -> list[int | str]:
    """Return the numbers of the migrations of a report's steps, in order."""
    return [number(step.version) for step in report.steps]


@dataclass(slots=True)
class Ground:
    """Migrations in `folder` for the database at `url`; `events` holds what the runs so far told."""

    url: str
    folder: Path
    events: list[Event] = field(default_factory=list)

    def write(self, number: int, text: str | bytes, *, name: str = "step", kind: str = "sql") -> Path:
        """Write the migration with that number, or write it anew."""
        return self.put(f"{version(number)}_{name}.{kind}", text)

    def put(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def tables(self, *names: str) -> None:
        """Write one migration for each table, numbered from 1."""
        for number, name in enumerate(names, 1):
            self.write(number, table(name), name=f"create_{name}")

    @contextmanager
    def migrator(self, **settings: Any) -> Iterator[Migrator]:
        with Migrator(self.url, directory=self.folder, watch=self.events.append, **settings) as migrator:
            yield migrator

    def up(self, settings: Mapping[str, Any] | None = None, **how: Any) -> list[int | str]:
        with self.migrator(**settings or {}) as migrator:
            return numbers(migrator.up(**how))

    def down(self, **how: Any) -> list[int | str]:
        with self.migrator() as migrator:
            return numbers(migrator.down(**how))

    def states(self, **settings: Any) -> dict[int | str, State]:
        with self.migrator(**settings) as migrator:
            return {number(item.version): item.state for item in migrator.status()}

    def history(self, **wanted: Any) -> list[Attempt]:
        with self.migrator() as migrator:
            return migrator.history(**wanted)

    def query(self, text: str, parameters: Sequence[object] = ()) -> Rows:
        return query(self.url, text, parameters)

    def applied(self) -> list[int | str]:
        return [number(row[0]) for row in self.query("SELECT version FROM schema_migrations ORDER BY version")]

    def log(self) -> list[tuple[int | str, str, str]]:
        rows = self.query("SELECT migration_version, action, status FROM migration_execution_log ORDER BY id")
        return [(number(row[0]), row[1], row[2]) for row in rows]

    def has(self, name: str) -> bool:
        """Whether there is a table or view of that name."""
        if self.url.startswith("sqlite"):
            return bool(self.query(f"SELECT 1 FROM sqlite_master WHERE name = '{name}'"))
        return bool(self.query(f"SELECT 1 FROM information_schema.tables WHERE table_name = '{name}' AND {self.here}"))

    @property
    def here(self) -> str:
        """The condition that a table of information_schema is in this database."""
        return "table_schema = 'public'" if self.url.startswith("postgresql") else "table_schema = DATABASE()"


def ground(url: str, place: Path) -> Ground:
    """Make an empty folder for migrations of the database at `url`."""
    folder = place / "migrations"
    folder.mkdir()
    return Ground(url, folder)
