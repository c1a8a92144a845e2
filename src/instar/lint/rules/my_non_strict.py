"""NOT NULL on a column that allowed NULL fails on a NULL, or without strict mode makes 0 or '' of it without a word.

With strict mode the statement fails halfway through the rows; without it, what was unknown becomes a value.

Safe when: the table is new in this migration.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("set not null",)
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, total INT);"
ROWS = "INSERT INTO orders VALUES (1, NULL), (2, 5);"
BAD = "ALTER TABLE orders MODIFY total INT NOT NULL;"
GOOD = """UPDATE orders SET total = 0 WHERE total IS NULL;
ALTER TABLE orders MODIFY total INT NOT NULL;"""
PROOF = Proof("fails", "total")


def check(look: Look) -> Iterator[Finding]:
    """Flag NOT NULL unless the migration sees to the NULLs before."""
    change = look.change
    if change is None or look.new() or _filled(look):
        return
    table, column = look.name(), look.name(change.name)
    yield look.finding(
        f"a NULL in {table}.{column} makes this fail, or becomes a value without a word",
        why="strict servers refuse the first row with NULL; others store 0, '' or the first value in its place",
        advice="give every row a value first",
        fix=Fix(f"UPDATE {table} SET {column} = ... WHERE {column} IS NULL;\n{look.effect.text.rstrip()};"),
    )


def _filled(look: Look) -> bool:
    change = look.change
    return change is not None and any(
        done.kind == "update" and done.relation == change.relation and change.name in done.columns
        for effect in look.unit.effects
        for done in effect.changes
    )
