"""An empty SQLite file to throw away."""

import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from instar.errors import DatabaseError


class Throwaway:
    """A file in a folder of its own; see instar.dialects.Throwaway."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="instar-"))
        self._file, self._kept = self._folder / "database.sqlite", self._folder / "kept.sqlite"
        self.name = "a SQLite file of its own"
        self.url = self.sqlalchemy = f"sqlite:///{self._file}"

    def mention(self, words: Collection[str]) -> None:
        """Nothing is made outside of the database."""

    def supply(self, error: DatabaseError) -> bool:
        """Nothing is missing that no schema makes."""
        del error
        return False

    def advice(self, error: DatabaseError) -> str:
        """No server has what another one has not."""
        del error
        return ""

    def keep(self) -> bool:
        """Copy the file."""
        self._kept.unlink(missing_ok=True)
        _copy(self._file, self._kept)
        return True

    def copy(self) -> "Throwaway":
        """Make a copy in another folder."""
        made = Throwaway()
        _copy(self._file, made._file)
        return made

    def back(self) -> None:
        """Put the copy in its place."""
        for suffix in ("-wal", "-shm", "-journal"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._kept, self._file)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)


def _copy(source: Path, target: Path) -> None:
    """Copy a database, with what is not yet written into its file."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
