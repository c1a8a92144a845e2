"""One migrator per database file: a write lock on a small SQLite file beside it, which dies with its process."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

SUFFIX = ".instar-lock"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock that we hold: an open transaction on the companion file."""

    path: Path
    connection: sqlite3.Connection

    def release(self) -> None:
        """Remove the file while it is still ours, then let go of it."""
        with suppress(OSError):  # Windows keeps open files; the empty lock file then stays, unlocked
            self.path.unlink()
        self.connection.close()


def acquire(database: str, holder: str) -> Lock | str:
    """Try once to take the lock beside the file `database`; return it, or a description of who has it.

    The holder's description is committed before the transaction that is the lock, so that others can read it. That
    the file at our path says *our* token proves that we locked the file others see, and not one just removed.
    """
    path = Path(database + SUFFIX)
    token = f"{uuid4()}"
    for _ in range(_TRIES):
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            _take(connection, token, holder)
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                return _holder(path) or "another migrator"
            if error.sqlite_errorname != "SQLITE_READONLY_DBMOVED":
                raise
        else:
            if _holder(path, token) == holder:
                return Lock(path, connection)
            connection.close()
    return "another migrator, which is just letting go"


def _take(connection: sqlite3.Connection, token: str, holder: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA busy_timeout = 500")  # from here on others only read, for an instant
    connection.execute("CREATE TABLE IF NOT EXISTS holder (token, description)")
    connection.execute("DELETE FROM holder")
    connection.execute("INSERT INTO holder VALUES (?, ?)", (token, holder))
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")


def _holder(path: Path, token: str | None = None) -> str:
    """Read who wrote last into the file at `path`; with a `token`, only if it is that one's."""
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            row = connection.execute("SELECT token, description FROM holder").fetchone()
    except sqlite3.Error:
        return ""
    return str(row[1]) if row and token in {None, row[0]} else ""
