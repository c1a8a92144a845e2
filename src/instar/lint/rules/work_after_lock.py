"""Long work in a transaction that already holds a blocking lock makes the application wait for all of it.

A lock is held until the transaction ends, not until its statement does. A change that takes an instant (ADD COLUMN)
and an UPDATE of all rows behind it close the table together for as long as the UPDATE takes. Do the long work in a
transaction of its own.

Safe when: the locked table is new, empty, or small by the live catalog; nothing long follows the lock.
"""

from collections.abc import Iterator

from instar.effects import ROWS, LockMode, Verdict, Work, WorkKind, verdict
from instar.lint import rewrite
from instar.lint.look import Held, Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, status text, total numeric(10,2));"
BAD = """
ALTER TABLE orders ADD COLUMN state text;
UPDATE orders SET state = status WHERE state IS NULL;
"""
GOOD = """
ALTER TABLE orders ADD COLUMN state text;
BEGIN;
UPDATE orders SET state = status WHERE state IS NULL;
COMMIT;
"""
PROOF = Proof("held", "orders")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag long work behind a lock; work that blocks by itself has its own rule."""
    if look.depth or not look.unit.held or not look.unit.transactional[look.index]:
        return
    if verdict(look.effect) is Verdict.LONG or _validates_own(look):
        return
    work = next((item for item in look.effect.work if _long(look, item)), None)
    held = next((item for item in look.unit.held.values() if _matters(look, item)), None)
    if work is None or held is None:
        return
    table, what = look.name(held.relation), look.effect.verb or "this"
    taker = look.unit.statements[held.index]
    yield look.finding(
        f"{rewrite.waiting(held.mode)} {table} wait while this {_says(look, work)}",
        why=f"the {held.mode.sql} lock on {table} that line {taker.line} took is held until the transaction ends",
        advice=f"run {what} in a transaction of its own",
        fix=rewrite.steps([look.effect.text], same=True),
        relation=held.relation,
    )


def _matters(look: Look, held: Held) -> bool:
    return held.mode >= LockMode.SHARE and not look.new(held.relation) and not look.small(held.relation)


def _long(look: Look, work: Work) -> bool:
    """Whether work takes time: over many rows, of a table that has some. What is not certain does not count."""
    heavy = work.kind in ROWS or (work.kind is WorkKind.DML and _unbounded(look))
    return heavy and not work.unknown and not look.new(work.relation) and not look.small(work.relation)


def _unbounded(look: Look) -> bool:
    return any(item.kind in {"update", "delete"} and "where" not in item.flags for item in look.effect.changes)


def _says(look: Look, work: Work) -> str:
    name = look.name(work.relation)
    if any(item.kind in {"update", "delete", "insert", "merge", "copy"} for item in look.effect.changes):
        return f"works through the rows of {name}"
    return f"reads all rows of {name}"


def _validates_own(look: Look) -> bool:
    """Whether it validates what this transaction added: that has a rule of its own."""
    own = {
        change.name for _, effect in look.transaction() for change in effect.changes if change.kind == "add constraint"
    }
    return any(item.kind == "validate constraint" and item.name in own for item in look.effect.changes)
