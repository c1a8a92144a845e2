"""A narrower type is refused, or cuts values, when a row holds what does not fit.

Look before: a query below `-- migrate:before` stops the migration, with the offending rows shown, before it has locked
anything.

Safe when: the migration checks the column below `-- migrate:before`; the new type holds all values of the old one; the
table is new or empty.
"""

from collections.abc import Iterator

from instar.lint.around import checked, made_here
from instar.lint.look import Look
from instar.lint.narrowing import narrowing
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("change type", "modify column")
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50));"
ROWS = "INSERT INTO users VALUES (1, 'a name of more than twenty characters');"
BAD = "ALTER TABLE users ALTER COLUMN name TYPE varchar(20);"
GOOD = """-- migrate:before
SELECT id, name FROM users WHERE char_length(name) > 20 LIMIT 5;
-- migrate:up
UPDATE users SET name = left(name, 20) WHERE char_length(name) > 20;
ALTER TABLE users ALTER COLUMN name TYPE varchar(20);
"""
PROOF = Proof("fails", "value too long for type character varying(20)")


def check(look: Look) -> Iterator[Finding]:
    """Flag a narrower type that nobody has tried on the rows."""
    change = look.change
    if change is None or change.column is None or look.new():
        return
    old = change.old or look.table().column(change.name)
    lost = narrowing(old.type, change.column.type) if old else None
    if old is None or lost is None or made_here(look, change.relation, old.name):
        return
    if checked(look, change.relation, old.name):
        return
    table, column = look.name(), look.name(old.name)
    probe = f"SELECT {column} FROM {table} WHERE {lost.probe.format(column=column)} LIMIT 5;"
    yield look.finding(
        f"nobody has looked whether {table}.{column} holds {lost.what}",
        why="such values are changed without a word"
        if lost.silent or change.text
        else f"one such row of {table} stops the migration",
        advice=f"put this below -- migrate:before: {probe}",
    )
