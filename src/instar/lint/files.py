"""What migration files were last read as: one that the system calls unchanged is not opened again.

Unchanged is what has the same times of change, the same size and the same inode. A file that was changed within the
last seconds before it was remembered is read again: its times may not tell.
"""

import os
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Raw, Struct, msgpack

from instar.lint import keeping
from instar.model import Migration

_NATIVE = "native"
_RECENT = 3_000_000_000
"""Nanoseconds; no file system that we know has coarser times than two seconds."""

_Sign = tuple[int, int, int, int]


class _Known(Struct, frozen=True, array_like=True):
    sign: _Sign
    print: bytes
    migration: Raw


class Files:
    """The files of one project. `settings` are all that reading depends on besides the files."""

    def __init__(self, folder: Path, settings: object) -> None:
        self._folder = folder
        self._settings = settings
        # Most projects are too small to be remembered: they need not pay for the name of a file that is not there.
        self._known = self._load() if folder.is_dir() else {}
        self._signs: dict[str, _Sign] = {}
        self._recalled: dict[str, _Known] = {}

    @cached_property
    def _path(self) -> Path:
        return self._folder / f"files-{keeping.salt(self._settings)}.msgpack"

    def recall(self, path: str, about: os.stat_result) -> Migration | None:
        """Return what the file at `path`, as shown to people, holds; None when it has to be read."""
        sign = self._signs[path] = (about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino)
        known = self._known.get(path)
        if known is None or known.sign != sign:
            return None
        self._recalled[path] = known
        return msgpack.decode(known.migration, type=Migration)

    def print_of(self, migration: Migration) -> bytes:
        """Return a hash of all that the files of a migration say; b"" for Python, which may read anything."""
        known = self._recalled.get(migration.path)
        return known.print if known is not None else keeping.print_of(migration)

    def save(self, migrations: Sequence[Migration]) -> None:
        """Remember `migrations`, those of instar's own layout: one file each."""
        if len(self._recalled) == len(self._known) == len(self._signs):
            return
        before = time.time_ns() - _RECENT
        found: dict[str, _Known] = {}
        for item in migrations:
            sign = self._signs.get(item.path)
            if item.path in self._recalled:
                found[item.path] = self._recalled[item.path]
            elif sign is not None and item.format == _NATIVE and item.code is None and max(sign[:2]) < before:
                found[item.path] = _Known(sign, keeping.print_of(item), Raw(msgpack.encode(item)))
        keeping.write(self._path, found)

    def _load(self) -> dict[str, _Known]:
        try:
            return msgpack.decode(self._path.read_bytes(), type=dict[str, _Known])
        except (OSError, msgspec.MsgspecError):
            return {}
