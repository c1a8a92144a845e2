"""One migrator per database file: an advisory lock on a small file beside it, which dies with its process.

Not a SQLite file: its journal would be found under the same name by whoever makes the next one.
"""

import fcntl
import os
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

SUFFIX = ".instar-lock"


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock that we hold: an open file."""

    path: Path
    file: TextIOWrapper

    def release(self) -> None:
        """Remove the file while it is still ours, then let go of it."""
        self.path.unlink(missing_ok=True)
        self.file.close()


def acquire(database: str, holder: str) -> Lock | str:
    """Try once to take the lock beside the file `database`; return it, or a description of who has it.

    The holder writes its description into the file for others to read. Raises OSError where no file can be made.
    """
    path = Path(os.path.realpath(database) + SUFFIX)
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                file.seek(0)
                return file.read() or "another migrator"
        except BaseException:
            file.close()
            raise
        if _in_place(path, file):
            file.truncate(0)
            file.write(holder)
            file.flush()
            return Lock(path, file)
        file.close()


def _in_place(path: Path, file: TextIOWrapper) -> bool:
    """Whether the file that we locked is the one that others see, and not one that its holder has just removed."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
