"""DROP INDEX without CONCURRENTLY closes the table for a moment, and a queue forms behind it.

It is done in an instant, but under an ACCESS EXCLUSIVE lock on the table: it waits for every running query, and every
query that comes after it waits too. DROP INDEX CONCURRENTLY waits without stopping anybody; instar runs it outside a
transaction by itself.

Safe when: the table is new; the index belongs to a partitioned table, which takes no CONCURRENTLY; the transaction has
closed the table for another statement already. In a `down` it is a remark.
"""

import re
from collections.abc import Iterator

from instar.effects import LockMode
from instar.lint.around import lighter, outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("drop index",)
DOWN = True
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
"""
BAD = "DROP INDEX idx_orders_customer_id;"
GOOD = "DROP INDEX CONCURRENTLY idx_orders_customer_id;"
PROOF = Proof("lock", "orders", lock="ACCESS EXCLUSIVE")
FIXED = True

_DROP = re.compile(r"\b(drop\s+index)\b(\s+if\s+exists)?", re.IGNORECASE)
_BEHAVIOUR = re.compile(r"\s+(?:cascade|restrict)\s*$", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a drop that waits for the whole table."""
    change = look.change
    assert change is not None
    if "concurrently" in change.flags or not change.relation or look.new() or look.table().kind == "partitioned":
        return
    index = look.table().index(change.name)
    if index is not None and (index.parent or index.constraint):
        return
    if _closed(look, change.relation):
        return
    table, name = look.name(), look.name(change.name)
    yield look.finding(
        f"reads and writes of {table} queue behind this until it gets its lock",
        why=f"DROP INDEX {name} takes an ACCESS EXCLUSIVE lock on {table}: it waits for every query that runs "
        "there, and every later one waits for it",
        advice=outside(look, "drop it CONCURRENTLY"),
        severity=lighter(look.severity, Severity.INFO) if look.unit.up else None,
        fix=None if look.depth else _fix(look),
    )


def _closed(look: Look, relation: str) -> bool:
    """Whether the transaction has the lock already, for something else: then nobody queues for this."""
    return any(
        lock.relation == relation and lock.mode is LockMode.ACCESS_EXCLUSIVE
        for _, effect in look.transaction()
        if any(item.kind != "drop index" for item in effect.changes)
        for lock in effect.locks
    )


def _fix(look: Look) -> Fix:
    """Write one statement for each index: CONCURRENTLY takes only one, and no CASCADE."""
    text = look.effect.text
    match = _DROP.search(text)
    cascade = _BEHAVIOUR.search(text)
    exists = (match[2] or "") if match else ""
    drops = [f"DROP INDEX CONCURRENTLY{exists} {look.name(item.name)};" for item in look.effect.changes]
    if len(drops) == 1 and match and not cascade:
        drops = [f"{text[: match.end(1)]} CONCURRENTLY{text[match.end(1) :]};"]
    same = cascade is None or cascade.group().strip().lower() == "restrict"
    return Fix("\n".join(drops), same=same, segments=True)
