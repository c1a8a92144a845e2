"""PostgreSQL: how long a migration waits for locks, whom it names, and what an interruption leaves."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from instar.errors import InterruptedRunError, LockedError, MigrationFailedError
from instar.events import Blocked, Retrying
from project import Project


@pytest.fixture
def project(postgres: str, tmp_path: Path) -> Project:
    return Project.begin(postgres, tmp_path)


@contextmanager
def holding(project: Project, statement: str, seconds: float) -> Iterator[int]:
    """Let another session run `statement` in a transaction that ends after `seconds`; yield its process id."""
    with psycopg.connect(project.url, application_name="a slow report") as other:
        other.execute(statement.encode())
        ending = threading.Timer(seconds, other.rollback)
        ending.start()
        try:
            yield other.info.backend_pid
        finally:
            ending.join()


def eventually(happened: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def with_a_table(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);\nINSERT INTO t VALUES (1);")
    project.up()
    project.events.clear()


# Waiting for a lock


def test_a_busy_table_is_tried_again_until_it_is_free(project: Project) -> None:
    with_a_table(project)
    project.write(2, "INSERT INTO t VALUES (2);\nALTER TABLE t ADD COLUMN extra int;")
    with holding(project, "SELECT * FROM t", 1):
        assert project.up() == [f"{2:014d}"]
    assert len(project.told(Retrying)) >= 2
    assert project.query("SELECT * FROM t ORDER BY n") == [(1, None), (2, None)]
    assert project.log()[-1] == (2, "completed")


def test_no_try_waits_longer_than_its_budget(project: Project) -> None:
    with_a_table(project)
    project.write(2, "ALTER TABLE t ADD COLUMN extra int")
    waits: list[float] = []
    stop = threading.Event()

    def look() -> None:
        with psycopg.connect(project.url, autocommit=True) as observer:
            while not stop.wait(0.01):
                rows = observer.execute(
                    "SELECT extract(epoch FROM clock_timestamp() - waitstart)::float8 FROM pg_locks"
                    " WHERE NOT granted AND mode = 'AccessExclusiveLock'"
                )
                waits.extend(row[0] for row in rows if row[0] is not None)

    watching = threading.Thread(target=look)
    watching.start()
    with holding(project, "SELECT * FROM t", 1):
        project.up(lock_timeout=0.1)
    stop.set()
    watching.join()
    assert waits
    assert max(waits) < 0.6  # 0.1, and what a busy machine needs to notice


def test_whoever_blocks_is_named_while_we_wait(project: Project) -> None:
    with_a_table(project)
    project.write(2, "ALTER TABLE t ADD COLUMN extra int")
    with holding(project, "SELECT 'the slow report', * FROM t", 1) as pid:
        project.up()
    (blocker,) = project.told(Blocked)[0].blockers
    assert blocker.pid == pid
    assert blocker.user == "postgres"
    assert blocker.query == "SELECT 'the slow report', * FROM t"
    assert blocker.state == "idle in transaction"
    assert blocker.application == "a slow report"
    assert blocker.seconds >= 0


def test_the_log_keeps_how_often_and_how_long_we_waited(project: Project) -> None:
    with_a_table(project)
    project.write(2, "ALTER TABLE t ADD COLUMN extra int")
    with holding(project, "SELECT * FROM t", 1) as pid:
        project.up()
    with project.migrator() as migrator:
        (attempt,) = migrator.history(version=f"{2:014d}")
    context = dict(attempt.context)
    assert context["retries"] == len(project.told(Retrying))
    assert float(str(context["lock_wait_seconds"])) > 0
    assert [blocker["pid"] for blocker in context["blockers"]] == [pid]  # type: ignore[attr-defined]


def test_after_the_deadline_the_step_stays_pending(project: Project) -> None:
    with_a_table(project)
    project.write(2, "INSERT INTO t VALUES (2);\nALTER TABLE t ADD COLUMN extra int;")
    with (
        holding(project, "SELECT * FROM t", 2) as pid,
        pytest.raises(MigrationFailedError, match="gave up after") as failure,
    ):
        project.up(lock_deadline=0.5)
    assert f"pid {pid}" in failure.value.message
    assert "stays pending" in failure.value.hint
    assert failure.value.place
    assert failure.value.place.line == 2
    assert project.query("SELECT * FROM t") == [(1,)]
    assert project.applied() == [1]
    assert project.log()[-1] == (2, "failed")
    assert project.up() == [f"{2:014d}"]


def test_a_deadlock_is_tried_again(project: Project) -> None:
    project.write(1, "CREATE TABLE a (n int);\nCREATE TABLE b (n int);")
    project.up()
    project.write(2, "LOCK a;\nSELECT pg_sleep(0.3);\nLOCK b;\nALTER TABLE b ADD COLUMN m int;")
    with psycopg.connect(project.url) as other:
        other.execute("SET deadlock_timeout = '10s'")
        other.execute("LOCK b")

        def cross() -> None:
            time.sleep(0.2)
            other.execute("LOCK a")
            other.rollback()

        crossing = threading.Thread(target=cross)
        crossing.start()
        assert project.up(lock_timeout=5.0) == [f"{2:014d}"]
        crossing.join()


IMPATIENT = "PERFORM set_config('lock_timeout', '100ms', false);"


def with_counters(project: Project) -> None:
    project.write(1, "CREATE TABLE c (n int);\nINSERT INTO c VALUES (0);\nCREATE TABLE busy (n int);")
    project.up()


def test_a_block_that_commits_rather_waits_than_stops_half_way(project: Project) -> None:
    with_counters(project)
    project.write(2, "DO $$ BEGIN UPDATE c SET n = n + 1; COMMIT; LOCK TABLE busy; END $$;")
    with holding(project, "SELECT * FROM busy", 1):
        assert project.up() == [f"{2:014d}"]
    assert project.query("SELECT n FROM c") == [(1,)]


def test_a_block_that_commits_is_not_repeated_on_its_own(project: Project) -> None:
    """Half of it may be committed: only the author knows whether it may run twice."""
    with_counters(project)
    project.write(2, f"DO $$ BEGIN {IMPATIENT} UPDATE c SET n = n + 1; COMMIT; LOCK TABLE busy; END $$;")
    with holding(project, "SELECT * FROM busy", 1), pytest.raises(MigrationFailedError, match="lock timeout"):
        project.up()
    assert project.query("SELECT n FROM c") == [(1,)]


def test_a_block_that_commits_is_repeated_when_its_author_allows_it(project: Project) -> None:
    with_counters(project)
    block = f"DO $$ BEGIN {IMPATIENT} UPDATE c SET n = 1; COMMIT; LOCK TABLE busy; END $$;"
    project.write(2, f"-- instar:idempotent\n{block}")
    with holding(project, "SELECT * FROM busy", 1):
        assert project.up() == [f"{2:014d}"]
    assert project.told(Retrying)


# Time-outs of statements


def test_a_statement_that_runs_too_long_fails_and_is_rolled_back(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);\nSELECT pg_sleep(30);")
    with pytest.raises(MigrationFailedError, match="statement timeout") as failure:
        project.up(statement_timeout=0.2)
    assert failure.value.place
    assert failure.value.place.line == 2
    assert project.query("SELECT to_regclass('t')") == [(None,)]
    assert project.applied() == []


def test_one_statement_may_have_a_timeout_of_its_own(project: Project) -> None:
    project.write(1, "-- instar:timeout 100ms\nSELECT pg_sleep(30);")
    with pytest.raises(MigrationFailedError, match="statement timeout"):
        project.up()


def test_a_longer_timeout_of_one_statement_ends_with_it(project: Project) -> None:
    text = "-- instar:timeout 20s\nSELECT pg_sleep(0.5);\nSELECT pg_sleep(20);"
    project.write(1, text)
    with pytest.raises(MigrationFailedError, match="statement timeout") as failure:
        project.up(statement_timeout=0.3)
    assert failure.value.place
    assert failure.value.place.line == 3


# The migrator lock


def test_a_migration_that_lost_the_lock_commits_nothing_more(project: Project) -> None:
    """Another session takes the lock while the script has thrown it away."""
    project.write(1, "CREATE TABLE first (n int)")
    project.up()
    project.write(
        2,
        "CREATE TABLE second (n int);\n"
        "SELECT pg_advisory_unlock_all();\n"
        "SELECT pg_sleep(1);\n"
        "VACUUM first;\n"
        "CREATE TABLE third (n int);",
    )
    with psycopg.connect(project.url, autocommit=True) as thief:
        stealing = threading.Thread(target=steal, args=(thief,))
        stealing.start()
        with pytest.raises(LockedError, match="lost"):
            project.up()
        stealing.join()
    assert project.query("SELECT to_regclass('third')") == [(None,)]
    assert project.applied() == [1]
    assert project.up() == [f"{2:014d}"]


def steal(thief: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Queue for the migrator lock of whoever holds it."""
    held = "SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
    rows: list[tuple[object, ...]] = []

    def seen() -> bool:
        rows[:] = thief.execute(held).fetchall()
        return bool(rows)

    eventually(seen)
    thief.execute("SELECT pg_advisory_lock(%s::bigint)", rows[0])


