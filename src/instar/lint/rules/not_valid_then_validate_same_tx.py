"""A constraint that is validated in the transaction that adds it reads the table under the lock of the first step.

NOT VALID and VALIDATE are two steps so that the long one, which reads the table, runs under a weak lock. In one
transaction the lock of ADD CONSTRAINT (ACCESS EXCLUSIVE, or SHARE ROW EXCLUSIVE for a foreign key) is held until the
end: everybody waits during the whole validation, as if there were one step.

Safe when: a transaction ends between the two; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import LockMode, WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("validate constraint",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2) NOT NULL);"
BAD = """
ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total;
"""
GOOD = """
ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0) NOT VALID;
BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total;
COMMIT;
"""
PROOF = Proof("work", "orders")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a validation under the lock of the constraint's own birth."""
    change = look.change
    assert change is not None
    if rewrite.doubt(change.work, {WorkKind.SCAN}) is None or rewrite.idle(look):
        return
    if not _added_here(look):
        return
    table, name = look.name(), rewrite.name(look, change.name)
    held = look.unit.held.get(change.relation)
    mode = held.mode if held else LockMode.ACCESS_EXCLUSIVE
    yield look.finding(
        f"{mode.blocks or 'writes'} of {table} wait while {name} is validated",
        why=f"the {mode.sql} lock that ADD CONSTRAINT took on {table} is held until the transaction ends",
        advice="validate it in a transaction of its own",
        fix=rewrite.steps([look.effect.text], same=True) if len(look.effect.changes) == 1 and not look.depth else None,
    )


def _added_here(look: Look) -> bool:
    change = look.change
    assert change is not None
    return any(
        item.kind == "add constraint" and item.relation == change.relation and item.name == change.name
        for _, effect in look.transaction()
        for item in effect.changes
    )
