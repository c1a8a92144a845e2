"""What lint found, kept between runs: a file that has not changed, on a schema that has not, is not judged again.

The whole cache is void when anything that verdicts depend on is another: a file of instar or of a plug-in with rules, a
setting, the version of Python.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path

import msgspec
from msgspec import Raw, Struct, msgpack

import instar
from instar.judgement import Judged, Risk
from instar.lint.engine import Linter
from instar.lint.memory import State
from instar.model import Finding, Migration

_GITIGNORE = "*\n"


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
        """Yield each migration judged, now or earlier. Effects are not kept: `up` and `down` may be empty."""
        seen: dict[str, _Kept] = {}
        for migration in migrations:
            mark = _print(migration)
            kept = self._entries.get(migration.path)
            if kept is None or kept.print != mark or not mark or not state.holds(kept.reads):
                judged, kept = self._judged(linter, state, migration, mark)
            else:
                state.apply(kept.writes)
                judged = _remembered(migration, kept)
            seen[migration.path] = kept
            yield judged
        self._changed = self._changed or len(seen) != len(self._entries)
        self._entries = seen

    def _judged(self, linter: Linter, state: State, migration: Migration, mark: bytes) -> tuple[Judged, _Kept]:
        state.begin()
        judged = next(iter(linter.judge([migration])))
        reads, writes = state.end()
        self._changed = True
        findings, risk = msgpack.encode(judged.findings), msgpack.encode(judged.risk)
        return judged, _Kept(mark, reads, writes, Raw(findings), Raw(risk))

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
    found = blake2b(msgpack.encode((sys.version, instar.__version__, settings)), digest_size=16)
    root = Path(instar.__file__).parent
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
