"""ON DELETE CASCADE: one DELETE of a parent row deletes what hangs on it, in any number of tables.

It is what people want for parts of a whole, and a surprise for everything else: the statement that deletes an old
customer deletes the invoices too. Off by default.
"""

from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind
from instar.effects import Change
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("add constraint", "create table")
SETUP = "CREATE TABLE customers (id bigint PRIMARY KEY);"
BAD = """CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint,
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE);
INSERT INTO invoices SELECT id, id FROM customers;
DELETE FROM customers WHERE id > 0;
"""
GOOD = """CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint,
    FOREIGN KEY (customer_id) REFERENCES customers (id));
INSERT INTO invoices SELECT id, id FROM customers;
"""
PROOF = Proof("shows", "SELECT 1 WHERE NOT EXISTS (SELECT * FROM invoices)")
_SAYS = Proof("shows", "SELECT id FROM pragma_foreign_key_list('invoices') WHERE on_delete = 'CASCADE'")
EXAMPLES = {"sqlite": Example(SETUP, BAD, GOOD, _SAYS)}


def check(look: Look) -> Iterator[Finding]:
    """Flag a foreign key that deletes."""
    change = look.change
    if change is None:
        return
    for item in _constraints(change):
        if item.kind is ConstraintKind.FOREIGN_KEY and item.on_delete == "cascade":
            table, parent = look.name(), look.name(item.references)
            yield look.finding(
                f"a DELETE of a row of {parent} deletes the rows of {table} that reference it",
                why=f"who deletes from {parent} need not know that {table} hangs on it",
                advice=f"leave ON DELETE CASCADE out, and delete from {table} where that is meant",
            )


def _constraints(change: Change) -> tuple[Constraint, ...]:
    if change.constraint is not None:
        return (change.constraint,)
    return change.table.constraints if change.table is not None else ()
