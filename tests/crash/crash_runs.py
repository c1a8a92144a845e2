"""Runs that are broken and continued, and what must be true afterwards, whatever the engine."""

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import pytest

from instar import Migrator
from instar.errors import AmbiguousError, InstarError
from instar.testing import Proxy

CHILD = Path(__file__).with_name("crash_child.py")
_PATIENCE = 30.0  # seconds that the server may take to notice that a client is gone


class Truth(StrEnum):
    """What somebody who looks at the data says of a statement whose end nobody saw."""

    APPLIED = "applied"
    NOT_APPLIED = "not-applied"


Everything = dict[str, list[tuple[Any, ...]]]


class Ground(Protocol):
    """An engine's databases to break, and what the tests ask of them."""

    engine: str
    migrations: Path

    def database(self, action: str) -> AbstractContextManager[str]:
        """Yield the URL of a new database: for `up` one without migrations, for `down` one where all are applied."""

    def keep_full(self, url: str) -> None:
        """Keep what is in the database at `url` as the one where everything is applied."""

    def everything(self, url: str) -> Everything:
        """Return the catalog, all rows, and the history without its times."""

    def leftovers(self, url: str) -> list[tuple[Any, ...]]:
        """Return what no finished run may leave: open log rows, checkpoints, half-made objects."""

    def completed(self, url: str) -> list[tuple[Any, ...]]:
        """Return how often the log says that each migration was completed."""

    def look(self, url: str, version: str) -> Truth:
        """Find out whether the ambiguous statement of `version` took effect; bring back what it half did."""


@dataclass(frozen=True, slots=True)
class Case:
    """One way to break one run: at the `k`-th of `n` points that are spread evenly over all of it."""

    server: str
    action: str
    way: str
    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.server}-{self.action}-{self.way}-{self.k}of{self.n}"

    def at(self, total: int) -> int:
        """Return the number of the call or message, of `total` in the undisturbed run."""
        return self.k * total // self.n


def cases(numbers: dict[str, dict[str, int]], *ways: str) -> list[Case]:
    return [
        Case(name, action, way, k, n)
        for name, actions in numbers.items()
        for action, n in actions.items()
        for k in range(n)
        for way in ways
    ]


@dataclass(frozen=True, slots=True)
class Order:
    """A run in a process of its own, and the call at which it breaks; -1 for never."""

    engine: str
    url: str
    directory: Path
    action: str
    at: int = -1
    moment: str = "before"
    server: Path | None = None
    how: str = "kill"
    record: Path | None = None

    def carry_out(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CHILD), json.dumps(asdict(self), default=str)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a run that nothing disturbs does, and what it leaves."""

    calls: list[str]
    everything: Everything
    completed: list[tuple[Any, ...]]


@dataclass(slots=True)
class Reference:
    """One server and its undisturbed runs, `up` and `down`; `commits` are those that a run sends."""

    ground: Ground
    runs: dict[str, Undisturbed]
    sent: dict[str, int] = field(default_factory=dict)

    def order(self, case: Case, url: str, moment: str, **more: Any) -> Order:
        """Return the run of `case` in a process of its own."""
        at = case.at(len(self.runs[case.action].calls))
        return Order(self.ground.engine, url, self.ground.migrations, case.action, at, moment, **more)

    def check(self, url: str, action: str) -> None:
        """Finish what was broken; then nothing tells that it was ever broken, except failed attempts in the log."""
        finish(url, self.ground, action)
        assert self.ground.everything(url) == self.runs[action].everything
        assert self.ground.leftovers(url) == []
        assert self.ground.completed(url) == self.runs[action].completed

    def commits(self, action: str, mark: bytes) -> int:
        """Count the COMMITs that an undisturbed run sends over the network."""
        if action not in self.sent:
            self.sent[action] = self._count(action, mark)
        return self.sent[action]

    def _count(self, action: str, mark: bytes) -> int:
        counted: list[int] = []

        def count(chunk: bytes) -> bool:
            counted.append(chunk.count(mark))
            return False

        with self.ground.database(action) as url, Proxy(url) as proxy:
            proxy.cut_before(count)
            with Migrator(proxy.url, directory=self.ground.migrations) as migrator:
                run(migrator, action)
        return sum(counted)

    def cut_at_commit(self, case: Case, mark: bytes) -> None:
        """Cut the connection at a COMMIT, then finish."""
        skip = case.at(self.commits(case.action, mark))
        with self.ground.database(case.action) as url, Proxy(url) as proxy:
            cut = {"before": proxy.cut_before, "during": proxy.cut_during, "after": proxy.cut_after}[case.way]
            fired = cut(mark, skip=skip)
            with (
                pytest.raises(InstarError) as failure,
                Migrator(proxy.url, directory=self.ground.migrations) as migrator,
            ):
                run(migrator, case.action)
            assert fired.wait(5)
            assert failure.value.exit_code == 1
            self.check(url, case.action)


def refer(ground: Ground, record: Path) -> Reference:
    """Run everything undisturbed, up and down."""
    return Reference(ground, {action: undisturbed(ground, action, record) for action in ("up", "down")})


def undisturbed(ground: Ground, action: str, record: Path) -> Undisturbed:
    with ground.database(action) as url:
        done = Order(ground.engine, url, ground.migrations, action, record=record).carry_out()
        assert done.returncode == 0, done.stderr
        assert ground.leftovers(url) == []
        if action == "up":
            ground.keep_full(url)
        return Undisturbed(json.loads(record.read_text()), ground.everything(url), ground.completed(url))


def finish(url: str, ground: Ground, action: str) -> None:
    """Run the same command again until it is done. Only an ambiguity may stop it, and a look at the data settles it."""
    for _ in range(4):
        try:
            with Migrator(url, directory=ground.migrations) as migrator:
                run(migrator, action)
        except AmbiguousError:
            settle(url, ground)
        else:
            return
    raise AssertionError("the same migrations stay ambiguous after they were settled")


def run(migrator: Migrator, action: str) -> None:
    if action == "up":
        migrator.up(wait_lock=_PATIENCE)
    else:
        migrator.down(to="0", wait_lock=_PATIENCE)


def settle(url: str, ground: Ground) -> None:
    with Migrator(url, directory=ground.migrations) as migrator:
        open_ones = [repair for repair in migrator.repairs() if repair.kind == "ambiguous"]
        assert open_ones, "an ambiguous migration must be among the repairs"
        migrator.repair([repair.choose(ground.look(url, repair.version)) for repair in open_ones])
