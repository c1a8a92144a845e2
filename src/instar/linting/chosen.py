"""Which migrations are judged, and which are only replayed: by files, versions, a git reference, or what is pending."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from instar import source
from instar.config import Environment
from instar.errors import UsageError
from instar.model import Migration, MigrationKind
from instar.registry import did_you_mean
from instar.source import loose

Recall = Callable[[str, os.stat_result], Migration | None]
STDIN = "-"
_SOME = 3
_VERSIONED = re.compile(r"[VUBR]?\d|R__")


class Chosen(Struct, frozen=True):
    """All migrations in order, and the versions of those to judge (None: all).

    `release` are the versions that are released together: what they create is new in all of them.
    """

    migrations: tuple[Migration, ...]
    wanted: frozenset[str] | None = None
    release: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def choose(
    environment: Environment,
    root: Path,
    only: Sequence[str],
    since: str,
    text: str = "",
    recall: Recall | None = None,
    *,
    staged: bool = False,
) -> Chosen:
    """Return what was asked for. Raises UsageError for a name that is neither a file nor a migration."""
    project = _project(environment, root, only, recall)
    if since or staged:
        return _narrowed(_since(project, root, since or "HEAD", staged=staged), only, root)
    if not only:
        return Chosen(project)
    wanted, found = _named(project, only, root)
    others = _renamed([item for path in found for item in _outside(path, root, text)], project)
    return Chosen((*project, *others), frozenset(wanted | {item.version for item in others}))


def _since(project: Sequence[Migration], root: Path, reference: str, *, staged: bool) -> Chosen:
    """Choose what has changed. Files that were not there before are a release: an old one may have run anywhere."""
    from instar.linting.changed import added, changed

    wanted = _among(project, changed(root, reference, staged=staged), root)
    new = {os.path.realpath(root / path) for path in added(root, reference, staged=staged)}
    release = frozenset(item.version for item in project if item.version in wanted and _real_files(item, root) <= new)
    return Chosen(tuple(project), wanted, release)


def pending(files: Chosen, versions: Collection[str], server: str) -> Chosen:
    """Return those that are pending: on the live catalog nothing else can be judged."""
    waiting = tuple(item for item in files.migrations if item.version in versions or item.format == loose.FORMAT)
    names = frozenset(item.version for item in waiting)
    wanted = names if files.wanted is None else names & files.wanted
    number = "1 pending migration is" if len(wanted) == 1 else f"{len(wanted)} pending migrations are"
    notes = [*files.notes, f"{number} judged on the live catalog of {server}"]
    if files.wanted is not None and files.wanted - names:
        left = ", ".join(sorted(files.wanted - names))
        notes.append(f"applied already, and so not judged on the live catalog: {left}")
    return Chosen(waiting, wanted, names, tuple(notes))


def forward(migrations: Sequence[Migration]) -> str:
    """Return the version of the first migration of a project of some age in which none can be undone, else ""."""
    own = [item for item in migrations if item.kind is MigrationKind.VERSIONED and item.format != loose.FORMAT]
    ways_back = any(item.reversible or item.header.reversible is not None for item in own)
    return "" if ways_back or len(own) < _SOME else own[0].version


def files_of(migration: Migration) -> frozenset[str]:
    """Return the files that a migration is made of, as shown."""
    scripts = (*migration.up, *migration.down, *migration.before, *migration.after, *migration.contract)
    own = {migration.path, *(script.file for script in scripts)}
    return frozenset(own | ({migration.code.file} if migration.code else set()))


def _project(environment: Environment, root: Path, only: Sequence[str], recall: Recall | None) -> tuple[Migration, ...]:
    """Read the project's migrations; there need not be a project where single files are judged."""
    folders = environment.directories
    if only and not any(folder.is_dir() for folder in folders):
        return ()
    options = source.Options(
        root=root,
        format=environment.format,
        placeholders=environment.placeholders,
        environment=environment.name,
        recall=recall,
    )
    return tuple(source.load(folders, options))


def _among(project: Sequence[Migration], paths: Collection[str], root: Path) -> frozenset[str]:
    real = {os.path.realpath(root / path) for path in paths}
    return frozenset(item.version for item in project if _real_files(item, root) & real)


def _real_files(migration: Migration, root: Path) -> set[str]:
    return {os.path.realpath(root / file) for file in files_of(migration)}


def _narrowed(files: Chosen, only: Sequence[str], root: Path) -> Chosen:
    if not only:
        return files
    named, found = _named(files.migrations, only, root)
    if found:
        raise UsageError(f"{found[0]} is no migration of this project, so git cannot tell whether it is new")
    assert files.wanted is not None
    return Chosen(files.migrations, files.wanted & named, files.release)


def _named(project: Sequence[Migration], only: Sequence[str], root: Path) -> tuple[set[str], list[Path | None]]:
    """Return the versions that were named, and the files that are no migrations of the project (None: stdin)."""
    by_file = {path: item for item in project for path in _real_files(item, root)}
    wanted: set[str] = set()
    others: list[Path | None] = []
    for name in only:
        path = Path(name)
        real = os.path.realpath(path)
        if name == STDIN:
            others.append(None)
        elif path.is_file():
            item = by_file.get(real)
            wanted |= {item.version} if item else set()
            others += [] if item else [path]
        elif path.is_dir():
            inside = {item.version for file, item in by_file.items() if file.startswith(real + os.sep)}
            wanted |= inside
            others += [] if inside else [path]
        else:
            wanted |= _versions(project, name)
    return wanted, others


def _versions(project: Sequence[Migration], name: str) -> set[str]:
    found = {item.version for item in project if name in {item.version, item.name, f"{item.version}_{item.name}"}}
    if found:
        return found
    known = [word for item in project for word in (item.version, item.name)]
    raise UsageError(f"{name!r} is neither a file nor a migration", hint=did_you_mean(name, known) if known else "")


def _outside(path: Path | None, root: Path, text: str) -> list[Migration]:
    """Read what is no part of the project: a text, a file, or a folder of migrations or of any SQL."""
    if path is None:
        return [loose.migration(loose.given(text))]
    if path.is_dir():
        names = sorted(file.name for file in path.glob("*.sql"))
        if all(_VERSIONED.match(name) for name in names):
            return source.load((path,), source.Options(root=root))
        return [loose.migration(loose.read(path / name, _shown(path / name, root))) for name in names]
    return [loose.migration(loose.read(path, _shown(path, root)))]


def _shown(path: Path, root: Path) -> str:
    real = Path(os.path.realpath(path))
    for folder in (Path(os.path.realpath(root)), Path.cwd()):
        if real.is_relative_to(folder):
            return real.relative_to(folder).as_posix()
    return str(path)


def _renamed(found: Sequence[Migration], project: Sequence[Migration]) -> list[Migration]:
    """Give what lies outside of the project versions of its own: files in two folders may have the same name."""
    seen = Counter(item.version for item in project)
    made = []
    for item in found:
        seen[item.version] += 1
        number = seen[item.version]
        made.append(replace(item, version=f"{item.version}~{number}") if number > 1 else item)
    return made
