"""Databases to throw away: a PostgreSQL of its own, a database on a MariaDB or MySQL server, a SQLite file."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from instar.errors import ConnectError, UsageError

if TYPE_CHECKING:
    import pymysql
    from pymysql.cursors import Cursor

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A PostgreSQL server on which databases may be created; `address` is the URL of any database of it."""

    address: str

    def url(self, database: str | None = None) -> str:
        """Return the URL of `database`, which need not exist."""
        return self.address if database is None else _naming(self.address, database)

    def database(self, name: str, *, template: str = "template1") -> str:
        """Create the database `name` as a copy of `template` and return its URL. Nobody may be connected to that."""
        from psycopg import sql

        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._run(statement.format(sql.Identifier(name), sql.Identifier(template)).as_string())
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop the database `name` if it exists, and end whoever is connected to it."""
        from psycopg import sql

        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)).as_string())

    @contextmanager
    def fresh(self, *, template: str = "template1") -> Iterator[str]:
        """Create a database of a new name, yield its URL, and drop it afterwards."""
        name = _new_name()
        try:
            yield self.database(name, template=template)
        finally:
            self.drop(name)

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgresql(
    version: int | None = None, *, settings: Mapping[str, str] | None = None, tcp: bool = False
) -> Iterator[PostgreSQL]:
    """Start a temporary PostgreSQL server and remove it afterwards; with `tcp` its URLs go through 127.0.0.1.

    `version` is a major version, by default the newest on this machine; `settings` are the server's own.
    Raises UsageError when PostgreSQL is not installed: `pip install "instar[embedded]"` brings it.
    """
    from instar.dialects.postgresql import embedded

    with embedded.start(version=version, settings=settings, tcp=tcp) as server:
        yield PostgreSQL(server.tcp_url() if tcp else server.url())


@contextmanager
def mariadb(url: str) -> Iterator[str]:
    """Create a database of a new name on the MariaDB or MySQL server at `url`, yield its URL, drop it afterwards.

    Raises ConnectError when the server cannot be reached.
    """
    name = _new_name()
    with closing(_connect_mysql(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}`")
    try:
        yield _naming(url, name)
    finally:
        with closing(_connect_mysql(url)) as connection, connection.cursor() as cursor:
            _drop_mysql(cursor, name)


@contextmanager
def sqlite(folder: Path | None = None) -> Iterator[str]:
    """Yield the URL of a new SQLite file in `folder` (by default one of its own) and remove it afterwards."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        yield f"sqlite:///{Path(own) / 'database.sqlite'}"


def _connect_mysql(url: str) -> "pymysql.Connection[Cursor]":
    import pymysql

    parts = urlsplit(url)
    if parts.scheme not in ("mysql", "mariadb"):
        raise UsageError(f"{parts.scheme!r} is not MariaDB or MySQL", hint="write mariadb://root@127.0.0.1:3306/")
    try:
        return pymysql.connect(
            host=parts.hostname or "localhost",
            port=parts.port or 3306,
            user=unquote(parts.username or "") or None,
            password=unquote(parts.password or ""),
            unix_socket=dict(parse_qsl(parts.query)).get("unix_socket"),
            autocommit=True,
        )
    except pymysql.MySQLError as error:
        raise ConnectError(f"the server at {parts.hostname or 'the socket'} cannot be reached: {error}") from error


def _drop_mysql(cursor: "Cursor", name: str) -> None:
    """Drop a database. Whoever is connected to it goes first: a transaction left open there would block the drop."""
    import pymysql

    cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
    for (identifier,) in cursor.fetchall():
        try:
            cursor.execute(f"KILL {identifier:d}")
        except pymysql.MySQLError as error:
            if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:
                raise
    cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


def _naming(url: str, database: str) -> str:
    """Return `url` with another database name. Not urlunsplit: it drops the // of an empty host."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(database, safe='')}{query}"


def _new_name() -> str:
    return f"instar_{os.getpid()}_{next(_numbers)}"
