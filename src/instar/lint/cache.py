"""What lint found, kept between runs: a file that has not changed, on a schema that has not, is not judged again.

The whole cache is void when anything that verdicts depend on is another: a file of instar or of a plug-in with rules, a
setting, the version of Python.
"""

import os
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, msgpack
from msgspec.structs import replace

from instar.effects import Effect
from instar.judgement import Judged, Risk
from instar.lint import keeping
from instar.lint.engine import SECTIONS, Linter
from instar.lint.memory import ALL_OF, MADE, State
from instar.lint.shares import shares
from instar.model import Finding, Migration

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_NONE = msgpack.encode(())
_RISK = msgpack.Decoder(Risk | None)
_FINDINGS = msgpack.Decoder(tuple[Finding, ...])
_WIDE = ALL_OF | {MADE}
"""What a migration may not have looked at when those before it were judged elsewhere."""
_WORTH_SHARING = 300
_PROCESSES = 4


class _Kept(Struct, frozen=True, array_like=True):
    """What was found of a migration: `print` is its own, `reads` and `writes` are as State tells them.

    `after` is the print of all writes before it: after the same ones nothing that it reads can be another. `findings`
    and `risk` are msgpack; both are empty where the migration was learned and not judged.
    """

    print: bytes
    after: bytes
    reads: bytes
    writes: bytes
    findings: bytes = b""
    risk: bytes = b""


class Cache:
    """The verdicts of one project. A cache that cannot be read is empty; one that cannot be written is let go.

    `settings` are all that verdicts depend on besides the files; `finish` is done to each of them before it is kept.
    """

    def __init__(
        self,
        folder: Path,
        settings: object,
        finish: Callable[[Judged], Judged],
        print_of: Callable[[Migration], bytes] = keeping.print_of,
    ) -> None:
        self._path = folder / f"lint-{keeping.salt(settings)}.msgpack"
        self._finish = finish
        self._print_of = print_of
        self._entries = self._load()
        self._changed = False

    def all(
        self, linter: Linter, state: State, migrations: Sequence[Migration], *, quoted: bool = True
    ) -> Iterator[Judged]:
        """Yield each migration judged, now or earlier.

        Those with findings have their statements, if they are to be `quoted`, without effects; the others have none.
        """
        work = self._work(linter, state, migrations)
        found = _shared(work) if work.strange() > _WORTH_SHARING else work.whole()
        self._keep(migrations, found)
        for migration, kept in zip(migrations, found, strict=True):
            yield _remembered(migration, kept, linter if quoted else None)

    def some(
        self,
        linter: Linter,
        state: State,
        migrations: Sequence[Migration],
        wanted: Container[str],
        *,
        release: Container[str] = frozenset(),
    ) -> Iterator[Judged]:
        """Yield those of `migrations` that are wanted, judged anew; the others are learned from what is kept."""
        work = self._work(linter, state, migrations)
        found: list[_Kept] = []
        after = b""
        for index, migration in enumerate(migrations):
            if migration.version in wanted:
                later = migrations[index + 1 :]
                state.begin()
                yield from map(self._finish, linter.judge([migration], release=release, later=later))
                # What is found of it together with others holds for this run, what it writes for any.
                made = _Kept(work.marks[index], after, *state.end())
                kept = work.valid(index, after) or made
            elif migration.version in release:
                state.begin()
                linter.learn(migration, new=True)
                kept = work.valid(index, after) or _Kept(work.marks[index], after, *state.end())
            else:
                kept = work.learned(index, after)
            found.append(kept)
            after = _after(kept)
        self._keep(migrations, found)

    def _work(self, linter: Linter, state: State, migrations: Sequence[Migration]) -> "_Work":
        marks = [self._print_of(migration) for migration in migrations]
        return _Work(linter, state, migrations, marks, self._entries, self._finish)

    def _keep(self, migrations: Sequence[Migration], found: Sequence[_Kept]) -> None:
        """Keep what was found."""
        before = self._entries
        self._entries = {migration.path: kept for migration, kept in zip(migrations, found, strict=True)}
        self._changed = any(before.get(path) is not entry for path, entry in self._entries.items()) or len(
            before
        ) != len(self._entries)

    def save(self) -> None:
        """Write the cache, if there is anything new."""
        if self._changed:
            keeping.write(self._path, self._entries)

    def _load(self) -> dict[str, _Kept]:
        try:
            return msgpack.decode(self._path.read_bytes(), type=dict[str, _Kept])
        except (OSError, msgspec.MsgspecError):
            return {}


