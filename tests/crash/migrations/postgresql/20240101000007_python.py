"""Rows that Python makes."""

from typing import Any


def up(connection: Any) -> None:
    """Count, in the migration's own transaction."""
    connection.execute("CREATE TABLE squares (n int, square int)")
    for n in range(5):
        connection.execute("INSERT INTO squares VALUES (%s, %s)", (n, n * n))
    connection.execute("UPDATE counters SET n = n + 1000 WHERE name = 'a'")
    connection.execute("INSERT INTO witness VALUES ('up 7')")


def down(connection: Any) -> None:
    """Undo it."""
    connection.execute("DROP TABLE squares")
    connection.execute("INSERT INTO witness VALUES ('down 7')")
