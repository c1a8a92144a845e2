"""The live catalog of a SQLite file: its own words for what was created, and its pragmas for what came of them."""

import sqlite3

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects import _settings
from instar.dialects.sqlite import analysis

_ORDER = ("table", "index", "view", "trigger")
_GENERATED = {2: "virtual", 3: "stored"}


def catalog(connection: sqlite3.Connection) -> Schema:
    """Read what the main file holds; rows are the largest row number, which costs no scan."""
    found = Schema(complete=True, live=True, default="main")
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_master").fetchall()
    for kind in _ORDER:
        for _, _, _, sql in (row for row in rows if row[0] == kind and row[3] and not row[1].startswith("sqlite_")):
            analysis.learnt(analysis.analyse(sql, found), found, "")
    for key, table in list(found.tables.items()):
        if table.kind == "table":
            found.put(_checked(connection, table, key))
    found.version = sqlite3.sqlite_version_info
    on = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    _settings.own(found, "foreign_keys", "on" if on else "off")
    return found


def _checked(connection: sqlite3.Connection, table: Table, key: str) -> Table:
    """Put in what the pragmas say."""
    rows = connection.execute('SELECT name, type, "notnull", dflt_value, hidden FROM pragma_table_xinfo(?)', (key,))
    columns = tuple(_column(row, table) for row in rows)
    keys = tuple(_foreign(connection, key, item) for item in table.constraints)
    return replace(
        table, columns=columns, constraints=keys, complete=True, rows=_rows(connection, table),
        indexes=tuple(_index(connection, item) for item in table.indexes),
    )  # fmt: skip


def _column(row: tuple[str, str, int, str | None, int], table: Table) -> Column:
    name, given, required, default, hidden = row
    known = table.column(name) or Column(name, given)
    shown = known.default or (default or "")
    return replace(known, type=given.upper(), nullable=not required, default=shown,
                   generated=_GENERATED.get(hidden, ""))  # fmt: skip


def _foreign(connection: sqlite3.Connection, table: str, item: Constraint) -> Constraint:
    if item.kind is not ConstraintKind.FOREIGN_KEY:
        return item
    rows = connection.execute('SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)', (table,))
    by_id: dict[int, list[tuple[str, ...]]] = {}
    for number, *rest in rows:
        by_id.setdefault(number, []).append(tuple(rest))
    for parts in by_id.values():
        if tuple(part[1].lower() for part in parts) == tuple(name.lower() for name in item.columns):
            action = parts[0][3].lower()
            return replace(item, on_delete="" if action in {"no action", "restrict"} else action)
    return item


def _index(connection: sqlite3.Connection, index: Index) -> Index:
    if not index.definition:
        return index
    rows = connection.execute("SELECT name FROM pragma_index_info(?)", (index.name,))
    return replace(index, columns=tuple(name or "" for (name,) in rows))


def _rows(connection: sqlite3.Connection, table: Table) -> float | None:
    if "without rowid" in table.options:
        return None
    name = table.name.replace('"', '""')
    try:
        return float(connection.execute(f'SELECT coalesce(max(_rowid_), 0) FROM main."{name}"').fetchone()[0])
    except sqlite3.OperationalError:  # a virtual table without row numbers, or of a module that is not loaded
        return None
