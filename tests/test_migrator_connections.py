"""Connections of the caller's: used, left open, and as they were. And databases that are waited for."""

import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import sqlalchemy
from psycopg.rows import dict_row

from conftest import POSTGRESQL, connect
from instar import Migrator
from instar.errors import ConnectError, MigrationFailedError, UsageError
from instar.testing.proxy import Proxy
from migrator_project import Fresh, Ground, ground, numbers

ENGINES = (*POSTGRESQL[::2], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")
DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql", "sqlite": "sqlite"}


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    found = ground(fresh(request.param), tmp_path)
    found.tables("a", "b")
    return found


def alchemy(url: str) -> sqlalchemy.Engine:
    scheme, _, rest = url.partition(":")
    return sqlalchemy.create_engine(f"{DRIVERS[scheme]}:{rest}")


def round_trip(project: Ground, database: object) -> None:
    with Migrator(database, directory=project.folder) as migrator:
        assert numbers(migrator.up()) == [1, 2]
        assert numbers(migrator.down()) == [2]
        assert {item.state for item in migrator.status()} == {"applied", "pending"}


# The drivers' own


def test_a_connection_of_the_caller_is_used_and_left_open(project: Ground) -> None:
    with closing(connect(project.url)) as connection:
        round_trip(project, connection)
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM a")
        assert cursor.fetchone() == (0,)
    assert project.applied() == [1]


def test_a_connection_outlives_a_failure(project: Ground) -> None:
    project.write(3, "INSERT INTO missing VALUES (1);")
    with closing(connect(project.url)) as connection:
        with Migrator(connection, directory=project.folder) as migrator, pytest.raises(MigrationFailedError):
            migrator.up()
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM schema_migrations")
        assert cursor.fetchone() == (2,)


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_psycopg_connection_is_as_it_was(postgres: str, tmp_path: Path, *, autocommit: bool) -> None:
    project = ground(postgres, tmp_path)
    project.tables("a", "b")
    with psycopg.connect(postgres, autocommit=autocommit, row_factory=dict_row, application_name="shop") as connection:
        names = "'lock_timeout', 'search_path', 'application_name'"
        asked = f"SELECT name, setting FROM pg_settings WHERE name IN ({names})".encode()
        before = connection.execute(asked).fetchall()
        connection.rollback()
        round_trip(project, connection)
        assert connection.autocommit is autocommit
        assert connection.row_factory is dict_row
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert connection.execute(asked).fetchall() == before
        assert connection.execute("SELECT objid FROM pg_locks WHERE locktype = 'advisory'").fetchall() == []


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_pymysql_connection_is_as_it_was(mariadb: str, tmp_path: Path, *, autocommit: bool) -> None:
    project = ground(mariadb, tmp_path)
    project.tables("a", "b")
    with closing(connect(mariadb)) as connection:
        assert isinstance(connection, pymysql.Connection)
        connection.autocommit(autocommit)
        connection.cursorclass = pymysql.cursors.DictCursor
        round_trip(project, connection)
        assert connection.get_autocommit() is autocommit
        assert connection.cursorclass is pymysql.cursors.DictCursor
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) AS n FROM a")
            assert cursor.fetchone() == {"n": 0}


@pytest.mark.parametrize("isolation", ["", None, "IMMEDIATE"])
def test_a_sqlite_connection_is_as_it_was(sqlite: str, tmp_path: Path, isolation: str | None) -> None:
    project = ground(sqlite, tmp_path)
    project.tables("a", "b")
    with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=isolation)) as connection:  # type: ignore[arg-type]
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 1234")
        round_trip(project, connection)
        assert connection.isolation_level == isolation
        assert connection.row_factory is sqlite3.Row
        assert not connection.in_transaction
        assert tuple(connection.execute("PRAGMA foreign_keys").fetchone()) == (1,)
        assert tuple(connection.execute("PRAGMA busy_timeout").fetchone()) == (1234,)


