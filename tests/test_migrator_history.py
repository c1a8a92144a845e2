"""What the history and the execution log keep of every attempt."""

import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import instar
from instar.config import Config
from instar.errors import MigrationFailedError
from instar.migrator import Migrator
from migrator_project import Ground, ground, header, table, version


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b")
    return found


@pytest.fixture
def plain(sqlite: str, tmp_path: Path) -> Ground:
    found = ground(sqlite, tmp_path)
    found.tables("a", "b")
    return found


# The history


def test_the_header_goes_into_the_history(project: Ground) -> None:
    about = header(description="Where people live: née 100%", author="maria@example.com")
    project.write(1, about + table("a"), name="create_a")
    project.write(2, table("b", down=False), name="create_b")
    project.up()
    columns = "name, description, author, rollback_available"
    rows = project.query(f"SELECT {columns} FROM schema_migrations ORDER BY 1")
    assert [(*row[:3], bool(row[3])) for row in rows] == [
        ("create_a", "Where people live: née 100%", "maria@example.com", True),
        ("create_b", None, None, False),
    ]


def test_the_checksum_is_that_of_the_up_text(project: Ground) -> None:
    import hashlib

    project.write(1, "CREATE TABLE a (id INTEGER);\r\n", name="create_a")
    project.up()
    ((checksum,),) = project.query(f"SELECT checksum FROM schema_migrations WHERE version = '{version(1)}'")
    assert checksum == hashlib.sha256(b"CREATE TABLE a (id INTEGER);\n").hexdigest()


def test_a_long_name_and_author_fit(plain: Ground) -> None:
    plain.write(3, header(author="x" * 300) + table("c"), name="n" * 200)
    assert plain.up()[-1] == 3


# The log


def test_a_row_says_who_where_with_what_and_how_long(project: Ground) -> None:
    project.up()
    first, _ = project.history()
    assert (first.version, first.action, first.status, first.error_message) == (version(1), "apply", "completed", None)
    assert first.started_at is not None
    assert first.completed_at is not None
    assert timedelta(0) <= first.completed_at - first.started_at < timedelta(minutes=1)
    assert abs(datetime.now(UTC) - first.completed_at) < timedelta(minutes=5)
    about = first.context
    assert about["actor"]
    assert about["host"] == socket.gethostname()
    assert about["process"] == os.getpid()
    assert about["tool"] == f"instar {instar.__version__}"
    assert str(about["server"]).split()[0] in {"PostgreSQL", "MariaDB", "SQLite"}
    assert len(str(about["plan"])) == 12


def test_statements_have_their_line_time_and_rows(project: Ground) -> None:
    project.write(3, "-- migrate:up\nINSERT INTO a VALUES (1), (2), (3);\n\nDELETE FROM a\nWHERE id > 1;\n")
    project.up()
    told: Any = project.history()[-1].context["statements"]
    inserted, deleted = told
    assert (inserted["index"], inserted["line"], inserted["rows"]) == (0, 2, 3)
    assert (deleted["index"], deleted["line"], deleted["rows"]) == (1, 4, 2)
    assert inserted["ms"] >= 0


