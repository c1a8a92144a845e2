"""What all measurements share: a server, fresh databases, timed processes, tables of results."""

import argparse
import fcntl
import os
import platform
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from instar.dialects.postgresql import binaries, embedded

HERE = Path(__file__).parent
_SETTINGS = {"full_page_writes": "on", "autovacuum": "off", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
_OURS = ("PG", "INSTAR_", "DBMATE_", "DATABASE_URL", "ALEMBIC_")
_STEADY = 1.3
_GET_FLAGS, _SET_FLAGS, _TOP_OF_HIERARCHY = 0x80086601, 0x40086602, 0x00020000  # linux/fs.h
_PEAK = """import os, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)"""


class BenchError(Exception):
    """A tool failed, or did not do what it was asked; its time does not count."""


@dataclass(frozen=True, slots=True)
class Call:
    """A process to measure."""

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    accept: tuple[int, ...] = (0,)


def run(call: Call) -> float:
    """Run a process to its end and return the seconds that it took, from fork to exit.

    Its output goes to a file, as in a CI job. Raises BenchError with the end of the output when it fails.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        begun = time.perf_counter()
        done = subprocess.run(
            call.argv,
            env=_environment() | call.env,
            cwd=call.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        seconds = time.perf_counter() - begun
        if done.returncode not in call.accept:
            output.seek(0)
            raise BenchError(f"exit code {done.returncode}: {' '.join(output.read().split())[-400:]}")
    return seconds


def peak(call: Call) -> float:
    """Run a process and return the most memory that it had resident, in megabytes.

    A small process in between starts it, because a child's figure begins with the size of the process that forked it.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "peak")
        run(Call((sys.executable, "-S", "-c", _PEAK, str(result), *call.argv), call.env, call.cwd))
        return int(result.read_text()) / 1024


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


@dataclass(slots=True)
class Server:
    """A PostgreSQL server on which databases are made, and dropped only at the end.

    Deleting the thousands of files of a database makes creating files two to three times slower for some seconds:
    ext4 walks over inodes that were deleted in the last minutes. So nothing is dropped between two timed runs.
    """

    address: str
    psql: str
    _made: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def database(self, template: str | None = None) -> str:
        """Make a new database, empty or as a copy of that at the URL `template`, and return its URL."""
        name = f"instar_bench_{os.getpid()}_{next(self._numbers)}"
        original = "template0" if template is None else urlsplit(template).path[1:]
        self.admin(f"CREATE DATABASE {name} TEMPLATE {original}")
        self._made.append(name)
        return urlunsplit(urlsplit(self.address)._replace(path=f"/{name}"))

    def settle(self) -> None:
        """Write everything out, so that no run pays for the one before it."""
        self.admin("CHECKPOINT")

    def admin(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement outside the databases that are measured."""
        return query(self.address, statement)

    def drop(self) -> None:
        """Drop the databases that were made."""
        while self._made:
            self.admin(f"DROP DATABASE IF EXISTS {self._made.pop()} WITH (FORCE)")

    def describe(self) -> str:
        names = ("server_version", "fsync", "synchronous_commit", "autovacuum")
        return "PostgreSQL " + ", ".join(
            f"{'' if name == 'server_version' else name + '='}{self.admin(f'SHOW {name}')[0][0]}" for name in names
        )


def query(url: str, text: str) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own and return its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(text.encode())
        return cursor.fetchall() if cursor.description else []


@contextmanager
def serve(asked: argparse.Namespace) -> Iterator[Server]:
    """Give the server at `--url`, else start one and stop it again."""
    if asked.url:
        server = Server(asked.url, _psql(None))
        try:
            yield server
        finally:
            server.drop()
        return
    settings = _SETTINGS | {"fsync": asked.fsync}
    with _place(asked.data) as data, embedded.start(data, version=asked.version, settings=settings) as started:
        yield Server(started.url(), _psql(started.bin))


@contextmanager
def _place(parent: Path | None) -> Iterator[Path]:
    """Give a place for a server's data, on ext4 in another part of the disk each time.

    Files that were deleted nearby (by the run before, by somebody's tests) make creating files slow for minutes, see
    Server; a folder below one with the "top of a hierarchy" flag lies far from its parent.
    """
    folder = Path(tempfile.mkdtemp(prefix="instar-bench-", dir=parent))
    try:
        folder.chmod(0o755)  # the server may run as another user
        _spread(folder)
        yield folder / os.urandom(4).hex()
    finally:
        shutil.rmtree(folder)


def _spread(folder: Path) -> None:
    """Set the flag of `chattr +T`. Not every file system knows it, and it only makes times steadier."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        flags = fcntl.ioctl(handle, _GET_FLAGS, struct.pack("l", 0))
        fcntl.ioctl(handle, _SET_FLAGS, struct.pack("l", struct.unpack("l", flags)[0] | _TOP_OF_HIERARCHY))
    except OSError:
        return
    finally:
        os.close(handle)


def _psql(folder: Path | None) -> str:
    beside = folder / "psql" if folder else None
    if beside and beside.exists():
        return str(beside)
    return shutil.which("psql") or str(binaries.available()[binaries.choose()] / "psql")


def parser(description: str | None, *, n: int = 1000, rounds: int = 5) -> argparse.ArgumentParser:
    """Return the options that the measurements on a server share."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--n", type=int, default=n, help="migrations (default %(default)s)")
    made.add_argument("--rounds", type=int, default=rounds, help="each tool runs once per round (default %(default)s)")
    made.add_argument("--fsync", choices=("on", "off"), default="off", help="of our own server (default %(default)s)")
    made.add_argument("--version", type=int, help="major version of our own server (default: the newest)")
    made.add_argument(
        "--data", type=Path, help="put our own server's data below this folder (default: the temporary one)"
    )
    made.add_argument("--url", help="use this server, where we may create databases, instead of starting one")
    made.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or a tool fails")
    return made


@dataclass(slots=True)
class Results:
    """Seconds per name, in the order of the rounds, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        self.seconds.setdefault(name, []).append(seconds)

    def fail(self, name: str, error: Exception) -> None:
        """Take a name out: it must not win by not working."""
        self.seconds.pop(name, None)
        self.failed[name] = str(error)

    def median(self, name: str) -> float | None:
        return statistics.median(self.seconds[name]) if self.seconds.get(name) else None

    def unsteady(self) -> list[str]:
        """Return the names whose slowest round took much longer than their fastest."""
        return [name for name, seconds in self.seconds.items() if seconds and max(seconds) > _STEADY * min(seconds)]

    def ratio(self, name: str, other: str) -> float | None:
        """Return the median of `name` as a multiple of that of `other`; None when one of them was not measured."""
        ours, theirs = self.median(name), self.median(other)
        return None if ours is None or theirs is None else ours / theirs


def interleave(results: Results, rounds: int, measures: Mapping[str, Callable[[], float]]) -> None:
    """Call every measure once per round, in a new order each round, and leave out those that fail."""
    order = random.Random(1)
    results.seconds |= {name: [] for name in measures}
    for _ in range(rounds):
        names = [name for name in measures if name not in results.failed]
        order.shuffle(names)
        for name in names:
            try:
                results.add(name, measures[name]())
            except BenchError as error:
                results.fail(name, error)


def show(results: Results, against: Sequence[str], *, unit: float = 1.0) -> None:
    """Print a line per name, with its median as a multiple of those of `against`. `unit` is 1 for s, 1000 for ms."""
    label = {1.0: "s", 1000.0: "ms"}[unit]
    width = max(map(len, [*results.seconds, *results.failed, "what"]))
    heads = [f"median {label}", f"min {label}", f"max {label}", *(f"/ {name}" for name in against)]
    print(f"{'what':{width}}" + "".join(f"  {head:>10}" for head in heads))
    for name, seconds in results.seconds.items():
        cells = [f"{value * unit:.3f}" for value in (statistics.median(seconds), min(seconds), max(seconds))]
        cells += [_times(results.ratio(name, other)) for other in against]
        print(f"{name:{width}}" + "".join(f"  {cell:>10}" for cell in cells) + _note(results, name))
    for name, reason in results.failed.items():
        print(f"{name:{width}}  FAILED: {reason}")


def _note(results: Results, name: str) -> str:
    return f"  {results.notes[name]}" if name in results.notes else ""


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise and what was measured; `value` is None when it could not be."""

    promise: str
    value: float | None
    limit: float

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "pass" if self.value <= self.limit else "FAIL"


def judge(bars: Sequence[Bar], results: Results, *, check: bool) -> int:
    """Print every bar's verdict and return the exit code."""
    print()
    for bar in bars:
        value = "" if bar.value is None else f" (measured {bar.value:.3g})"
        print(f"{bar.verdict:12}  {bar.promise}{value}")
    if unsteady := results.unsteady():
        print(f"UNSTEADY: {', '.join(unsteady)}: the slowest round took over {_STEADY} of the fastest.")
        print("Do not believe a verdict, good or bad, before a run on a quiet machine confirms it.")
    kept = all(bar.verdict == "pass" for bar in bars) and not results.failed
    return 0 if kept or not check else 1


def heading(title: str, *facts: str) -> None:
    """Print what is measured and on what."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(
        f"{title}\n{platform.machine()}, {os.cpu_count()} processors, load {load}, Python {platform.python_version()}"
    )
    for fact in facts:
        print(fact)
    print(flush=True)
