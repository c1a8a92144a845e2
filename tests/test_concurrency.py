"""Two migrators at once, on every engine: one works, the other waits or leaves; nothing is done twice."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from instar.errors import LockedError
from instar.events import LockWaiting
from project import Project

TIMES = 20


@pytest.fixture
def project(database: str, tmp_path: Path) -> Project:
    return Project.begin(database, tmp_path)


@pytest.fixture
def on_postgresql(postgres: str, tmp_path: Path) -> Project:
    return Project.begin(postgres, tmp_path)


def eventually(happened: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def finished(processes: "list[subprocess.Popen[str]]") -> list[tuple[int, str]]:
    return [(process.wait(timeout=60), process.communicate()[0].strip()) for process in processes]


def test_of_two_that_start_at_once_one_works_and_the_other_waits(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    versions = [f"{1:014d}"]
    for number in range(2, 2 + TIMES // 2):
        project.write(number, f"INSERT INTO t VALUES ({number});")
        versions.append(f"{number:014d}")
        ended = finished([project.start_up(wait_lock=30) for _ in range(2)])
        assert sorted(ended) == sorted([(0, " ".join(versions)), (0, "")])
        versions = []
    assert project.query("SELECT n FROM t ORDER BY n") == [(n,) for n in range(2, 2 + TIMES // 2)]
    assert [status for _, status in project.log()] == ["completed"] * (1 + TIMES // 2)


def test_of_two_that_start_at_once_one_works_and_the_other_may_leave(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    project.up()
    for number in range(2, 2 + TIMES // 2):
        project.write(number, f"INSERT INTO t VALUES ({number});")
        ended = finished([project.start_up(wait_lock=0) for _ in range(2)])
        assert (0, f"{number:014d}") in ended
        ended.remove((0, f"{number:014d}"))
        ((code, said),) = ended
        if code:
            assert code == LockedError.exit_code
            assert said.startswith("LockedError another migrator is at work")
        else:
            assert said == ""  # it came when the other had finished
    assert project.query("SELECT n FROM t ORDER BY n") == [(n,) for n in range(2, 2 + TIMES // 2)]
    assert [status for _, status in project.log()] == ["completed"] * (1 + TIMES // 2)


SLOW = """
import time
def up(connection):
    time.sleep(3)
    connection.cursor().execute("SELECT 1")
"""


def names(text: str, process: int) -> bool:
    """Whether a text says which process holds the lock; MariaDB knows connections only."""
    return f"process {process}" in text or re.search(r"connection \d+ \(\w+@", text) is not None


def test_the_holder_is_named_to_whoever_leaves(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    project.up()
    project.write(2, SLOW, kind="py")
    working = project.start_up()
    eventually(lambda: project.log()[-1] == (2, "started"))
    with pytest.raises(LockedError) as failure:
        project.up()
    assert names(failure.value.message, working.pid)
    assert failure.value.exit_code == 6
    assert finished([working]) == [(0, f"{2:014d}")]


def test_whoever_waits_is_told_for_whom(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    project.up()
    project.write(2, SLOW, kind="py")
    working = project.start_up()
    eventually(lambda: project.log()[-1] == (2, "started"))
    project.events.clear()
    assert project.up(wait_lock=30) == []
    assert names(project.told(LockWaiting)[0].holder, working.pid)
    assert finished([working]) == [(0, f"{2:014d}")]


def test_a_killed_migrator_leaves_no_lock(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    project.up()
    path = project.write(2, SLOW.replace("sleep(3)", "sleep(60)"), kind="py")
    working = project.start_up()
    eventually(lambda: project.log()[-1] == (2, "started"))
    os.kill(working.pid, signal.SIGKILL)
    working.communicate()
    path.unlink()
    project.write(2, "INSERT INTO t VALUES (2);")
    begun = time.monotonic()
    with project.migrator() as migrator:
        settle = [repair.choose("not-applied") for repair in migrator.repairs() if repair.kind == "ambiguous"]
        migrator.repair(settle)
        forget = [repair for repair in migrator.repairs() if repair.kind == "abandon"]
        migrator.repair(forget)
    assert project.up(wait_lock=10) == [f"{2:014d}"]
    assert time.monotonic() - begun < 9
    assert (2, "failed") in project.log()


def test_concurrently_does_not_hang_while_another_migrator_waits(on_postgresql: Project) -> None:
    """A waiter inside a transaction, or blocked in a lock function, would be waited for by the index build."""
    project = on_postgresql
    rows = "INSERT INTO t SELECT n FROM generate_series(1, 200000) AS n;"
    project.write(1, f"CREATE TABLE t (n int);\n{rows}")
    project.write(2, "\n".join(f"CREATE INDEX CONCURRENTLY t_{number} ON t (n);" for number in range(4)))
    processes = [project.start_up(wait_lock=60) for _ in range(3)]
    ended = finished(processes)
    assert sorted(ended) == [(0, ""), (0, ""), (0, f"{1:014d} {2:014d}")]


def test_two_histories_of_one_database_do_not_wait_for_each_other(on_postgresql: Project, tmp_path: Path) -> None:
    project = on_postgresql
    project.write(1, SLOW, kind="py")
    working = project.start_up()
    eventually(lambda: project.query("SELECT to_regclass('schema_migrations')") != [(None,)])
    other = Project.begin(project.url, tmp_path / "..")
    other.write(1, "CREATE TABLE mine (n int);")
    assert other.up(table="other_migrations", log_table="other_log", internal_schema="other") == [f"{1:014d}"]
    finished([working])


def test_a_waiting_migrator_holds_no_transaction_open(on_postgresql: Project) -> None:
    project = on_postgresql
    project.write(1, SLOW, kind="py")
    processes = [project.start_up(wait_lock=60) for _ in range(2)]
    with psycopg.connect(project.url, autocommit=True) as observer:
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'instar up by%'"
        eventually(lambda: observer.execute(sessions).fetchone() == (2,))
        time.sleep(0.5)
        open_ones = observer.execute(f"{sessions} AND state LIKE 'idle in transaction%'").fetchone()
    assert open_ones == (1,)  # the one that works
    assert sorted(finished(processes)) == [(0, ""), (0, f"{1:014d}")]
