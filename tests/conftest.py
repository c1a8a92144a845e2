"""Fresh databases for every test, on every server that this machine can offer."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
import pymysql
import pytest

from instar.dialects.postgresql import embedded
from instar.errors import InstarError
from instar.testing import PostgreSQL
from instar.testing import mariadb as mariadb_database
from instar.testing import postgresql as postgresql_server
from instar.testing import sqlite as sqlite_database

pytest_plugins = ("cli_fixtures", "proofs_fixtures", "pytester")

POSTGRESQL = ("postgresql-15", "postgresql-16", "postgresql-18")
SYSTEM_POSTGRESQL = (
    "postgresql:///postgres?host=/var/run/postgresql",
    "postgresql://postgres@127.0.0.1:5432/postgres",
)
SYSTEM_MARIADB = ("mariadb://root@127.0.0.1:3306/", "mariadb://root@localhost/?unix_socket=/run/mysqld/mysqld.sock")
SAMPLE = 20

Case = TypeVar("Case")


class Connection(Protocol):
    """What psycopg, PyMySQL and sqlite3 connections have in common."""

    def cursor(self) -> Any: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...


class Servers:
    """The servers of one pytest session, started when first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._started: dict[str, PostgreSQL | str] = {}

    def postgresql(self, name: str) -> PostgreSQL:
        if name not in self._started:
            self._started[name] = self._system(name) or self._embedded(name)
        server = self._started[name]
        if isinstance(server, str):
            missing(name, server)
        return server

    def mariadb(self) -> str:
        if "mariadb" not in self._started:
            self._started["mariadb"] = next(filter(answers, SYSTEM_MARIADB), "")
        address = self._started["mariadb"]
        if not address:
            missing("mariadb", f"no MariaDB answers at {' or '.join(SYSTEM_MARIADB)}")
        return str(address)

    def _system(self, name: str) -> PostgreSQL | None:
        addresses = (address for address in SYSTEM_POSTGRESQL if name == f"postgresql-{system_version(address)}")
        address = next(addresses, None)
        return PostgreSQL(address) if address else None

    def _embedded(self, name: str) -> PostgreSQL | str:
        version = int(name.removeprefix("postgresql-"))
        if version not in embedded.available():
            return f"PostgreSQL {version} is neither running here nor in the wheel"
        return self._stack.enter_context(postgresql_server(version))


def missing(name: str, reason: str) -> NoReturn:
    """Skip the test, or fail it when this server is required (INSTAR_REQUIRE="mariadb postgresql-18")."""
    if name in os.environ.get("INSTAR_REQUIRE", "").split():
        pytest.fail(f"{name} is required: {reason}")
    pytest.skip(reason)


def system_version(address: str) -> int | None:
    """Return the major version of a server on which we may create databases, or None."""
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            row = connection.execute("SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
            return connection.info.server_version // 10000 if row and row[0] else None
    except psycopg.OperationalError:
        return None


def answers(url: str) -> bool:
    """Whether a database can be created on the MariaDB server at `url`."""
    try:
        with mariadb_database(url):
            return True
    except (InstarError, pymysql.MySQLError):
        return False


def connect(url: str) -> Connection:
    """Open a DB-API connection in autocommit mode; close it, for example with contextlib.closing."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite3.connect(unquote(url.removeprefix("sqlite:///")), isolation_level=None)
    if parts.scheme == "postgresql":
        return psycopg.connect(url, autocommit=True)
    return pymysql.connect(
        host=parts.hostname or "localhost",
        port=parts.port or 3306,
        user=parts.username,
        password=unquote(parts.password or ""),
        database=parts.path.removeprefix("/"),
        unix_socket=dict(parse_qsl(parts.query)).get("unix_socket"),
        autocommit=True,
    )


def query(url: str, text: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own and return its rows, none when it gives none."""
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(text, *([parameters] if parameters else []))
        return list(cursor.fetchall()) if cursor.description else []


def sampled(cases: Sequence[Case], number: int) -> list[Case]:
    """Return `number` of `cases`, evenly spread, the first and the last among them."""
    if number >= len(cases) or number < 2:
        return list(cases[: max(number, 0)])
    return [cases[index * (len(cases) - 1) // (number - 1)] for index in range(number)]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-crashes", action="store_true", help="run all matrices whole, not a sample of them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a sample of every test marked `crash` or `matrix`; `@pytest.mark.matrix(sample=30)` sets its size."""
    if config.getoption("--all-crashes"):
        return
    matrices: dict[str, list[pytest.Item]] = {}
    for item in items:
        if _marker(item) is not None:
            matrices.setdefault(item.nodeid.partition("[")[0], []).append(item)
    dropped = {item for matrix in matrices.values() for item in set(matrix) - set(sampled(matrix, _size(matrix[0])))}
    if dropped:
        config.hook.pytest_deselected(items=list(dropped))
        items[:] = [item for item in items if item not in dropped]


def _marker(item: pytest.Item) -> pytest.Mark | None:
    return item.get_closest_marker("crash") or item.get_closest_marker("matrix")


def _size(item: pytest.Item) -> int:
    marker = _marker(item)
    return int(marker.kwargs.get("sample", SAMPLE)) if marker else SAMPLE


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture
def fresh(servers: Servers, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return a function that makes a new empty database on the server of that name and returns its URL."""
    with ExitStack() as stack:

        def make(name: str) -> str:
            if name == "sqlite":
                return stack.enter_context(sqlite_database(tmp_path))
            if name == "mariadb":
                return stack.enter_context(mariadb_database(servers.mariadb()))
            return stack.enter_context(servers.postgresql(name).fresh())

        yield make


@pytest.fixture(params=POSTGRESQL)
def postgresql(request: pytest.FixtureRequest, fresh: Callable[[str], str]) -> str:
    """Return the URL of a new empty database, on every PostgreSQL version in turn."""
    return fresh(request.param)


@pytest.fixture
def postgres(fresh: Callable[[str], str]) -> str:
    """Return the URL of a new empty database on the newest PostgreSQL."""
    return fresh(POSTGRESQL[-1])


@pytest.fixture
def mariadb(fresh: Callable[[str], str]) -> str:
    """Return the URL of a new empty database on MariaDB."""
    return fresh("mariadb")


@pytest.fixture
def sqlite(fresh: Callable[[str], str]) -> str:
    """Return the URL of a new SQLite file."""
    return fresh("sqlite")


@pytest.fixture(params=(*POSTGRESQL, pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite"))
def database(request: pytest.FixtureRequest, fresh: Callable[[str], str]) -> str:
    """Return the URL of a new empty database, on every server in turn."""
    return fresh(request.param)
