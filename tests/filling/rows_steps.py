"""Databases with tables of every sort, filled."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pymysql
from pymysql.constants import CLIENT

from instar import dialects, rows
from instar.dialects import Dialect, Session, Settings
from instar.shapes import Shape

HERE = Path(__file__).parent


def load(url: str, text: str) -> None:
    """Run a script."""
    scheme = url.partition(":")[0]
    if scheme == "postgresql":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(text.encode())
    elif scheme == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.executescript(text)
    else:
        _load_mariadb(url, text)


def _load_mariadb(url: str, text: str) -> None:
    with open_session(url) as (session, _):
        assert isinstance(session.driver, pymysql.Connection)
        settings = session.driver
        with closing(
            pymysql.connect(
                host=settings.host, port=settings.port, user=settings.user, password=settings.password,
                database=session.server.database, unix_socket=settings.unix_socket,
                client_flag=CLIENT.MULTI_STATEMENTS, autocommit=True,
            )
        ) as connection, connection.cursor() as cursor:  # fmt: skip
            cursor.execute(text)
            while cursor.nextset():
                pass


def zoo(url: str) -> str:
    """Make the tables of every sort, and return the URL."""
    load(url, (HERE / f"zoo_{url.partition(':')[0]}.sql").read_text())
    return url


@contextmanager
def open_session(url: str) -> Iterator[tuple[Session, Dialect]]:
    """Open a session for a block."""
    dialect = dialects.for_url(url)
    session = dialect.connect(url, Settings())
    try:
        yield session, dialect
    finally:
        session.close()


def shape_of(session: Session, dialect: Dialect, key: str) -> Shape:
    """Return the description of a table."""
    return next(shape for shape in dialect.rows.shapes(session, dialects.Names()) if shape.key.endswith(key))


def printed(session: Session, dialect: Dialect, shape: Shape) -> rows.Fingerprints:
    """Return the content of one table."""
    return rows.Fingerprints(dialect.rows.digests(session, [shape]))
