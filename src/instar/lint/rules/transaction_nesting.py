"""A check begins or ends a transaction, or needs to be outside of one: instar refuses that when it runs.

What stands below `-- migrate:before` and `-- migrate:after` runs inside a transaction of instar's. BEGIN and COMMIT
there, and statements such as VACUUM, are refused, but only when the migration is applied.

Safe when: a check is a query that returns no row, or a block that raises.
"""

from collections.abc import Iterator

from instar.errors import InstarError
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Kind, Severity, Statement
from instar.source.script import place_in, statements

GROUP = "transaction"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql", "mariadb", "mysql", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE orders (id integer PRIMARY KEY);"
BAD = """
-- migrate:up
CREATE TABLE notes (id integer PRIMARY KEY);

-- migrate:after
BEGIN;
SELECT id FROM notes;
COMMIT;
"""
GOOD = """
-- migrate:up
CREATE TABLE notes (id integer PRIMARY KEY);

-- migrate:after
SELECT id FROM notes;
"""
PROOF = Proof("style")

_ALLOWED = frozenset({Kind.PLAIN, Kind.SETTING, Kind.SETTING_LOCAL})


def check(look: Look) -> Iterator[Finding]:
    """Flag the borders of transactions in checks."""
    if look.unit.section != "up":
        return
    for statement in _checks(look):
        if statement.kind not in _ALLOWED:
            words = " ".join(statement.text.split()[:2]).upper()
            yield look.finding(
                f"{words} cannot stand in a check",
                why="checks run inside a transaction of instar's, which is rolled back or committed with the migration",
                advice="write queries that return no row, or blocks that raise",
                place=place_in(statement, 0),
            )


def _checks(look: Look) -> Iterator[Statement]:
    for script in (*look.migration.before, *look.migration.after):
        try:
            yield from statements(script, look.dialect)
        except InstarError:
            return  # what cannot be cut is refused when it runs
