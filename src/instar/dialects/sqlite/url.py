"""SQLite's database URLs: `sqlite:///relative.db`, `sqlite:////absolute/path.db`, `sqlite://` for memory."""

from pathlib import Path
from urllib.parse import unquote

from instar.errors import ConnectError, UsageError

MEMORY = ":memory:"


def database_of(url: str) -> str:
    """Return the path that `url` names, or ":memory:"."""
    _, _, rest = url.partition(":")
    if "?" in rest:
        raise ConnectError(
            f"{url!r} has parameters, and a SQLite URL takes none",
            hint="set pragmas in the migrations; write %3F for a question mark in a file's name",
        )
    path = unquote(rest.removeprefix("//"))
    if path in {"", "/", MEMORY, "/" + MEMORY}:
        return MEMORY
    if rest.startswith("//") and not path.startswith("/"):
        raise ConnectError(
            f"{url!r} names a host, and SQLite has none",
            hint=f"write sqlite:///{path} for a file here, sqlite:////{path} for an absolute path",
        )
    return path.removeprefix("/") if rest.startswith("//") else path


def require_file(path: str) -> None:
    """Check that a database file is there, for those who only read it: SQLite would make an empty one."""
    if path != MEMORY and not Path(path).exists():
        raise UsageError(f"no such file: {path}", hint="sqlite:///relative.db, sqlite:////absolute/path.db")


def require_folder(path: str) -> None:
    """Check that the folder of a database file exists: SQLite would only say that it is unable to open it."""
    folder = Path(path).parent
    if path != MEMORY and not folder.is_dir():
        raise ConnectError(f"the folder {folder} of the database {path} does not exist", hint=f"mkdir -p {folder}")
    if path != MEMORY and Path(path).is_dir():
        raise ConnectError(
            f"{path} is a folder, not a database file", hint="name a file in it: sqlite:///folder/app.db"
        )
