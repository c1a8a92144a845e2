"""A connection of the caller's: a driver's own, or one of SQLAlchemy's, becomes a session."""

from typing import Any

from msgspec import Struct

from instar import dialects
from instar.dialects import Session


class Wrapped(Struct, frozen=True):
    """A connection of the caller's, as a session."""

    session: Session
    dialect: dialects.Dialect
    borrowed: Any = None
    """A connection from a SQLAlchemy engine's pool: held as long as we use it, then given back."""


def wrap(connection: Any) -> Wrapped:
    """Make a session of a driver's connection, or of SQLAlchemy's engine or connection. Raises UsageError at others."""
    borrowed: Any = None
    if type(connection).__module__.startswith("sqlalchemy."):
        if hasattr(connection, "raw_connection"):
            borrowed = connection = connection.raw_connection()
        else:
            connection = connection.connection
        connection = connection.driver_connection
    session = dialects.for_connection(connection)
    return Wrapped(session, dialects.load(session.dialect), borrowed)
