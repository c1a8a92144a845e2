"""A COMMIT without its BEGIN ends the transaction in the middle of the migration.

instar opens the transaction in which a migration runs. A COMMIT of the script's own ends it there: what stands above
is committed even when what stands below fails. instar can go on from there, but the migration no longer happens as a
whole.

Safe when: BEGIN and COMMIT stand in pairs, which says where the transactions are.
"""

from collections.abc import Iterator

from instar.errors import InstarError
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Kind, Script, Severity, Statement
from instar.source.script import place_in, statements

GROUP = "transaction"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "sqlite")
ON = ("migration",)
DOWN = True
SETUP = "CREATE TABLE orders (id integer PRIMARY KEY);"
BAD = """
ALTER TABLE orders ADD COLUMN note text;
COMMIT;
CREATE TABLE notes (id integer PRIMARY KEY);
"""
GOOD = """
BEGIN;
ALTER TABLE orders ADD COLUMN note text;
COMMIT;
CREATE TABLE notes (id integer PRIMARY KEY);
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag a COMMIT that no BEGIN belongs to."""
    scripts = look.migration.up if look.unit.section == "up" else look.migration.down
    for script in scripts:
        begun = False
        for statement in _cut(look, script):
            if statement.kind is Kind.COMMIT and not begun:
                yield look.finding(
                    "this COMMIT ends the transaction in the middle of the migration",
                    why="what stands above it stays, even when what stands below it fails",
                    advice="write BEGIN above the statements that belong together, or leave the COMMIT out",
                    place=place_in(statement, 0),
                )
            begun = statement.kind is Kind.BEGIN or (begun and statement.kind is not Kind.COMMIT)


def _cut(look: Look, script: Script) -> tuple[Statement, ...]:
    if "commit" not in script.text.lower() and "end" not in script.text.lower():
        return ()
    try:
        return statements(script, look.dialect)
    except InstarError:
        return ()
