"""What analyse says of ALTER TABLE on MariaDB is what the server accepts: every action is run on a table with rows."""

from collections.abc import Callable, Iterator
from contextlib import closing

import mariadb_algorithms
import pymysql
import pytest

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
