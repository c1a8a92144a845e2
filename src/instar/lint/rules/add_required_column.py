"""ADD COLUMN NOT NULL without a default fails on rows that are there, and breaks INSERTs of the released application.

PostgreSQL refuses the statement when the table has a row ("column contains null values"). On an empty table it
succeeds, and the released application, which does not know the column, can insert nothing any more. Give it a default,
or add it as nullable, let the application write it, copy in batches, and make it NOT NULL then.

Safe when: this migration has created the table; the column has a default, is an identity or is generated.
"""

import re
from collections.abc import Iterator

from instar.lint.conditions import bare
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "compatibility"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("add column",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = "ALTER TABLE users ADD COLUMN country text NOT NULL;"
GOOD = "ALTER TABLE users ADD COLUMN country text NOT NULL DEFAULT 'unknown';"
PROOF = Proof("fails", "contains null values")
_NOT_NULL = re.compile(r"(?:\bconstraint\s+(?:\"[^\"]+\"|[\w$]+)\s+)?\bnot\s+null\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a column that has no value in the rows that are there."""
    change = look.change
    if change is None or change.column is None or change.relation in look.unit.created:
        return
    column = change.column
    if column.nullable or column.default or column.identity or column.generated:
        return
    table, name = look.name(), look.name(column.name)
    yield look.finding(
        f"{table}.{name} is NOT NULL, and neither the rows of {table} nor the released application have a value for it",
        why=f'the server refuses it when {table} has a row ("column contains null values"); where it has none, every '
        f"INSERT of the released application fails",
        advice=f"give {name} a default; or add it as nullable, write it, fill it in batches, and make it NOT NULL then",
        fix=None if look.depth else Fix(_steps(table, name, _nullable(look))),
    )


def _nullable(look: Look) -> str:
    """Return the subcommand as it is written, without NOT NULL: what else the column is stays with it."""
    change = look.change
    assert change is not None
    text = look.part(change.start, change.end)
    match = next((item for item in _NOT_NULL.finditer(text) if not _inside(text, item.start())), None)
    return f"{text[: match.start()].rstrip()} {text[match.end() :].lstrip()}".strip() if match else text


def _inside(text: str, at: int) -> bool:
    """Whether a place is inside parentheses or a string."""
    before = bare(text[:at])
    return before.count("(") > before.count(")") or text[:at].count("'") % 2 == 1


def _steps(table: str, name: str, column: str) -> str:
    bare = table.replace('"', "").rpartition(".")[2]
    check = f"chk_{bare}_{name}_not_null"
    return (
        f"ALTER TABLE {table} {column};\n"
        f"-- release an application that writes {name}; then, in batches:\n"
        f"UPDATE {table} SET {name} = ... WHERE {name} IS NULL;\n"
        f"-- then, each in a transaction of its own:\n"
        f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID;\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {check};\n"
        f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL;\n"
        f"ALTER TABLE {table} DROP CONSTRAINT {check};"
    )
