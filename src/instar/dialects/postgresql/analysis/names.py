"""The names that the server gives to constraints and their indexes when their author gave none."""

from collections.abc import Iterable

from instar.catalog import Schema, Table
from instar.dialects.postgresql.analysis import objects


def addition(columns: Iterable[str]) -> str:
    """Join column names for the middle of a name; an expression ("") counts as "expr"."""
    made = ""
    for column in columns:
        made = f"{made}_{column or 'expr'}" if made else column or "expr"
        if len(made.encode()) > objects.LONGEST:
            break
    return made


def constraint(table: Table, columns: Iterable[str], label: str, taken: Iterable[str] = ()) -> str:
    """Choose a name for a constraint of `table`: "orders_total_check", with a number behind where that is taken."""
    used = {item.name for item in table.constraints} | set(taken)
    return objects.chosen(used, objects.bare(table.name), addition(columns), label)


def relation(schema: Schema, table: Table, columns: Iterable[str], label: str, taken: Iterable[str] = ()) -> str:
    """Choose a name for an index beside `table`: "orders_pkey", "orders_email_key"."""
    used = {item.name for item in table.constraints} | set(taken)
    middle = addition(columns)
    while True:
        made = objects.chosen(used, objects.bare(table.name), middle, label)
        key = objects.beside(table.name, made)
        if key not in schema.tables and not schema.owner(key):
            return made
        used.add(made)
