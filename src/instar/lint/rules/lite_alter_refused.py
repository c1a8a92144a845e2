"""SQLite's ALTER TABLE can rename, add a simple column and drop an unused one; everything else it refuses.

A new column may not be UNIQUE or a PRIMARY KEY; where the table has rows, it may not be NOT NULL without a default,
have a default that is computed (CURRENT_TIMESTAMP too), be STORED, or reference a table with a default while foreign
keys are on. A column that a key, an index, a check, a view or a trigger names cannot be dropped. There is no ALTER
COLUMN, no ADD or DROP CONSTRAINT, no IF EXISTS, and one change to a statement. The way is a new table under the old
name.

Safe when: what only rows forbid is done to a table that is new in this migration.
"""

from collections.abc import Iterator

from instar.dialects.sqlite import rebuild
from instar.dialects.sqlite.wanted import wanted
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("sqlite",)
ON = ("add column", "drop column", "rename column", "other")
DOWN = True
SETUP = "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INT CHECK (total >= 0));"
ROWS = "INSERT INTO orders VALUES (1, 5);"
BAD = "ALTER TABLE orders ADD COLUMN code TEXT NOT NULL;"
GOOD = "ALTER TABLE orders ADD COLUMN code TEXT NOT NULL DEFAULT '';"
PROOF = Proof("fails", "NOT NULL")


def check(look: Look) -> Iterator[Finding]:
    """Flag what SQLite refuses."""
    change = look.change
    if change is None or look.effect.verb != "ALTER TABLE":
        return
    rows = "refused with rows" in change.flags and not look.effect.error
    if not look.effect.error and not (rows and not look.new()):
        return
    table, said = look.name(), look.effect.error or change.text
    yield look.finding(
        f"SQLite refuses this change of {table}: {said}",
        why="the migration fails here" + (f" as soon as {table} has a row" if rows else ""),
        advice="make a new table, copy the rows, and give it the old name",
        fix=_fix(look),
    )


def _fix(look: Look) -> Fix | None:
    if look.change is None or look.depth:
        return None
    table = look.table()
    target = wanted(look.effect, look.change, table)
    if target is None:
        return None
    return Fix(rebuild.script(table, target.table, target.values, views=any(look.schema.views(table.name))))
