"""A folder of migrations and a database, as tests use them: write files, run, look at what happened."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from conftest import query
from instar import Migrator
from instar.events import Event

SomeEvent = TypeVar("SomeEvent", bound=Event)

UP = """
import sys
from instar import Migrator
from instar.errors import InstarError
try:
    with Migrator(sys.argv[1], directory=sys.argv[2], wait_lock=float(sys.argv[3])) as migrator:
        print(*(step.version for step in migrator.up().steps))
except InstarError as error:
    print(type(error).__name__, error.message)
    sys.exit(error.exit_code)
"""


@dataclass(slots=True)
class Project:
    """Migrations in `folder` for the database at `url`; `events` holds what the runs so far told."""

    url: str
    folder: Path
    events: list[Event] = field(default_factory=list)

    @classmethod
    def begin(cls, url: str, root: Path) -> Self:
        """Make the folder of migrations in `root`."""
        folder = root / "migrations"
        folder.mkdir()
        return cls(url, folder)

    def write(self, number: int, text: str, *, name: str = "step", kind: str = "sql") -> Path:
        """Write the migration with that number, or write it anew."""
        path = self.folder / f"{number:014d}_{name}.{kind}"
        path.write_text(text)
        return path

    @contextmanager
    def migrator(self, **settings: Any) -> Iterator[Migrator]:
        with Migrator(self.url, directory=self.folder, watch=self.events.append, **settings) as migrator:
            yield migrator

    def up(self, *, group: bool | None = None, **settings: Any) -> list[str]:
        """Apply what is pending and return the versions."""
        with self.migrator(**settings) as migrator:
            return [step.version for step in migrator.up(group=group).steps]

    def down(self, **settings: Any) -> list[str]:
        with self.migrator(**settings) as migrator:
            return [step.version for step in migrator.down().steps]

    def told(self, kind: type[SomeEvent]) -> list[SomeEvent]:
        """Return the events of that kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def query(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return query(self.url, text, parameters)

    def applied(self) -> list[int]:
        return [int(row[0]) for row in self.query("SELECT version FROM schema_migrations ORDER BY version")]

    def log(self) -> list[tuple[int, str]]:
        rows = self.query("SELECT migration_version, status FROM migration_execution_log ORDER BY id")
        return [(int(version), status) for version, status in rows]

    def start_up(self, *, wait_lock: float = 0) -> "subprocess.Popen[str]":
        """Start `up` in a process of its own: it prints the versions that it applied, or its error."""
        command = [sys.executable, "-c", UP, self.url, str(self.folder), str(wait_lock)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
