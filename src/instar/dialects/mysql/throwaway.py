"""An empty database to throw away on a MariaDB or MySQL server that is named."""

import os
from collections.abc import Collection
from contextlib import closing
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit

from instar.errors import ConnectError, DatabaseError, UsageError
from instar.redact import redact

_numbers = count(1)


class Throwaway:
    """A database; see instar.dialects.Throwaway."""

    def __init__(self, server: str, database: str) -> None:
        self._server, self._database = server, database
        self.url = _naming(server, database)
        self.sqlalchemy = f"{urlsplit(server).scheme}+pymysql://{self.url.partition('://')[2]}"
        self.name = _administer(server, f"CREATE DATABASE `{database}`")

    def mention(self, words: Collection[str]) -> None:
        """Nothing is made outside of the database."""

    def supply(self, error: DatabaseError) -> bool:
        """Nothing is missing that no schema makes."""
        del error
        return False

    def advice(self, error: DatabaseError) -> str:
        """No server has what another one has not."""
        del error
        return ""

    def keep(self) -> bool:
        """Say that a database cannot be copied as a whole."""
        return False

    def back(self) -> None:
        """Begin anew: nothing was kept."""
        self.close()
        _administer(self._server, f"CREATE DATABASE `{self._database}`")

    def copy(self) -> None:
        """Say that a database cannot be copied as a whole."""

    def close(self) -> None:
        """Drop the database, and end whoever is connected to it: a transaction left open would block that."""
        _administer(self._server, f"DROP DATABASE IF EXISTS `{self._database}`", ending=self._database)


def make(server: str) -> Throwaway:
    """Make a database on the server at the URL. Raises UsageError without one: there is none to start here."""
    if not server:
        raise UsageError(
            "a database to throw away is needed, and MariaDB or MySQL is not started for it",
            hint="name a server on which databases may be created: --server mariadb://root@127.0.0.1:3306/",
        )
    return Throwaway(server, f"instar_throwaway_{os.getpid()}_{next(_numbers)}")


def _administer(server: str, statement: str, *, ending: str = "") -> str:
    """Run a statement on the server; return its name with its version."""
    import pymysql

    try:
        with closing(_connect(server)) as connection, connection.cursor() as cursor:
            if ending:
                _end(cursor, ending)
            cursor.execute(statement)
            version = str(connection.get_server_info())
    except pymysql.MySQLError as error:
        raise ConnectError(
            f"no database can be made on {redact(server)}: {error.args[-1]}", hint="the user needs CREATE there"
        ) from error
    number = version.removeprefix("5.5.5-").partition("-")[0]
    return f"{'MariaDB' if 'MariaDB' in version else 'MySQL'} {number}"


def _end(cursor: Any, database: str) -> None:
    import pymysql

    cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (database,))
    for (identifier,) in cursor.fetchall():
        try:
            cursor.execute(f"KILL {identifier:d}")
        except pymysql.MySQLError as error:
            if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:
                raise


def _connect(server: str) -> Any:
    import pymysql

    from instar.dialects.mysql.url import parse

    address, password = parse(_naming(server, "mysql"))  # it need not name a database
    return pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user or None,
        password=password,
        unix_socket=address.options.get("unix_socket"),
        autocommit=True,
    )


def _naming(url: str, database: str) -> str:
    """Return `url` with another database name."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(database, safe='')}{query}"