class _Work(Struct, frozen=True):
    """All that is needed to judge. `linter` and `state` change: each process has its own."""

    linter: Linter
    state: State
    migrations: Sequence[Migration]
    marks: Sequence[bytes]
    entries: Mapping[str, _Kept]
    finish: Callable[[Judged], Judged]

    def strange(self) -> int:
        """Count the migrations that are new or changed."""
        entries = (self.entries.get(migration.path) for migration in self.migrations)
        pairs = zip(entries, self.marks, strict=True)
        return sum(kept is None or kept.print != mark or not kept.findings for kept, mark in pairs)

    def whole(self) -> list[_Kept]:
        """Judge all of them here."""
        found: list[_Kept] = []
        after = b""
        for index in range(len(self.migrations)):
            found.append(self._judged(index, after))
            after = _after(found[-1])
        return found

    def share(self, mine: Container[int], *, follow: bool) -> Iterator[_Kept | None]:
        """Yield the verdict of every migration, None for those whose index is not in `mine`.

        These are learned all the same when `follow` says that they may have to do with ours.
        """
        for index in range(len(self.migrations)):
            if index in mine:
                yield self._judged(index, None)
            else:
                if follow:
                    self.learned(index, None)
                yield None

    def learned(self, index: int, after: bytes | None) -> _Kept:
        """Let the schema be as after a migration."""
        kept = self.valid(index, after)
        if kept is not None:
            self.state.apply(kept.writes)
            return kept
        self.state.begin()
        self.linter.learn(self.migrations[index])
        return _Kept(self.marks[index], after or b"", *self.state.end())

    def _judged(self, index: int, after: bytes | None) -> _Kept:
        kept = self.valid(index, after)
        if kept is not None and kept.findings:
            self.state.apply(kept.writes)
            return kept
        self.state.begin()
        judged = self.finish(next(iter(self.linter.judge([self.migrations[index]]))))
        reads, writes = self.state.end()
        said = msgpack.encode(judged.findings), msgpack.encode(judged.risk)
        return _Kept(self.marks[index], after or b"", reads, writes, *said)

    def valid(self, index: int, after: bytes | None) -> _Kept | None:
        """Return what is kept of a migration if it still holds; `after` is the print of all writes before it."""
        kept = self.entries.get(self.migrations[index].path)
        if kept is None or kept.print != self.marks[index] or not kept.print:
            return None
        if kept.after == after:
            return kept
        return replace(kept, after=after or b"") if self.state.holds(kept.reads) else None


def _after(kept: _Kept) -> bytes:
    """Return the print of all writes up to those of `kept`."""
    return blake2b(kept.writes, digest_size=16, key=kept.after).digest()


def _shared(work: _Work) -> list[_Kept]:
    """Share the work among processes, apart where migrations have nothing in common; see instar.lint.shares."""
    count = min(os.cpu_count() or 1, _PROCESSES)
    if count == 1 or not hasattr(os, "fork") or threading.active_count() > 1:
        return work.whole()
    apart = shares(work.migrations, count)
    found = _in_processes(work, apart, follow=False) if apart else None
    if found is None or any(State.labels(kept.reads) & _WIDE or State.doubts(kept.writes) for kept in found):
        total = len(work.migrations)
        found = _in_processes(work, [range(n, total, count) for n in range(count)], follow=True)
    return _in_order(found) if found else work.whole()


def _in_order(found: Sequence[_Kept]) -> list[_Kept]:
    """Give what was judged apart the print of the writes before it."""
    ordered: list[_Kept] = []
    after = b""
    for kept in found:
        ordered.append(replace(kept, after=after))
        after = _after(ordered[-1])
    return ordered


def _in_processes(work: _Work, dealt: Sequence[Container[int]], *, follow: bool) -> list[_Kept] | None:
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
    return [next(kept for kept in item if kept is not None) for item in zip(*shared, strict=True)]


def _send(work: _Work, mine: Container[int], follow: bool, end: "Connection") -> None:  # noqa: FBT001 - an argument of Process
    end.send_bytes(msgpack.encode(list(work.share(mine, follow=follow))))


def _remembered(migration: Migration, kept: _Kept, quoting: Linter | None) -> Judged:
    risk = _RISK.decode(kept.risk)
    if kept.findings == _NONE:
        return Judged(migration, risk=risk)
    findings = _FINDINGS.decode(kept.findings)
    if quoting is None:
        return Judged(migration, findings, risk=risk)
    up, down, contract = (
        tuple((item, Effect(item.text)) for item in quoting.statements(migration, section)) for section in SECTIONS
    )
    return Judged(migration, findings, up, down, risk, contract)
