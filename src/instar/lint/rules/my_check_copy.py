"""ADD CHECK copies the table to try every row while writes wait.

There is no NOT VALID here. MariaDB has a way around it: a check that is given with MODIFY, beside its column, is added
without a look at the rows. MySQL can add one as NOT ENFORCED at no cost, but to enforce it copies the table, too.

Safe when: the table is new in this migration, or the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.lint import online_ddl
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("mysql", "mariadb")
ON = ("add constraint", "alter constraint")
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, total INT);"
BAD = "ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0);"
GOOD = "ALTER TABLE orders MODIFY total INT CHECK (total >= 0);"
PROOF = Proof("algorithm", "INPLACE")
EXAMPLES = {
    "mysql": Example(SETUP, BAD, BAD.replace(");", ") NOT ENFORCED;"), PROOF),
}


def check(look: Look) -> Iterator[Finding]:
    """Flag a check on a table that has rows."""
    change = look.change
    item = change.constraint if change is not None else None
    if change is None or not online_ddl.copies(change) or look.new() or look.small() or look.effect.error:
        return
    if item is not None and item.kind is not ConstraintKind.CHECK:
        return
    table = look.name()
    mariadb = look.dialect.name == "mariadb"
    yield look.finding(
        f"writes to {table} wait while every row is checked",
        why=f"adding a check copies {table} under a lock that lets reads through only",
        advice="make sure that no row breaks it, and give it beside its column with MODIFY, which looks at no row"
        if mariadb
        else "add it NOT ENFORCED and check in the application, or add it when few write",
    )
