"""SET NOT NULL is refused when a row holds NULL.

Look before: a query below `-- migrate:before` stops the migration with the rows shown, before anything is locked.

A column that the migration itself adds without a value is NULL in every row: that is an error.

Safe when: the migration looks for NULL below `-- migrate:before`; a valid CHECK proves that there is none; this
migration fills the column (`UPDATE ... WHERE column IS NULL`) or has added it with a default; the table is new or
empty.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint.around import checked, every_change
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("set not null",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
ROWS = "INSERT INTO users (id, email) VALUES (1, NULL);"
BAD = "ALTER TABLE users ALTER COLUMN email SET NOT NULL;"
GOOD = """-- migrate:before
SELECT id FROM users WHERE email IS NULL AND id > 1 LIMIT 5;
-- migrate:up
UPDATE users SET email = '' WHERE id = 1;
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
"""
PROOF = Proof("fails", "contains null values")


def check(look: Look) -> Iterator[Finding]:
    """Flag a NOT NULL that nobody has tried on the rows."""
    change = look.change
    if change is None or look.new() or change.cleared:
        return
    column = look.table().column(change.name)
    if column is not None and not column.nullable:
        return
    proven = any(item.validated and change.name in item.not_null for item in look.table().constraints)
    if proven or _filled(look, change) or checked(look, change.relation, change.name):
        return
    table, name = look.name(), look.name(change.name)
    if _added_empty(look, change):
        yield look.finding(
            f"every row of {table} has NULL in {name}, which this migration adds",
            why=f"SET NOT NULL fails at the first row of {table}",
            advice=f"add {name} with a default, or fill it before",
            severity=Severity.ERROR,
        )
        return
    yield look.finding(
        f"nobody has looked whether {table}.{name} holds NULL",
        why=f"one row of {table} with NULL stops the migration",
        advice=f"put this below -- migrate:before: SELECT * FROM {table} WHERE {name} IS NULL LIMIT 5;",
    )


def _added_empty(look: Look, change: Change) -> bool:
    """Whether this migration has added the column to a table that was there, without a value."""
    before = look.unit.before.get(change.relation)
    return before is not None and before.complete and before.column(change.name) is None


def _filled(look: Look, change: Change) -> bool:
    """Whether this migration has written the column, or has added it with a value."""
    return any(
        item.relation == change.relation
        and (
            (item.kind == "update" and change.name in item.columns)
            or (
                item.kind == "add column"
                and item.column is not None
                and item.name == change.name
                and item.column.default
            )
        )
        for effect in look.unit.effects
        for item in every_change(effect)
    )
