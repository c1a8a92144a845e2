"""What SQLite's ALTER TABLE refuses, in its own words. Measured on 3.40; see also "ALTER TABLE" in its manual."""

import re

from instar.catalog import ConstraintKind, Schema, Table
from instar.dialects.sqlite.analysis.elements import Definition

_WORD = re.compile(r"[\w$]+")
_LITERAL = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?|x?'(?:[^']|'')*'|true|false|\"(?:[^\"]|\"\")*\"", re.IGNORECASE)


def add_always(found: Definition) -> str:
    """Return why a column cannot be added, whatever the table holds."""
    if found.has(ConstraintKind.PRIMARY_KEY):
        return "Cannot add a PRIMARY KEY column"
    return "Cannot add a UNIQUE column" if found.has(ConstraintKind.UNIQUE) else ""


def add_with_rows(found: Definition, *, foreign_keys: bool) -> str:
    """Return why a column cannot be added to a table that has rows."""
    column = found.column
    if column.generated == "stored":
        return "cannot add a STORED column"
    if column.generated:
        return ""
    if foreign_keys and column.default and found.has(ConstraintKind.FOREIGN_KEY):
        return "Cannot add a REFERENCES column with non-NULL default value"
    if not column.nullable and not column.default:
        return "Cannot add a NOT NULL column with default value NULL"
    if column.default and not constant(column.default):
        return "Cannot add a column with non-constant default"
    return ""


def constant(default: str) -> bool:
    """Whether a default is a literal."""
    return bool(_LITERAL.fullmatch(default.removeprefix("(").removesuffix(")").strip()))


def drop(schema: Schema, table: Table, name: str) -> str:
    """Return why a column cannot be dropped."""
    for item in table.constraints:
        if name not in item.columns:
            continue
        if item.kind is ConstraintKind.PRIMARY_KEY:
            return f'cannot drop PRIMARY KEY column: "{name}"'
        if item.kind is ConstraintKind.UNIQUE and item.inline:
            return f'cannot drop UNIQUE column: "{name}"'
        if item.kind is ConstraintKind.FOREIGN_KEY and not item.inline:
            return f'error in table {table.name} after drop column: unknown column "{name}" in foreign key definition'
        if not item.inline or (item.kind is ConstraintKind.CHECK and set(item.columns) - {name}):
            return f"error in table {table.name} after drop column: no such column: {name}"
    if table.complete and len(table.columns) == 1:
        return f'cannot drop column "{name}": no other columns exist'
    return _mentioned(schema, table, name)


def _mentioned(schema: Schema, table: Table, name: str) -> str:
    missing = f"after drop column: no such column: {name}"
    for index in table.indexes:
        if name in index.uses:
            return f"error in index {index.name} {missing}"
    for column in table.columns:
        if column.generated and column.name != name and _names(column.expression, name):
            return f"error in table {table.name} {missing}"
    for trigger, text in zip(table.triggers, table.trigger_texts, strict=False):
        if _names(text, name):
            return f"error in trigger {trigger} {missing}"
    for view in schema.views(table.name):
        if _names(view.definition, name):
            return f"error in view {view.name} {missing}"
    return ""


def _names(text: str, name: str) -> bool:
    return name.lower() in (word.lower() for word in _WORD.findall(text))
