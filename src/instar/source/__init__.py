"""Files become migrations: layouts are detected, headers read, sections cut, checksums taken."""

import os
from collections.abc import Sequence
from pathlib import Path

from instar.errors import SourceError
from instar.model import Migration, MigrationKind
from instar.source.options import Options

__all__ = ["Options", "load"]


def load(folders: Sequence[Path], options: Options) -> list[Migration]:
    """Read all migrations of `folders`, sorted by version, repeatables last.

    Raises SourceError when a folder is missing, mixes layouts, or two files have one version.
    """
    from instar.source.backup import with_down
    from instar.source.detect import load_folder
    from instar.source.folder import scan

    found: list[Migration] = []
    for folder in folders:
        found += load_folder(scan(str(folder), _shown(folder, options.root), options.recall), options)
    _refuse_twins(found)
    found = [with_down(item) for item in found]
    found.sort(key=_rank)
    return found


def _shown(folder: Path, root: Path) -> str:
    relative = os.path.relpath(folder, root)
    if relative == ".":
        return ""
    return str(folder.absolute()) if relative.startswith("..") else Path(relative).as_posix()


def _rank(migration: Migration) -> tuple[bool, tuple[int, ...], str]:
    return migration.kind is MigrationKind.REPEATABLE, migration.order, migration.name


def _refuse_twins(found: list[Migration]) -> None:
    seen: dict[object, Migration] = {}
    for migration in found:
        identity = (migration.kind, migration.order or migration.version)
        twin = seen.setdefault(identity, migration)
        if twin is not migration:
            raise SourceError(
                f"two files have the version {migration.version}: {twin.path} and {migration.path}",
                hint=_twin_hint(twin, migration),
            )


def _twin_hint(twin: Migration, migration: Migration) -> str:
    names = twin.name.lower(), migration.name.lower()
    if any(name.endswith("_up") for name in names) and any(name.endswith("_down") for name in names):
        return "name a pair NNN_name.up.sql and NNN_name.down.sql"
    return "give the one that is not applied anywhere a new version"
