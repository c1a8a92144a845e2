"""The live catalog of a SQLite file."""

import sqlite3

from instar.catalog import Schema, Table


def catalog(connection: sqlite3.Connection) -> Schema:
    """Read what the main file holds."""
    found = Schema(complete=True, live=True, default="main")
    found.version = sqlite3.sqlite_version_info
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        found.put(Table(str(name)))
    return found
