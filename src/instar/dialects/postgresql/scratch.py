"""A throw-away PostgreSQL that tells whether two ways to write a migration leave the same schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from itertools import count
from typing import TYPE_CHECKING, Any

from instar.dialects.postgresql import embedded
from instar.errors import InstarError
from instar.model import Segment, Statement

if TYPE_CHECKING:
    import psycopg

_TIMEOUT = "30s"


class Scratch:
    """The server, with a database in which the history so far has been replayed."""

    def __init__(self, server: embedded.Embedded) -> None:
        self.name = f"PostgreSQL {server.version}"
        self._server = server
        self._numbers = count(1)
        self._base = self._create("template1")

    def replay(self, parts: Sequence[Segment]) -> str:
        """Run a migration of the history; return what the server said when it refused a part of it, else ""."""
        with self._connected(self._base) as connection:
            return _run(connection, parts)

    def outcome(self, parts: Sequence[Segment]) -> Mapping[str, str] | str:
        """Run a migration on a copy of the history's database; return the schema, or why the server refused it."""
        name = self._create(self._base)
        try:
            with self._connected(name) as connection:
                return _run(connection, parts) or _schema(connection)
        finally:
            self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Stop the server; nothing of it stays."""
        self._server.stop("immediate")

    def _create(self, template: str) -> str:
        name = f"scratch_{next(self._numbers)}"
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def _administer(self, text: str) -> None:
        with self._connected("postgres") as connection:
            connection.execute(text.encode())

    @contextmanager
    def _connected(self, database: str) -> "Iterator[psycopg.Connection[Any]]":
        import psycopg

        with psycopg.connect(self._server.url(database), autocommit=True) as connection:
            connection.execute(f"SET statement_timeout = '{_TIMEOUT}'")
            yield connection


def start(version: int = 0) -> Scratch | None:
    """Start a server of the major version, or the newest where that is not installed; None where none is.

    What cannot be had is no error: the comparison is then not made.
    """
    installed = embedded.available()
    if not installed:
        return None
    try:
        return Scratch(embedded.start(version=version if version in installed else None))
    except InstarError:
        return None


def _run(connection: "psycopg.Connection[Any]", parts: Sequence[Segment]) -> str:
    import psycopg

    said = ""
    for part in parts:
        try:
            _segment(connection, part)
        except psycopg.Error as error:
            connection.rollback()
            said = said or str(error).partition("\n")[0]
    connection.execute("RESET ALL")
    return said


def _segment(connection: "psycopg.Connection[Any]", part: Segment) -> None:
    if part.transaction:
        connection.execute((part.begin.text if part.begin else "BEGIN").encode())
    for statement in part.statements:
        _send(connection, statement)
    if part.transaction:
        connection.execute("COMMIT")


def _send(connection: "psycopg.Connection[Any]", statement: Statement) -> None:
    with connection.cursor() as cursor:
        if statement.data is None:
            cursor.execute(statement.text.encode())
            return
        with cursor.copy(statement.text.encode()) as copy:
            copy.write(statement.data)


def _schema(connection: "psycopg.Connection[Any]") -> dict[str, str]:
    rows = connection.execute(_query()).fetchall()
    return {str(name): str(text) for name, text in rows}


@cache
def _query() -> bytes:
    return resources.files(__package__).joinpath("scratch.sql").read_bytes()
