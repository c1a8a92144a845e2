"""MariaDB: whatever breaks, and whenever, the same command run again ends where the undisturbed run ends."""

from signal import SIGKILL

import pytest
from crash_mariadb import Databases
from crash_runs import Case, Reference, cases, refer

from conftest import Servers

PROCESS = {"mariadb": {"up": 60, "down": 30}}
KILLED = {"mariadb": {"up": 30, "down": 15}}
NETWORK = {"mariadb": {"up": 12, "down": 6}}
COMMIT = b"\x03COMMIT"  # COM_QUERY, and its text

pytestmark = pytest.mark.mariadb


@pytest.fixture(scope="session")
def reference(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return refer(Databases(servers.mariadb()), tmp_path_factory.mktemp("calls") / "calls.json")


@pytest.mark.crash(sample=8)
@pytest.mark.parametrize("case", cases(PROCESS, "before", "during"), ids=str)
def test_the_process_is_killed(reference: Reference, case: Case) -> None:
    with reference.ground.database(case.action) as url:
        killed = reference.order(case, url, case.way).carry_out()
        assert killed.returncode == -SIGKILL, killed.stderr
        reference.check(url, case.action)


@pytest.mark.crash(sample=4)
@pytest.mark.parametrize("case", cases(KILLED, "before", "during"), ids=str)
def test_the_connection_is_killed_by_another(reference: Reference, case: Case) -> None:
    with reference.ground.database(case.action) as url:
        failed = reference.order(case, url, case.way, how="connection").carry_out()
        assert failed.returncode == 1, failed.stderr
        assert "Traceback" not in failed.stderr
        reference.check(url, case.action)


@pytest.mark.crash(sample=4)
@pytest.mark.parametrize("case", cases(NETWORK, "before", "during", "after"), ids=str)
def test_the_connection_is_cut_at_a_commit(reference: Reference, case: Case) -> None:
    reference.cut_at_commit(case, COMMIT)
