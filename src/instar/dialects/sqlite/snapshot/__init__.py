"""A SQLite file's whole schema, from the CREATE texts that it keeps."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from instar.dialects import Names
from instar.dialects.sqlite.snapshot import others, tables
from instar.dialects.sqlite.snapshot.reading import folded
from instar.dialects.sqlite.snapshot.relations import Relations
from instar.snapshot import Object, Snapshot

_ROWS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_SHADOWS = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
_TABLE_LIST = (3, 37)
_SUFFIXES = (
    "content", "data", "idx", "docsize", "config", "segments", "segdir", "stat", "node", "rowid", "parent", "instance",
)  # fmt: skip


def snapshot(connection: sqlite3.Connection, names: Names) -> Snapshot:
    """Read the schema of the main file without the tables that `names` calls ours."""
    with _still(connection):
        objects = list(_objects(connection, names))
    return Snapshot(objects, dialect="sqlite", version=sqlite3.sqlite_version_info)


@contextmanager
def _still(connection: sqlite3.Connection) -> Iterator[None]:
    """Read inside a transaction, so that nobody changes the schema meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _objects(connection: sqlite3.Connection, names: Names) -> Iterator[Object]:
    rows = [row for row in connection.execute(_ROWS) if row[3] and not _ours(row[2], names)]
    shadows = _shadows(connection, rows)
    rows = [row for row in rows if folded(row[2]) not in shadows]
    relations = Relations(connection)
    for kind, _, _, text in rows:
        if kind == "table":
            for item in tables.table(text):
                relations.learn(item)
                yield item
    for kind, name, _, _ in rows:
        if kind == "view":
            relations.see(name)
    read = {"view": others.view, "index": others.index, "trigger": others.trigger}
    yield from (read[kind](text, relations) for kind, _, _, text in rows if kind in read)


def _ours(table: str, names: Names) -> bool:
    """Whether a table is one of our own."""
    if names.schema not in {"", "main"}:
        return False
    small = folded(table)
    return small in {folded(names.history), folded(names.log)} or small.startswith(f"{folded(names.internal)}_")


def _shadows(connection: sqlite3.Connection, rows: list[tuple[str, str, str, str]]) -> frozenset[str]:
    """Return the tables in which virtual tables keep what they hold; their modules make them."""
    virtual = [name for kind, name, _, text in rows if kind == "table" and text[:14].lower() == "create virtual"]
    found = {folded(f"{name}_{suffix}") for name in virtual for suffix in _SUFFIXES}
    if virtual and sqlite3.sqlite_version_info >= _TABLE_LIST:
        found |= {folded(name) for (name,) in connection.execute(_SHADOWS)}
    return frozenset(found)
