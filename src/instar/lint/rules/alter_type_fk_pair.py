"""A change of the type of a column in a foreign key stops two tables, and both of them are read again.

PostgreSQL drops and adds each foreign key in which the column stands. That locks the table at the other end ACCESS
EXCLUSIVE, too, and where the type is really another one, both tables are read to check the key again, besides what is
written anew. Expand both sides: a new column in each, triggers, batches, a new foreign key NOT VALID, VALIDATE, then
the swap.

Safe when: the stored values and the operators stay what they are (varchar that grows); both tables are new or empty.
"""

from collections.abc import Iterator

from instar.effects import WorkKind
from instar.lint import expand, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("change type",)
SETUP = """
CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id integer
    CONSTRAINT fk_orders_customer_id REFERENCES customers (id));
"""
BAD = "ALTER TABLE customers ALTER COLUMN id TYPE bigint;"
GOOD = """
ALTER TABLE customers ADD COLUMN id_new bigint;
BEGIN;
ALTER TABLE orders ADD COLUMN customer_id_new bigint;
COMMIT;
"""
PROOF = Proof("work", "customers")


def check(look: Look) -> Iterator[Finding]:
    """Flag a change of type that goes through a foreign key."""
    change = look.change
    assert change is not None
    others = [key for key in change.others if not look.new(key)]
    again = [item for item in change.work if item.kind is WorkKind.SCAN and item.reason.startswith("foreign key")]
    unknown = "" if again else rewrite.doubt(change.work, {WorkKind.REWRITE})
    if not others or unknown is None or look.effect.stored or (rewrite.idle(look) and all(map(look.small, others))):
        return
    table, column = look.name(), rewrite.name(look, change.name)
    other = ", ".join(look.name(key) for key in others)
    kind, _ = expand.wanted(look.part(change.start, change.end))
    may = "may be" if unknown else "are"
    yield look.finding(
        f"{table} and {other} {may} closed to reads and writes while {column} becomes {kind}",
        why=f"a foreign key joins {table}.{column} with {other}: it is dropped, added and checked again, and both are "
        "locked ACCESS EXCLUSIVE",
        advice=f"add columns of type {kind} on both sides, fill them in batches, add the foreign key NOT VALID, "
        "validate it, then swap the names",
        unknown=unknown,
    )
