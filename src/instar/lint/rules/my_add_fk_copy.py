"""ADD FOREIGN KEY copies the table and looks every row up while writes to both tables wait.

With foreign_key_checks = 1 the server knows one way only: COPY. Writes to the table and to
the referenced one wait until the last row is done; reads go on. With foreign_key_checks = 0 it adds the key in place,
without looking at the rows that are there; so look for those that lead nowhere first, and again afterwards.

Safe when: the table is new in this migration, or the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.lint import online_ddl
from instar.lint.around import listed
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("mysql", "mariadb")
ON = ("add constraint",)
DOWN = True
SETUP = """CREATE TABLE customers (id INT PRIMARY KEY);
CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, KEY idx_orders_customer_id (customer_id));"""
BAD = """ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id)
    REFERENCES customers (id);"""
GOOD = """SET STATEMENT foreign_key_checks = 0 FOR
ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id)
    REFERENCES customers (id), ALGORITHM=INPLACE, LOCK=NONE;"""
PROOF = Proof("algorithm", "INPLACE")
EXAMPLES = {
    "mysql": Example(
        SETUP,
        BAD,
        "SET foreign_key_checks = 0;\n" + GOOD.partition("\n")[2] + "\nSET foreign_key_checks = 1;",
        PROOF,
    )
}


def check(look: Look) -> Iterator[Finding]:
    """Flag a foreign key on a table that has rows."""
    change = look.change
    item = change.constraint if change is not None else None
    if change is None or item is None or item.kind is not ConstraintKind.FOREIGN_KEY:
        return
    if not online_ddl.copies(change) or look.new() or look.small() or look.effect.error:
        return
    table, other = look.name(), look.name(item.references)
    yield look.finding(
        f"writes to {listed(dict.fromkeys((table, other)))} wait while every row is looked up in {other}",
        why=f"adding a foreign key copies {table} under locks that let reads through only",
        advice="add it with foreign_key_checks = 0, which is done in place, and look for rows that lead nowhere "
        "before and after",
        fix=_fix(look) if len(look.effect.changes) == 1 and not look.depth else None,
    )


def _fix(look: Look) -> Fix | None:
    change = look.change
    item = change.constraint if change is not None else None
    if item is None or len(item.columns) != 1:
        return None
    table, other, column = look.name(), look.name(item.references), look.name(item.columns[0])
    referenced = look.name(item.referenced[0] if item.referenced else "id")
    return Fix(
        f"-- must return no row, now and afterwards:\n"
        f"SELECT c.{column} FROM {table} c LEFT JOIN {other} p ON p.{referenced} = c.{column}\n"
        f"WHERE c.{column} IS NOT NULL AND p.{referenced} IS NULL LIMIT 5;\n"
        f"SET foreign_key_checks = 0;\n"
        f"{look.effect.text.rstrip()}, ALGORITHM=INPLACE, LOCK=NONE;\n"
        f"SET foreign_key_checks = 1;"
    )
