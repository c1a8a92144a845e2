"""Exclusive locks on several tables in one transaction are held together until it ends.

The second lock has to be waited for while the first one already closes its table; an application that uses the two
tables in the other order deadlocks with the migration. Where the changes do not need each other, give each table its
own transaction.

Safe when: the tables are new, or partitions of one and the same table.
"""

from collections.abc import Iterator

from instar.effects import LockMode
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("",)
SETUP = """
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
"""
BAD = """
ALTER TABLE customers ADD COLUMN note text;
ALTER TABLE orders ADD COLUMN note text;
"""
GOOD = """
ALTER TABLE customers ADD COLUMN note text;
BEGIN;
ALTER TABLE orders ADD COLUMN note text;
COMMIT;
"""
PROOF = Proof("held", "customers")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag the first statement that closes one more table."""
    unit = look.unit
    if look.depth or not unit.held or not unit.transactional[look.index]:
        return
    number = unit.segments[look.index]
    if unit.notes.get("wide-lock-window") == number:
        return
    mine = {lock.relation for lock in look.effect.locks if lock.kind == "table" and _closes(lock.mode)}
    fresh = sorted(key for key in mine if not look.new(key) and not _held(look, key))
    earlier = [item.relation for item in unit.held.values() if _closes(item.mode) and not look.new(item.relation)]
    apart = [key for key in earlier if key not in mine and not _kin(look, key, fresh)]
    if not fresh or not apart:
        return
    unit.notes["wide-lock-window"] = number
    first, this = look.name(apart[0]), look.name(fresh[0])
    yield look.finding(
        f"{first} stays closed to reads and writes until {this} is locked and changed too",
        why=f"the ACCESS EXCLUSIVE lock on {first} is held until the transaction ends",
        advice=f"change {this} in a transaction of its own",
        fix=rewrite.steps([look.effect.text], same=True),
        relation=fresh[0],
    )


def _closes(mode: LockMode) -> bool:
    return mode is LockMode.ACCESS_EXCLUSIVE


def _held(look: Look, key: str) -> bool:
    held = look.unit.held.get(key)
    return held is not None and _closes(held.mode)


def _kin(look: Look, key: str, others: list[str]) -> bool:
    """Whether a table belongs to the same partitioned table as one of the others, or is bound by a foreign key."""
    root = _root(look, key)
    if any(_root(look, other) == root for other in others):
        return True
    return any(table.name in others for table, _ in look.schema.referencing(key)) or any(
        item.references in others for item in look.table(key).constraints
    )


def _root(look: Look, key: str) -> str:
    while parent := look.table(key).parent:
        key = parent
    return key
