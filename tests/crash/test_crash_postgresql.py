"""PostgreSQL: whatever breaks, and whenever, the same command run again ends where the undisturbed run ends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from signal import SIGKILL

import pytest
from crash_postgresql import Databases
from crash_runs import Case, Reference, cases, refer

from conftest import Servers, query
from instar.dialects.postgresql import embedded
from instar.testing import PostgreSQL

FEW, MANY = {"up": 12, "down": 6}, {"up": 110, "down": 64}
PROCESS = {"postgresql-15": FEW, "postgresql-16": FEW, "postgresql-18": MANY}
SERVER = {"postgresql-16": {"up": 10, "down": 4}, "postgresql-18": {"up": 20, "down": 8}}
NETWORK = {"postgresql-15": {"up": 6, "down": 3}, "postgresql-18": {"up": 40, "down": 20}}

Victim = tuple[embedded.Embedded, Reference]


def reference_on(server: PostgreSQL, factory: pytest.TempPathFactory, stack: ExitStack) -> Reference:
    databases = Databases(server)
    stack.callback(databases.clear)
    databases.prepare()
    return refer(databases, factory.mktemp("calls") / "calls.json")


@pytest.fixture(scope="session")
def references(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Reference]]:
    """Return a function that gives the undisturbed runs on the server of that name."""
    known: dict[str, Reference] = {}
    with ExitStack() as stack:

        def of(name: str) -> Reference:
            if name not in known:
                known[name] = reference_on(servers.postgresql(name), tmp_path_factory, stack)
            return known[name]

        yield of


@pytest.fixture(scope="session")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Victim]]:
    """Return a function that gives a server of our own, to be killed, and its undisturbed runs."""
    known: dict[str, Victim] = {}
    with ExitStack() as stack:

        def of(name: str) -> Victim:
            version = int(name.removeprefix("postgresql-"))
            if version not in embedded.available():
                pytest.skip(f"PostgreSQL {version} is not in the wheel")
            if name not in known:
                server = stack.enter_context(embedded.start(version=version))
                known[name] = (server, reference_on(PostgreSQL(server.url()), tmp_path_factory, stack))
            return known[name]

        yield of


def test_the_matrix_reaches_every_call(references: Callable[[str], Reference]) -> None:
    for action, run in references("postgresql-18").runs.items():
        assert len(run.calls) <= MANY[action], f"raise MANY[{action!r}] to at least {len(run.calls)}"


@pytest.mark.crash(sample=16)
@pytest.mark.parametrize("case", cases(PROCESS, "before", "during"), ids=str)
def test_the_process_is_killed(references: Callable[[str], Reference], case: Case) -> None:
    reference = references(case.server)
    with reference.ground.database(case.action) as url:
        killed = reference.order(case, url, case.way).carry_out()
        assert killed.returncode == -SIGKILL, killed.stderr
        reference.check(url, case.action)


@pytest.mark.crash(sample=8)
@pytest.mark.parametrize("case", cases(SERVER, "kill", "immediate"), ids=str)
def test_the_server_goes_down(victims: Callable[[str], Victim], case: Case) -> None:
    victim, reference = victims(case.server)
    moment = "before" if case.k % 2 else "during"
    with reference.ground.database(case.action) as url:
        # A database copied block by block has no WAL of its own for its sequences until a checkpoint or their first 32
        # numbers: without this the log's sequence would go back, which is PostgreSQL's doing.
        query(url, "CHECKPOINT")
        try:
            failed = reference.order(case, url, moment, server=victim.data, how=case.way).carry_out()
        finally:
            victim.restart()
        assert failed.returncode == 1, failed.stderr
        assert "Traceback" not in failed.stderr
        reference.check(url, case.action)


@pytest.mark.crash(sample=8)
@pytest.mark.parametrize("case", cases(NETWORK, "before", "during", "after"), ids=str)
def test_the_connection_is_cut_at_a_commit(references: Callable[[str], Reference], case: Case) -> None:
    references(case.server).cut_at_commit(case, b"COMMIT\0")
