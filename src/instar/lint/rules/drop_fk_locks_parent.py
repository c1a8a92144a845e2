"""Dropping a table or a column with a foreign key closes the table that it references, too, for a moment.

The foreign key has triggers on both sides, and taking them away needs an ACCESS EXCLUSIVE lock on both tables at once:
it waits for every running query on either, and every later one waits behind it. Drop the foreign key first, in a
transaction of its own that can be tried again; what is left then needs the lock of one table only.

Safe when: the referenced table is new, or dropped by the same statement.
"""

from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind
from instar.effects import Change, LockMode
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("drop table", "drop column", "drop constraint")
SETUP = """
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint CONSTRAINT fk_orders_customer_id REFERENCES customers (id)
);
"""
BAD = "DROP TABLE orders;"
GOOD = """
ALTER TABLE orders DROP CONSTRAINT fk_orders_customer_id;
BEGIN;
DROP TABLE orders;
COMMIT;
"""
PROOF = Proof("lock", "customers", lock="ACCESS EXCLUSIVE")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag foreign keys that go together with something else."""
    change = look.change
    assert change is not None
    if look.effect.stored or look.new():
        return
    gone = {item.relation for item in look.effect.changes if item.kind == "drop table"}
    keys = [item for item in _keys(look, change) if item.references not in gone and not look.new(item.references)]
    keys = [item for item in keys if item.references != change.relation]
    if not keys or (change.kind == "drop constraint" and not _busy(look)):
        return
    parents = ", ".join(dict.fromkeys(look.name(item.references) for item in keys))
    table = look.name()
    drops = [f"ALTER TABLE {table} DROP CONSTRAINT {rewrite.name(look, item.name)}" for item in keys]
    fix = None
    if not look.depth and change.kind != "drop constraint" and len(look.effect.changes) == 1:
        fix = rewrite.steps([*drops, look.effect.text], same=True)
    yield look.finding(
        f"reads and writes of {parents} queue behind this, beside those of {table}, until it gets all its locks",
        why=f"the foreign keys of {table} have triggers on {parents}: taking them away needs an ACCESS EXCLUSIVE lock "
        "on both sides at once",
        advice=f"drop the foreign key in a transaction of its own: {'; '.join(drops)}",
        fix=fix,
    )


def _keys(look: Look, change: Change) -> Iterator[Constraint]:
    for item in look.table().constraints:
        if item.kind is not ConstraintKind.FOREIGN_KEY:
            continue
        column = change.kind == "drop column" and change.name in item.columns
        named = change.kind == "drop constraint" and change.name == item.name
        if column or named or change.kind == "drop table":
            yield item


def _busy(look: Look) -> bool:
    """Whether the transaction already holds locks for which others wait."""
    return any(
        lock.mode >= LockMode.SHARE and lock.kind == "table" and not look.new(lock.relation)
        for _, effect in look.transaction()
        for lock in effect.locks
    )