def test_a_migrator_whose_connection_was_terminated_commits_nothing(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);\nSELECT pg_sleep(30);")

    def terminate() -> None:
        asleep = "FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'"
        eventually(lambda: project.query(f"SELECT pg_terminate_backend(pid) {asleep}"))

    terminating = threading.Thread(target=terminate)
    terminating.start()
    with pytest.raises(MigrationFailedError) as failure:
        project.up()
    terminating.join()
    assert "the same command" in failure.value.hint
    assert project.query("SELECT to_regclass('t')") == [(None,)]
    project.write(1, "CREATE TABLE t (n int);")
    assert project.up() == [f"{1:014d}"]
    assert project.log() == [(1, "failed"), (1, "completed")]


# Interruption


@pytest.mark.parametrize("text", ["SELECT pg_sleep(30);", "CREATE TABLE t (n int);\nSELECT pg_sleep(30);"])
def test_ctrl_c_rolls_back_at_once_and_is_recorded(project: Project, text: str) -> None:
    project.write(1, text)
    process = project.start_up()
    eventually(lambda: project.query("SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'"))
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - begun < 10  # not the 30 seconds of the statement
    assert process.returncode == InterruptedRunError.exit_code
    assert out.startswith("InterruptedRunError interrupted in")
    assert project.query("SELECT to_regclass('t')") == [(None,)]
    assert project.log() == [(1, "failed")]
    with project.migrator() as migrator:
        assert "interrupted" in (migrator.history()[0].error_message or "")


def test_ctrl_c_while_waiting_between_tries(project: Project) -> None:
    with_a_table(project)
    project.write(2, "ALTER TABLE t ADD COLUMN extra int")
    with holding(project, "SELECT * FROM t", 3):
        process = project.start_up()
        eventually(lambda: project.log()[-1] == (2, "started"))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == InterruptedRunError.exit_code
    assert project.log()[-1] == (2, "failed")
    assert project.up() == [f"{2:014d}"]


def test_ctrl_c_in_concurrently_leaves_no_invalid_index_behind(project: Project) -> None:
    with_a_table(project)
    project.write(2, "CREATE INDEX CONCURRENTLY t_n ON t (n);\nSELECT 1;")
    with psycopg.connect(project.url) as other:
        other.execute("INSERT INTO t VALUES (3)")
        process = project.start_up()
        eventually(lambda: project.query("SELECT 1 FROM pg_stat_progress_create_index"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == InterruptedRunError.exit_code
    assert project.up() == [f"{2:014d}"]
    assert project.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass") == [(True,)]
    assert project.log() == [(1, "completed"), (2, "failed"), (2, "completed")]
