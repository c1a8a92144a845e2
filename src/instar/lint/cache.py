"""What lint found, kept between runs: a file that has not changed, on a schema that has not, is not judged again.

The whole cache is void when anything that verdicts depend on is another: a file of instar or of a plug-in with rules, a
setting, the version of Python.
"""

import gc
import os
import sys
import tempfile
import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct, msgpack

from instar import version
from instar.judgement import Judged, Risk
from instar.lint.engine import Linter
from instar.lint.memory import ALL_OF, State
from instar.lint.shares import shares
from instar.model import Finding, Migration

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_GITIGNORE = "*\n"
_WORTH_SHARING = 300
_PROCESSES = 4


class _Kept(Struct, frozen=True, array_like=True):
    """A verdict: `print` is the migration's, `reads` and `writes` as State tells them, the rest as msgpack."""

    print: bytes
    reads: dict[str, int]
    writes: dict[str, bytes]
    findings: Raw
    risk: Raw


class _File(Struct, array_like=True):
    salt: bytes
    entries: dict[str, _Kept]


class Cache:
    """The verdicts of one project. A cache that cannot be read is empty; one that cannot be written is let go."""

    def __init__(self, folder: Path, settings: object) -> None:
        self._path = folder / "lint.msgpack"
        self._salt = _salt(settings)
        self._entries = self._load()
        self._changed = False

    def judge(self, linter: Linter, state: State, migrations: Sequence[Migration]) -> Iterator[Judged]:
        """Yield each migration judged, now or earlier. Effects are not kept: `up` and `down` are empty."""
        marks = [_print(migration) for migration in migrations]
        entries = (self._entries.get(migration.path) for migration in migrations)
        strange = sum(kept is None or kept.print != mark for kept, mark in zip(entries, marks, strict=True))
        work = _Work(linter, state, migrations, marks, self._entries)
        gc.disable()
        try:
            found = _shared(work) if strange > _WORTH_SHARING else work.whole()
        finally:
            gc.enable()
        before, self._entries = self._entries, {m.path: kept for m, kept in zip(migrations, found, strict=True) if kept}
        self._changed = before != self._entries
        for migration, kept in zip(migrations, found, strict=True):
            if kept is not None:
                yield _remembered(migration, kept)

    def save(self) -> None:
        """Write the cache, if there is anything new."""
        if not self._changed:
            return
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            ignore = self._path.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text(_GITIGNORE)
            data = msgpack.encode(_File(self._salt, self._entries))
            handle, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(self._path)

    def _load(self) -> dict[str, _Kept]:
        try:
            found = msgpack.decode(self._path.read_bytes(), type=_File)
        except (OSError, msgspec.MsgspecError):
            return {}
        return found.entries if found.salt == self._salt else {}


class _Work(Struct, frozen=True):
    """All that is needed to judge: what changes is `linter` and `state`, of which each process has its own."""

    linter: Linter
    state: State
    migrations: Sequence[Migration]
    marks: Sequence[bytes]
    entries: Mapping[str, _Kept]

    def share(self, mine: Container[int], *, follow: bool = True) -> Iterator[_Kept | None]:
        """Yield the verdict of every migration, None for those whose index is not in `mine`.

        These are learned all the same when `follow` says that they may have to do with ours.
        """
        for index, (migration, mark) in enumerate(zip(self.migrations, self.marks, strict=True)):
            ours = index in mine
            if not ours and not follow:
                yield None
                continue
            kept = self.entries.get(migration.path)
            if kept is not None and mark and kept.print == mark and self.state.holds(kept.reads):
                self.state.apply(kept.writes)
                yield kept
            elif ours:
                yield self._judged(migration, mark)
            else:
                self.linter.learn(migration)
                self.state.end()
                yield None

    def whole(self) -> list[_Kept | None]:
        """Judge all of them here."""
        return list(self.share(range(len(self.migrations))))

    def _judged(self, migration: Migration, mark: bytes) -> _Kept:
        self.state.begin()
        judged = next(iter(self.linter.judge([migration])))
        reads, writes = self.state.end()
        return _Kept(mark, reads, writes, Raw(msgpack.encode(judged.findings)), Raw(msgpack.encode(judged.risk)))


def _shared(work: _Work) -> list[_Kept | None]:
    """Share the work among processes, apart where migrations have nothing in common; see instar.lint.shares."""
    count = min(os.cpu_count() or 1, _PROCESSES)
    if count == 1 or not hasattr(os, "fork") or threading.active_count() > 1:
        return work.whole()
    apart = shares(work.migrations, count)
    total = len(work.migrations)
    found = _in_processes(work, apart or [range(n, total, count) for n in range(count)], follow=apart is None)
    if found is None or (apart and any(kept and ALL_OF & kept.reads.keys() for kept in found)):
        return work.whole()
    return found


def _in_processes(work: _Work, dealt: Sequence[Container[int]], *, follow: bool) -> list[_Kept | None] | None:
    """Judge each share in a process of its own; None when one of them failed."""
    from multiprocessing import get_context

    context = get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in dealt]
    processes = [
        context.Process(target=_send, args=(work, mine, follow, sending))
        for mine, (_, sending) in zip(dealt, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    for _, sending in pipes:
        sending.close()
    try:
        shared = [msgpack.decode(receiving.recv_bytes(), type=list[_Kept | None]) for receiving, _ in pipes]
    except EOFError:
        return None
    finally:
        for process in processes:
            process.join()
    return [next((kept for kept in item if kept is not None), None) for item in zip(*shared, strict=True)]


def _send(work: _Work, mine: Container[int], follow: bool, end: "Connection") -> None:  # noqa: FBT001 - an argument of Process
    end.send_bytes(msgpack.encode(list(work.share(mine, follow=follow))))


def _remembered(migration: Migration, kept: _Kept) -> Judged:
    findings = msgpack.decode(kept.findings, type=tuple[Finding, ...]) if bytes(kept.findings) != b"\x90" else ()
    return Judged(migration, findings, risk=msgpack.decode(kept.risk, type=Risk | None))


def _print(migration: Migration) -> bytes:
    """Return a hash of all that a file says; b"" for Python, which may read anything."""
    if migration.code is not None:
        return b""
    parts = (migration.up, migration.down, migration.before, migration.after, migration.contract)
    about = (migration.version, migration.name, migration.path, migration.format, migration.header, parts)
    return blake2b(msgpack.encode(about), digest_size=16).digest()


def _salt(settings: object) -> bytes:
    found = blake2b(msgpack.encode((sys.version, version.__version__, settings)), digest_size=16)
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
