"""What analyse says of ALTER TABLE on MariaDB is what the server accepts: every action is run on a table with rows."""

from collections.abc import Callable, Iterator
from contextlib import closing

import mariadb_algorithms
import pymysql
import pytest
from pymysql.constants import ER

from conftest import Connection, connect
from instar.catalog import Schema
from instar.dialects import load
from instar.effects import Effect, LockMode

FORMS = (
    ("INSTANT", "NONE"), ("NOCOPY", "NONE"), ("NOCOPY", "SHARED"), ("INPLACE", "NONE"), ("INPLACE", "SHARED"),
    ("COPY", "SHARED"),
)  # fmt: skip
ACTIONS = mariadb_algorithms.ACTIONS.strip().splitlines()


def statements(script: str) -> list[str]:
    return [text.strip() for text in script.split(";\n") if text.strip()]


@pytest.fixture(scope="module")
def database(servers: object) -> Iterator[Connection]:
    from instar.testing import mariadb

    with mariadb(servers.mariadb()) as url, closing(connect(url)) as connection:  # type: ignore[attr-defined]
        yield connection


@pytest.fixture(scope="module")
def schema() -> Schema:
    return replayed(mariadb_algorithms.SETUP)


def replayed(script: str) -> Schema:
    dialect = load("mariadb")
    found = dialect.schema()
    found.version = (10, 11)
    for text in statements(script):
        dialect.learn(dialect.analyse(text, found), found)
    return found


def rebuild(run: Callable[[str], object], table: str) -> None:
    run("SET foreign_key_checks = 0")
    for text in statements(mariadb_algorithms.SETUP):
        if text.startswith(f"CREATE TABLE {table} "):
            run(f"DROP TABLE IF EXISTS {table}")
            run(text)
    for text in statements(mariadb_algorithms.ROWS):
        if text.startswith(f"INSERT INTO {table} "):
            run(text)
    run("SET foreign_key_checks = 1")


def cheapest(run: Callable[[str], object], action: str) -> tuple[str, str]:
    """Return the first form that the server accepts, or ("", message)."""
    message = ""
    for algorithm, lock in FORMS:
        try:
            run(f"ALTER TABLE {action}, ALGORITHM={algorithm}, LOCK={lock}")
        except pymysql.MySQLError as error:
            message = str(error.args[1])
        else:
            return algorithm, lock
    return "", message


def said(effect: Effect) -> tuple[str, str]:
    if effect.error:
        return "", effect.error
    waits = any(lock.mode is LockMode.SHARE for lock in effect.locks)
    return effect.algorithm, "SHARED" if waits else "NONE"


@pytest.mark.mariadb
@pytest.mark.parametrize("action", ACTIONS)
def test_the_server_accepts_what_analyse_says(database: Connection, schema: Schema, action: str) -> None:
    with database.cursor() as cursor:
        for table in ("p", action.partition(" ")[0]):
            rebuild(cursor.execute, table)
        accepted = cheapest(cursor.execute, action)
    assert said(load("mariadb").analyse(f"ALTER TABLE {action}", schema)) == accepted


def times_out(run: Callable[[str], object], text: str) -> bool:
    """Whether a statement waits for a lock; what fails for another reason fails."""
    try:
        run(text)
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.LOCK_WAIT_TIMEOUT:
            raise
        return True
    return False


@pytest.mark.mariadb
@pytest.mark.parametrize("checks", [1, 0])
@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parents (id)",
        "CREATE TABLE other (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parents (id))",
    ],
)
def test_who_waits_at_the_other_end_of_a_foreign_key(servers: object, text: str, checks: int) -> None:
    from instar.testing import mariadb

    made = (
        "CREATE TABLE parents (id int PRIMARY KEY, x int)",
        "CREATE TABLE child (id int PRIMARY KEY, parent int, KEY (parent))",
    )
    dialect, schema = load("mariadb"), replayed(";\n".join(made))
    setting = f"SET foreign_key_checks = {checks}"
    dialect.learn(dialect.analyse(setting, schema), schema)
    locks = dialect.analyse(text, schema).locks
    mode = max(lock.mode for lock in locks if lock.relation == "parents")
    with mariadb(servers.mariadb()) as url, closing(connect(url)) as one, closing(connect(url)) as other:  # type: ignore[attr-defined]
        application, migration = one.cursor(), other.cursor()
        for statement in (*made, "INSERT INTO parents VALUES (1, 1)"):
            application.execute(statement)
        application.execute("COMMIT")
        waits = []
        for use in ("SELECT x FROM parents", "UPDATE parents SET x = 2"):
            application.execute("BEGIN")
            application.execute(use)
            migration.execute(setting)
            migration.execute("SET lock_wait_timeout = 1")
            waits.append(times_out(migration.execute, text))
            migration.execute("DROP TABLE IF EXISTS other")
            migration.execute("ALTER TABLE child DROP FOREIGN KEY IF EXISTS f")
            application.execute("ROLLBACK")

    assert waits == [mode is LockMode.ACCESS_EXCLUSIVE, mode >= LockMode.SHARE]
