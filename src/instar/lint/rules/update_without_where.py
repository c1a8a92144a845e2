"""UPDATE without WHERE overwrites the column in every row, also what the application has written meanwhile.

A forgotten condition cannot be told from a meant one, and one that always holds (`WHERE true`, `WHERE id IS NOT NULL`)
is none. Nor is `FROM other`: without a WHERE that names both, every row is joined to every other. Say which rows are
meant (`WHERE status IS NULL`); that also lets the statement be repeated.

Safe when: it sets only columns that this migration has added; the table is new or empty.
"""

from collections.abc import Iterator

from instar.lint.around import listed, made_here
from instar.lint.conditions import every_row
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("update",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20));"
BAD = "UPDATE orders SET status = 'open';"
GOOD = "UPDATE orders SET status = 'open' WHERE status IS NULL;"
PROOF = Proof("changes", "SELECT status FROM orders ORDER BY id LIMIT 3")


def check(look: Look) -> Iterator[Finding]:
    """Flag an UPDATE that takes every row."""
    change = look.change
    if change is None or look.new() or not every_row(change, look.table()):
        return
    columns = [look.name(item) for item in change.columns]
    if columns and all(made_here(look, change.relation, item) for item in change.columns):
        return
    table, what = look.name(), listed(columns) or "a column"
    first = columns[0] if columns else "it"
    yield look.finding(
        ("this WHERE holds for every row: " if "where" in change.flags else "")
        + f"{what} is overwritten in every row of {table}",
        why=f"also where the application has written something else meanwhile; every row of {table} is locked until "
        "the transaction ends",
        advice=f"say which rows need it (WHERE {first} IS NULL, or differs from the new value), and change a large "
        "table in batches",
    )
