"""Foreign keys to several tables in one transaction lock all of them until it ends.

Each foreign key takes a SHARE ROW EXCLUSIVE lock on the table that it references; dropping a table with foreign keys
locks each referenced table ACCESS EXCLUSIVE. Whoever writes to these tables waits until the last lock is had and the
transaction ends, and an application that writes to them in another order ends in a deadlock. Add one foreign key in
each transaction.

Safe when: the foreign keys refer to one and the same table, or to tables that are new.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.effects import Effect, LockMode
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("add constraint", "drop table")
SETUP = """
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE products (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, product_id bigint);
"""
BAD = """
ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT fk_orders_product_id FOREIGN KEY (product_id) REFERENCES products (id) NOT VALID;
"""
GOOD = """
ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
BEGIN;
ALTER TABLE orders ADD CONSTRAINT fk_orders_product_id FOREIGN KEY (product_id) REFERENCES products (id) NOT VALID;
COMMIT;
"""
PROOF = Proof("held", "customers")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag the foreign key that locks one more table."""
    change = look.change
    assert change is not None
    if look.depth:
        return
    if change.kind == "drop table":
        yield from _dropped(look)
        return
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.FOREIGN_KEY or look.new():
        return
    other = constraint.references
    if constraint.validated and not look.small():
        return  # add-fk-valid has more to say, and its rewrite parts them
    earlier = _others(look, other)
    if look.new(other) or other == change.relation or not earlier:
        return
    first, this = look.name(earlier[0]), look.name(other)
    yield look.finding(
        f"writes to {first} wait until {this} is locked too, and both stay locked to the end of the transaction",
        why=f"each foreign key of {look.name()} takes a SHARE ROW EXCLUSIVE lock on the table that it references",
        advice="add each foreign key in a transaction of its own",
        fix=rewrite.steps([look.effect.text], same=True) if len(look.effect.changes) == 1 else None,
    )


def _others(look: Look, this: str) -> list[str]:
    """Return the existing tables that foreign keys earlier in this transaction have locked."""
    effects: list[Effect] = [effect for _, effect in look.transaction()]
    changes = [item for effect in effects for item in effect.changes]
    changes += look.effect.changes[: look.effect.changes.index(look.change)] if look.change else ()
    found = [
        item.constraint.references
        for item in changes
        if item.kind == "add constraint" and item.constraint and item.constraint.kind is ConstraintKind.FOREIGN_KEY
        and not look.new(item.relation)
    ]  # fmt: skip
    return [key for key in found if key != this and not look.new(key)]


def _dropped(look: Look) -> Iterator[Finding]:
    change = look.change
    assert change is not None
    locked = [
        lock.relation
        for lock in change.locks
        if lock.kind == "table" and lock.mode is LockMode.ACCESS_EXCLUSIVE and not look.new(lock.relation)
    ]
    fks = {
        item.references
        for item in look.table().constraints
        if item.kind is ConstraintKind.FOREIGN_KEY and item.references in locked and item.references != change.relation
    }
    if len(fks) < 2 or look.table().name in look.unit.created:  # noqa: PLR2004 - several
        return
    shown = " and ".join(look.name(key) for key in sorted(fks))
    yield look.finding(
        f"dropping {look.name()} closes {shown} at the same time",
        why="each foreign key of a dropped table takes an ACCESS EXCLUSIVE lock on the table that it references",
        advice=f"drop the foreign keys of {look.name()} first, each in a transaction of its own",
        severity=Severity.INFO,
    )
