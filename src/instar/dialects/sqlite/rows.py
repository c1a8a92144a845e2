"""What rows must be like in SQLite, how they are written, and their content summed up here: it has no hash function."""

import re
import sqlite3
from collections.abc import Sequence
from datetime import date, time
from hashlib import blake2b

from instar.catalog import Column, Table
from instar.dialects import Command, Names, Session, _shapes
from instar.shapes import Digest, Kind, Shape

_WORDS = (
    ("bool", "boolean"), ("int", "integer"), ("datetime", "timestamp"), ("timestamp", "timestamp"), ("date", "date"),
    ("time", "time"), ("char", "text"), ("clob", "text"), ("text", "text"), ("json", "json"), ("uuid", "uuid"),
    ("blob", "bytes"), ("real", "float"), ("floa", "float"), ("doub", "float"), ("num", "decimal"), ("dec", "decimal"),
    ("any", "text"), ("bytea", "bytes"), ("binary", "bytes"),
)  # fmt: skip
_INTEGER = Kind("integer", low=-(2**63), high=2**63 - 1)
_LINES = 1000
_TABLE_LIST = (3, 37)


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


class Rows:
    """See instar.dialects.Rows for what its methods promise."""

    deferring: tuple[str, ...] = ("PRAGMA defer_foreign_keys = ON",)
    settling: tuple[str, ...] = ()

    def shapes(self, session: Session, names: Names) -> tuple[Shape, ...]:
        """Read all ordinary tables of the main file, without our own."""
        whole = session.catalog()
        ours = {names.history, names.log}
        ordinary = _ordinary(session)
        return tuple(
            _shapes.shape(table, whole, _kind, f"main.{quote(table.name)}", _counter(table))
            for _, table in sorted(whole.tables.items())
            if table.name in ordinary - ours and not table.name.startswith((f"{names.internal}_", "sqlite_"))
        )  # fmt: skip

    def empty(self, session: Session, shapes: Sequence[Shape]) -> frozenset[str]:
        """Return the keys of the tables without rows."""
        return frozenset(
            shape.key for shape in shapes if not session.query(f"SELECT EXISTS (SELECT 1 FROM {shape.source})")[0][0]
        )

    def literal(self, value: object, kind: Kind) -> str:  # noqa: ARG002 - a value has its own type here
        """Write a value as SQL."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, bytes):
            return f"x'{value.hex()}'"
        if isinstance(value, str | date | time):
            return "'" + str(value).replace("'", "''") + "'"
        return str(value)

    def inserting(self, shape: Shape, columns: Sequence[str], rows: Sequence[Sequence[str]], *, returned: bool) -> str:
        """Write an INSERT of rows of literals."""
        end = " RETURNING *" if returned else ""
        if not columns:
            return f"INSERT INTO {shape.name} DEFAULT VALUES{end}"
        listed = ", ".join(quote(name) for name in columns)
        return f"INSERT INTO {shape.name} ({listed}) VALUES\n" + ",\n".join(f"({', '.join(row)})" for row in rows) + end

    def inserted(self, session: Session, text: str) -> list[dict[str, object]]:
        """Insert a row and return it as it is now."""
        outcome = session.run([Command(text)])[0]
        return [dict(zip(outcome.columns, row, strict=True)) for row in outcome.rows or []]

    def selecting(self, shape: Shape, columns: Sequence[str], limit: int) -> str:
        """Write a query for the values of columns."""
        listed = ", ".join(quote(name) for name in columns)
        filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
        return f"SELECT {listed} FROM {shape.source} WHERE {filled} ORDER BY {listed} LIMIT {limit}"

    def digests(self, session: Session, shapes: Sequence[Shape]) -> dict[str, Digest]:
        """Sum up the content of tables, all in one view of the database."""
        inside = session.in_transaction()
        if not inside:
            session.query("BEGIN")
        try:
            return {shape.key: _digest(session, shape) for shape in shapes}
        finally:
            if not inside:
                session.query("ROLLBACK")


def _ordinary(session: Session) -> frozenset[str]:
    """Return the tables that are neither virtual nor made by a virtual one for its rows."""
    if sqlite3.sqlite_version_info < _TABLE_LIST:
        rows = session.query(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL TABLE%'"
        )
    else:
        rows = session.query("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return frozenset(str(name) for (name,) in rows)


def _counter(table: Table) -> str:
    """Return the column that is the row's number, which SQLite hands out."""
    primary = next((item.columns for item in table.constraints if item.kind == "primary key"), ())
    if len(primary) != 1 or "without rowid" in table.options:
        return ""
    column = table.column(primary[0])
    return primary[0] if column is not None and column.type.lower() == "integer" else ""


def _kind(item: Column, _table: Table) -> Kind:
    spelled = item.type.lower()
    name = next((kind for word, kind in _WORDS if word in spelled), "text" if not spelled else "decimal")
    if name == "integer":
        return _INTEGER
    numbers = [int(found) for found in re.findall(r"\d+", spelled.partition("(")[2])]
    if name == "decimal":
        return Kind("decimal", digits=numbers[0] if numbers else 9, scale=numbers[1] if len(numbers) > 1 else 0)
    return Kind(name, length=numbers[0] if numbers and name in {"text", "bytes"} else 0)


def _canonical(value: object) -> str:
    """Return a text that is the same for values that are plainly the same: 1, 1.0 and '1'."""
    if isinstance(value, bytes):
        return f"x{value.hex()}"
    if isinstance(value, float) and value.is_integer():
        return f"v{int(value)}"
    return f"v{value}"


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _digest(session: Session, shape: Shape) -> Digest:
    names = sorted(item.name for item in shape.fields)
    places = {name: at for at, name in enumerate(names)}
    listed = ", ".join(quote(name) for name in names)
    plain, keyed, whole, lines = [0] * len(names), [0] * len(names), 0, []
    rows = session.query(f"SELECT {listed} FROM {shape.source}")
    for row in rows:
        hashes = [0 if value is None else _hash(_canonical(value)) for value in row]
        key = _hash(",".join(str(hashes[places[name]]) for name in shape.primary)) if shape.primary else 0
        for at, found in enumerate(hashes):
            plain[at] += found
            keyed[at] += _hash(f"{key}:{found}")
        whole += _hash(",".join(map(str, hashes)))
        lines.append((key, *hashes))
    few = len(rows) <= _LINES and bool(shape.primary)
    return Digest(
        len(rows), shape.primary, dict(zip(names, plain, strict=True)), dict(zip(names, keyed, strict=True)), whole,
        tuple(lines) if few else None,
    )  # fmt: skip
