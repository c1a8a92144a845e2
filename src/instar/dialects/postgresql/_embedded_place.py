"""Where the data of an embedded server lies: what an `embedded:` URL says, and what the server's account can reach."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from instar.dialects.postgresql import binaries
from instar.dialects.postgresql._embedded_account import Account
from instar.errors import UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """What an `embedded:` URL says. `data` is None for a temporary server."""

    data: Path | None
    version: int | None
    database: str
    settings: dict[str, str]


def parse(url: str, root: Path) -> Place:
    """Read an `embedded:` URL for the project at `root`."""
    parts = urlsplit(url)
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    version = _number(settings.pop("version", None), url)
    database = settings.pop("database", "postgres")
    return Place(_data(unquote(parts.netloc + parts.path), root, version), version, database, settings)


def holds(data: Path) -> bool:
    """Whether `data` is the data folder of a PostgreSQL server."""
    return (data / "PG_VERSION").exists()


def version_of(data: Path, version: int | None) -> int:
    """Return the major version of what is in `data`, or of what shall be. Raises UsageError when they differ."""
    if not holds(data):
        return binaries.choose(version)
    there = int((data / "PG_VERSION").read_text().strip())
    if version not in (None, there):
        raise UsageError(
            f"{data} holds data of PostgreSQL {there}, not {version}",
            hint="leave the version out, choose another folder, or move the data with pg_dump",
        )
    return binaries.choose(there)


def reachable(data: Path, account: Account) -> Path:
    """Return `data`, or where it lies instead when `account` cannot reach it; make the folders above it."""
    data.parent.mkdir(parents=True, exist_ok=True)
    moved = _moved(data)
    if holds(data) or moved == data or (account.enters(data.parent) and not holds(moved)):
        return data
    for folder in (moved.parent.parent, moved.parent):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # mkdir heeds the umask
    return moved


def _number(text: str | None, url: str) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise UsageError(f"the version in {url!r} is not a number", hint="write for example embedded:?version=16")
    return int(text)


def _data(path: str, root: Path, version: int | None) -> Path | None:
    if path == "temporary":
        return None
    if path:
        return root / path
    return _project_data(root, version)


def _project_data(root: Path, version: int | None) -> Path:
    """Return the project's data: that of `version`, else the newest that is there, so that it never seems lost."""
    folder = root / ".instar"
    if not folder.exists():
        folder.mkdir()
        folder.chmod(0o755)  # the server's account must get in, whatever our umask
        (folder / ".gitignore").write_text("*\n")
    if version is None:
        present = [major for major in binaries.available() if holds(_moved(folder / f"postgresql-{major}"))]
        version = max(present, default=None)
    return folder / f"postgresql-{binaries.choose(version)}"


def _moved(data: Path) -> Path:
    """Return where root's data lies when the server's account cannot reach `data`."""
    if holds(data) or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return data
    return binaries.shared() / "data" / sha256(os.fsencode(data.resolve())).hexdigest()[:16] / data.name
