"""What both memories of lint share: where they lie, what makes them void, and the hash of a migration."""

import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path

from msgspec import msgpack

from instar import version
from instar.model import Migration

_GITIGNORE = "*\n"
_FILES = 4


def write(path: Path, value: object) -> None:
    """Write a memory, whole or not at all, and forget those of its kind that were not used lately."""
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        (path.parent / ".gitignore").write_text(_GITIGNORE)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        with os.fdopen(handle, "wb") as file:
            file.write(msgpack.encode(value))
        Path(name).replace(path)
        kind = path.name.partition("-")[0]
        found = sorted(path.parent.glob(f"{kind}-*.msgpack"), key=lambda each: each.stat().st_mtime)
        for old in found[:-_FILES]:
            old.unlink()


def print_of(migration: Migration) -> bytes:
    """Return a hash of all that a file says; b"" for Python, which may read anything."""
    if migration.code is not None:
        return b""
    sections = (migration.up, migration.down, migration.before, migration.after, migration.contract)
    parts = (*sections, migration.remarks)
    said = (migration.header, migration.claims)
    about = (migration.version, migration.name, migration.path, migration.format, said, parts)
    return blake2b(msgpack.encode(about), digest_size=16).digest()


def salt(settings: object) -> str:
    """Return what is another when instar, a plug-in with rules, Python or the settings are others."""
    found = blake2b(msgpack.encode(settings), digest_size=8)
    found.update(_code())
    return found.hexdigest()


@cache
def _code() -> bytes:
    found = blake2b(sys.version.encode(), digest_size=16)
    root = Path(version.__file__).parent
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if name.endswith((".py", ".sql")):
                found.update(_mark(Path(folder) / name))
    for entry in sorted(entry_points(group="instar.lint.rules")):
        found.update(f"{entry.value} {entry.dist.version if entry.dist else ''}".encode())
    return found.digest()


def _mark(path: Path) -> bytes:
    about = path.stat()
    return f"{path.name} {about.st_size} {about.st_mtime_ns}\n".encode()
