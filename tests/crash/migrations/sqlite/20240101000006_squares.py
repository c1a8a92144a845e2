"""Rows that Python makes."""

from typing import Any


def up(connection: Any) -> None:
    """Count, in the migration's own transaction."""
    connection.execute("CREATE TABLE squares (n int, square int)")
    connection.executemany("INSERT INTO squares VALUES (?, ?)", [(n, n * n) for n in range(5)])
    connection.execute("INSERT INTO witness VALUES ('up 6')")


def down(connection: Any) -> None:
    """Undo it."""
    connection.execute("DROP TABLE squares")
    connection.execute("INSERT INTO witness VALUES ('down 6')")
