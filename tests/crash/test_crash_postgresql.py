"""PostgreSQL: whatever breaks, and whenever, the same command run again ends where the undisturbed run ends."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any

import crash_postgresql as ground
import pytest
from crash_runs import Order, finish, run

from conftest import Servers, query
from instar import Migrator
from instar.dialects.postgresql import embedded
from instar.errors import InstarError
from instar.testing import PostgreSQL, Proxy

FEW, MANY = {"up": 12, "down": 6}, {"up": 110, "down": 64}
PROCESS = {"postgresql-15": FEW, "postgresql-16": FEW, "postgresql-18": MANY}
SERVER = {"postgresql-16": {"up": 10, "down": 4}, "postgresql-18": {"up": 20, "down": 8}}
NETWORK = {"postgresql-15": {"up": 6, "down": 3}, "postgresql-18": {"up": 40, "down": 20}}
AMBIGUOUS = {"20240101000005", "20240101000011"}


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a run that nothing disturbs does, and what it leaves."""

    calls: list[str]
    everything: dict[str, list[tuple[object, ...]]]
    completed: list[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Reference:
    """One server and its undisturbed runs, `up` and `down`."""

    ground: ground.Ground
    runs: dict[str, Undisturbed]
    commits: dict[str, int] = field(default_factory=dict)


def undisturbed(place: ground.Ground, action: str, record: Path) -> Undisturbed:
    with place.database(action) as url:
        done = Order("postgresql", url, ground.MIGRATIONS, action, record=record).carry_out()
        assert done.returncode == 0, done.stderr
        assert ground.leftovers(url) == []
        if action == "up":
            place.keep_full(url)
        return Undisturbed(json.loads(record.read_text()), ground.everything(url), ground.completed(url))


def refer(server: PostgreSQL, record: Path, stack: ExitStack) -> Reference:
    place = ground.Ground(server)
    stack.callback(place.clear)
    place.prepare()
    return Reference(place, {action: undisturbed(place, action, record) for action in ("up", "down")})


@pytest.fixture(scope="session")
def references(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a function that gives the undisturbed runs on the server of that name."""
    known: dict[str, Reference] = {}
    record = tmp_path_factory.mktemp("calls") / "calls.json"
    with ExitStack() as stack:

        def of(name: str) -> Reference:
            if name not in known:
                known[name] = refer(servers.postgresql(name), record, stack)
            return known[name]

        yield of


@pytest.fixture(scope="session")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a function that gives a server of our own, to be killed, and its undisturbed runs."""
    known: dict[str, tuple[embedded.Embedded, Reference]] = {}
    record = tmp_path_factory.mktemp("calls") / "calls.json"
    with ExitStack() as stack:

        def of(name: str) -> tuple[embedded.Embedded, Reference]:
            version = int(name.removeprefix("postgresql-"))
            if version not in embedded.available():
                pytest.skip(f"PostgreSQL {version} is not in the wheel")
            if name not in known:
                server = stack.enter_context(embedded.start(version=version))
                known[name] = (server, refer(PostgreSQL(server.url()), record, stack))
            return known[name]

        yield of


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


def check(url: str, reference: Reference, action: str) -> None:
    """Finish what was broken; then nothing tells that it was ever broken, except failed attempts in the log."""
    continued = finish(url, ground.MIGRATIONS, action, ground.look)
    assert set(continued.settled) <= AMBIGUOUS
    assert ground.everything(url) == reference.runs[action].everything
    assert ground.leftovers(url) == []
    assert ground.completed(url) == reference.runs[action].completed


def test_the_matrix_reaches_every_call(references: Any) -> None:
    for action, run_ in references("postgresql-18").runs.items():
        assert len(run_.calls) <= MANY[action], f"raise MANY[{action!r}] to at least {len(run_.calls)}"


@pytest.mark.crash(sample=16)
@pytest.mark.parametrize("case", cases(PROCESS, "before", "during"), ids=str)
def test_the_process_is_killed(references: Any, case: Case) -> None:
    reference = references(case.server)
    with reference.ground.database(case.action) as url:
        at = case.at(len(reference.runs[case.action].calls))
        killed = Order("postgresql", url, ground.MIGRATIONS, case.action, at, case.way).carry_out()
        assert killed.returncode == -SIGKILL, killed.stderr
        check(url, reference, case.action)


@pytest.mark.crash(sample=8)
@pytest.mark.parametrize("case", cases(SERVER, "kill", "immediate"), ids=str)
def test_the_server_goes_down(victims: Any, case: Case) -> None:
    victim, reference = victims(case.server)
    at, moment = case.at(len(reference.runs[case.action].calls)), "before" if case.k % 2 else "during"
    with reference.ground.database(case.action) as url:
        # A database copied block by block has no WAL of its own for its sequences until a checkpoint or their first 32
        # numbers: without this the log's sequence would go back, which is PostgreSQL's doing.
        query(url, "CHECKPOINT")
        try:
            order = Order("postgresql", url, ground.MIGRATIONS, case.action, at, moment, victim.data, case.way)
            failed = order.carry_out()
        finally:
            victim.restart()
        assert failed.returncode == 1, failed.stderr
        assert "Traceback" not in failed.stderr
        check(url, reference, case.action)


@pytest.mark.crash(sample=8)
@pytest.mark.parametrize("case", cases(NETWORK, "before", "during", "after"), ids=str)
def test_the_connection_is_cut_at_a_commit(references: Any, case: Case) -> None:
    reference = references(case.server)
    skip = case.at(commits(reference, case.action))
    with reference.ground.database(case.action) as url, Proxy(url) as proxy:
        cut = {"before": proxy.cut_before, "during": proxy.cut_during, "after": proxy.cut_after}[case.way]
        fired = cut(b"COMMIT\0", skip=skip)
        with pytest.raises(InstarError) as failure, Migrator(proxy.url, directory=ground.MIGRATIONS) as migrator:
            run(migrator, case.action)
        assert fired.wait(5)
        assert failure.value.exit_code == 1
        check(url, reference, case.action)


def commits(reference: Reference, action: str) -> int:
    """Count the COMMITs that an undisturbed run sends."""
    if action not in reference.commits:
        counted: list[int] = []

        def count(chunk: bytes) -> bool:
            counted.append(chunk.count(b"COMMIT\0"))
            return False

        with reference.ground.database(action) as url, Proxy(url) as proxy:
            proxy.cut_before(count)
            with Migrator(proxy.url, directory=ground.MIGRATIONS) as migrator:
                run(migrator, action)
        reference.commits[action] = sum(counted)
    return reference.commits[action]
