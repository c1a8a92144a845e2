"""SQLite: whenever the process is killed, the same command run again ends where the undisturbed run ends."""

from signal import SIGKILL

import pytest
from crash_runs import Case, Reference, cases, refer
from crash_sqlite import Databases

PROCESS = {"sqlite": {"up": 70, "down": 50}}


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("sqlite")
    return refer(Databases(folder), folder / "calls.json")


@pytest.mark.crash(sample=12)
@pytest.mark.parametrize("case", cases(PROCESS, "before", "during"), ids=str)
def test_the_process_is_killed(reference: Reference, case: Case) -> None:
    with reference.ground.database(case.action) as url:
        killed = reference.order(case, url, case.way).carry_out()
        assert killed.returncode == -SIGKILL, killed.stderr
        reference.check(url, case.action)
