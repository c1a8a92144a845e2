"""What proves that a column holds no NULL, so that no row has to be read.

Measured on PostgreSQL 12 to 18: a validated CHECK (c IS NOT NULL), also with more behind AND, proves it; c > 0 does
not.
"""

from collections.abc import Iterable, Iterator

from instar.catalog import Column, Constraint, ConstraintKind, Table
from instar.dialects.postgresql.analysis import names
from instar.dialects.postgresql.analysis.subcommand import STORED, Subcommand
from instar.effects import Work, WorkKind


def proof(table: Table, column: Column | None, name: str) -> str:
    """Return why `name` holds no NULL for certain, "" where nothing says so."""
    if column is not None and not column.nullable and not column.proof:
        return f"{name} is NOT NULL already"
    for item in table.constraints:
        if item.kind is ConstraintKind.CHECK and item.validated and item.enforced and name in item.not_null:
            return f"the validated CHECK {item.name} proves that {name} holds no NULL"
    return ""


def scans(sub: Subcommand, columns: Iterable[str], tables: Iterable[Table] | None = None) -> Iterator[Work]:
    """Yield the scans for NULL that nothing makes superfluous; unknown where a constraint may be there."""
    for table in sub.family if tables is None else tables:
        open_ = [name for name in columns if not proof(table, sub.column(name, table), name)]
        if not open_ or table.kind not in STORED:
            continue
        fact = "" if table.complete else f"whether a validated CHECK proves {table.name}.{open_[0]} IS NOT NULL"
        yield Work(WorkKind.SCAN, table.name, reason=f"no row may hold NULL in {open_[0]}", unknown=fact)


def not_null_by_name(table: Table, name: str) -> Constraint | None:
    """Return the not-null constraint that the server (18) named after a column of `table`."""
    for column in table.columns:
        if not column.nullable and names.constraint(Table(table.name), (column.name,), "not_null") == name:
            return Constraint(name, ConstraintKind.NOT_NULL, (column.name,), named=False)
    return None