def test_the_commit_that_is_checked_out_is_kept(sqlite: str, tmp_path: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=m", "-c", "user.email=m@example.com", *words]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    project = ground(sqlite, tmp_path)
    project.tables("a")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    environment = Config(root=tmp_path).environment(None).replace(url=sqlite, directories=project.folder)
    with Migrator(environment=environment) as migrator:
        migrator.up()
        (row,) = migrator.history()
    assert row.context["git_commit"] == git("rev-parse", "HEAD")


def test_the_actor_can_be_named(plain: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    from instar.context import actor

    monkeypatch.setenv("INSTAR_ACTOR", "deploy bot")
    assert actor() == "deploy bot"
    monkeypatch.delenv("INSTAR_ACTOR")
    monkeypatch.setenv("GITHUB_ACTOR", "maria")
    assert actor() == "maria"


def test_a_failed_attempt_keeps_what_the_server_said_and_where(project: Ground) -> None:
    codes = {"postgresql": "23505", "mariadb": "1062", "sqlite": "SQLITE_CONSTRAINT_PRIMARYKEY"}
    once = "INSERT INTO a VALUES (1);\n"
    path = project.write(3, f"-- migrate:up\n{once}\nINSERT INTO b\nSELECT 1;\n{once}")
    with pytest.raises(MigrationFailedError) as caught:
        project.up()
    attempt = project.history()[-1]
    assert attempt.status == "failed"
    assert attempt.error_message
    assert attempt.error_message in caught.value.message
    error = attempt.context["error"]
    assert isinstance(error, dict)
    assert error["sqlstate"] == codes[project.url.partition(":")[0]]
    assert Path(error["file"]).name == path.name
    assert (error["line"], error["column"], error["source"]) == (6, 1, "INSERT INTO a VALUES (1)")


def test_a_failure_is_kept_when_its_transaction_is_not(project: Ground) -> None:
    project.write(3, "INSERT INTO a VALUES (1);\nINSERT INTO missing VALUES (1);")
    for _ in range(2):
        with pytest.raises(MigrationFailedError):
            project.up()
    assert project.query("SELECT * FROM a") == []
    assert project.log()[2:] == [(3, "apply", "failed")] * 2


def test_the_history_can_be_filtered(plain: Ground) -> None:
    plain.up()
    plain.down()
    plain.write(2, "INSERT INTO missing VALUES (1);")
    (plain.folder / f"{version(2)}_create_b.sql").unlink()
    with pytest.raises(MigrationFailedError):
        plain.up()

    def rows(**wanted: object) -> list[tuple[int, str, str]]:
        return [(int(row.version), row.action, row.status) for row in plain.history(**wanted)]

    done = "completed"
    everything = [(1, "apply", done), (2, "apply", done), (2, "rollback", done), (2, "apply", "failed")]
    assert rows() == everything
    assert rows(version=version(1)) == everything[:1]
    assert rows(status="failed") == everything[3:]
    assert rows(action="rollback") == everything[2:3]
    assert rows(action="apply", status="completed", version=version(2)) == everything[1:2]
    assert rows(limit=2) == everything[2:]
    assert rows(action="apply", limit=1) == everything[3:]
    assert rows(limit=0) == []


# Metrics


def test_a_run_is_measured_before_and_after(project: Ground) -> None:
    with project.migrator() as migrator:
        metrics = migrator.up().metrics
    assert set(metrics) == {"before", "after", "delta"}
    before, after, delta = (metrics[name] for name in ("before", "after", "delta"))
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert isinstance(delta, dict)
    assert before["database_size_bytes"] > 0
    assert after["own_memory_bytes"] > 0
    assert delta["database_size_bytes"] == after["database_size_bytes"] - before["database_size_bytes"]
    assert after["at"] >= before["at"]
    if project.url.startswith("postgresql"):
        assert {"active_connections", "locks", "wal_bytes", "temp_bytes", "dead_tuples"} <= set(before)


def test_nothing_to_do_is_not_measured(plain: Ground) -> None:
    plain.up()
    with plain.migrator() as migrator:
        assert migrator.up().metrics == {}


def test_every_attempt_says_between_which_samples_it_stands(project: Ground) -> None:
    project.up()
    first, last = (row.context["metrics"] for row in project.history())
    assert isinstance(first, dict)
    assert isinstance(last, dict)
    assert first["between"] == [0, 1]
    assert last["between"] == [0, 1]
    assert {"before", "after", "delta"} <= set(last)


def test_a_slow_migration_is_measured_by_itself(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.tables("a", "b")
    project.write(3, "SELECT pg_sleep(1.1); CREATE TABLE c AS SELECT generate_series(1, 10000) AS n;")
    project.write(4, "SELECT 1;")
    project.up()
    rows: list[Any] = [row.context["metrics"] for row in project.history()]
    assert [row["between"] for row in rows] == [[0, 1], [0, 1], [0, 1], [1, 2]]
    assert rows[2]["delta"]["database_size_bytes"] > 300_000