def test_a_database_in_memory_is_migrated_through_its_connection(tmp_path: Path) -> None:
    project = ground("sqlite://", tmp_path)
    project.tables("a", "b")
    with closing(sqlite3.connect(":memory:")) as connection:
        round_trip(project, connection)
        assert connection.execute("SELECT count(*) FROM a").fetchone() == (0,)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_lives_as_long_as_its_migrator(tmp_path: Path, url: str) -> None:
    project = ground(url, tmp_path)
    project.tables("a", "b")
    with project.migrator() as migrator:
        assert numbers(migrator.up()) == [1, 2]
        assert {item.state for item in migrator.status()} == {"applied"}
    assert project.states() == {1: "pending", 2: "pending"}


def test_a_connection_inside_a_transaction_is_refused(project: Ground) -> None:
    with closing(connect(project.url)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE mine (n INTEGER)")
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO mine VALUES (1)")
        with pytest.raises(UsageError, match="inside a transaction") as caught:
            Migrator(connection, directory=project.folder).up()
        assert "commit or roll back" in caught.value.hint
        cursor.execute("ROLLBACK")
        cursor.execute("SELECT count(*) FROM mine")
        assert cursor.fetchone() == (0,)
    assert not project.has("a")


def test_what_is_no_connection_is_refused_by_its_type(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a connection of type builtins\.dict cannot run migrations"):
        Migrator({}, directory=tmp_path).status()


# SQLAlchemy's


def test_an_engine_of_sqlalchemy_can_be_given(project: Ground) -> None:
    engine = alchemy(project.url)
    try:
        round_trip(project, engine)
        with engine.connect() as connection:
            assert connection.execute(sqlalchemy.text("SELECT count(*) FROM a")).scalar() == 0
    finally:
        engine.dispose()


def test_an_engine_gets_its_connection_back(project: Ground) -> None:
    scheme, _, rest = project.url.partition(":")
    pool: dict[str, Any] = {"poolclass": sqlalchemy.QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    engine = sqlalchemy.create_engine(f"{DRIVERS[scheme]}:{rest}", **pool)
    try:
        for _ in range(2):
            with Migrator(engine, directory=project.folder) as migrator:
                migrator.up()
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text("DELETE FROM a"))
    finally:
        engine.dispose()


def test_a_connection_of_sqlalchemy_can_be_given(project: Ground) -> None:
    engine = alchemy(project.url)
    try:
        with engine.connect() as connection:
            round_trip(project, connection)
            assert connection.execute(sqlalchemy.text("SELECT count(*) FROM a")).scalar() == 0
            connection.execute(sqlalchemy.text("INSERT INTO a VALUES (1)"))
            connection.rollback()
            assert connection.execute(sqlalchemy.text("SELECT count(*) FROM a")).scalar() == 0
    finally:
        engine.dispose()


def test_a_connection_of_sqlalchemy_inside_a_transaction_is_refused(project: Ground) -> None:
    engine = alchemy(project.url)
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
            if project.url.startswith("sqlite"):
                connection.execute(sqlalchemy.text("CREATE TABLE mine (n INTEGER)"))
                connection.execute(sqlalchemy.text("INSERT INTO mine VALUES (1)"))
            if project.url.startswith("mariadb"):
                pytest.skip("a server of this kind does not say that an empty transaction is open")
            with pytest.raises(UsageError, match="transaction"):
                Migrator(connection, directory=project.folder).up()
    finally:
        engine.dispose()


# Waiting


def test_wait_returns_at_once_when_the_database_answers(project: Ground) -> None:
    with project.migrator() as migrator:
        assert migrator.wait(5) < 5


@pytest.mark.parametrize("engine", ENGINES[:-1])
def test_wait_goes_on_until_the_server_comes_up(fresh: Fresh, engine: str, tmp_path: Path) -> None:
    with Proxy(fresh(engine)) as proxy:
        proxy.refuse()
        opening = threading.Timer(0.7, proxy.accept)
        opening.start()
        with Migrator(proxy.url, directory=tmp_path) as migrator:
            assert 0.5 < migrator.wait(20) < 5
            assert migrator.status() == []
        opening.join()


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_wait_gives_up_and_says_why(tmp_path: Path, scheme: str) -> None:
    begun = time.monotonic()
    with (
        Migrator(f"{scheme}://maria:secret@127.0.0.1:{free_port()}/shop", directory=tmp_path) as migrator,
        pytest.raises(ConnectError, match=r"the database did not answer within 0\.5 s: ") as caught,
    ):
        migrator.wait(0.5)
    assert 0.4 < time.monotonic() - begun < 5
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"
