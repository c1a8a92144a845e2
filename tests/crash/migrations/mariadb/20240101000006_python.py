"""A row that Python makes."""

from typing import Any


def up(connection: Any) -> None:
    """Note that we were here."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO witness VALUES ('up 6')")


def down(connection: Any) -> None:
    """Note that we were here again."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO witness VALUES ('down 6')")
