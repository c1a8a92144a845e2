"""A new table with a foreign key stops writes to the table that it references, for as long as its transaction takes.

The new table is nobody's yet, but its foreign key adds triggers to the referenced one, and that takes a SHARE ROW
EXCLUSIVE lock there until the commit. The lock needs no time by itself, and instar gives up after 100 ms of waiting for
it and tries again. But what comes after it in the same transaction keeps all writers of the referenced table waiting:
commit first. A new partition of a table with foreign keys does the same.

Safe when: nothing slow follows in the same transaction; the referenced table is new, or small by the live catalog. With
the live catalog a table that is very busy is named even so.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.effects import LockMode
from instar.lint import lasting, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("create table", "attach partition")
SETUP = "CREATE TABLE customers (id bigint PRIMARY KEY);"
BAD = """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint CONSTRAINT fk_orders_customer_id REFERENCES customers (id)
);
INSERT INTO orders (id, customer_id) SELECT id, id FROM customers;
"""
GOOD = """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint CONSTRAINT fk_orders_customer_id REFERENCES customers (id)
);
BEGIN;
INSERT INTO orders (id, customer_id) SELECT id, id FROM customers;
COMMIT;
"""
PROOF = Proof("held", "customers")


def check(look: Look) -> Iterator[Finding]:
    """Flag each existing table that is locked for its new reference."""
    change = look.change
    assert change is not None
    table = change.table if change.kind == "create table" else look.table()
    locked = {lock.relation for lock in change.locks if lock.mode >= LockMode.SHARE_ROW_EXCLUSIVE}
    for item in table.constraints if table else ():
        parent = item.references
        if (
            item.kind is not ConstraintKind.FOREIGN_KEY
            or parent not in locked
            or look.new(parent)
            or look.small(parent)
        ):
            continue
        locked.discard(parent)
        felt = lasting.reason(look, parent)
        if not felt:
            continue
        yield look.finding(
            f"writes to {look.name(parent)} wait behind its new reference from {look.name()}: {felt}",
            why=f"the foreign key {rewrite.name(look, item.name)} takes a SHARE ROW EXCLUSIVE lock on "
            f"{look.name(parent)} and keeps it until the commit",
            advice=f"end the transaction behind this (COMMIT; BEGIN;), so that {look.name(parent)} is free again",
            relation=parent,
        )
