"""VALIDATE CONSTRAINT beside another subcommand reads the table under the other one's lock.

Alone, VALIDATE CONSTRAINT lets readers and writers go on while it reads the table. An ALTER TABLE takes the strongest
lock that any of its subcommands needs, before the first of them runs: with DROP COLUMN, SET NOT NULL or ADD COLUMN
beside it, all rows are read under ACCESS EXCLUSIVE, and everybody waits.

Safe when: it stands alone, or only beside subcommands that need no stronger lock; the constraint is validated
already; the table is new, empty, or small by the live catalog.
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
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2), note text);
ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0) NOT VALID;
"""
BAD = "ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total, DROP COLUMN note;"
GOOD = """
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total;
BEGIN;
ALTER TABLE orders DROP COLUMN note;
COMMIT;
"""
PROOF = Proof("work", "orders")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a validation under a lock that it does not need."""
    change = look.change
    assert change is not None
    strongest = max(
        (lock.mode for lock in look.effect.locks if lock.relation == change.relation), default=LockMode.NONE
    )
    if strongest < LockMode.SHARE or rewrite.doubt(change.work, {WorkKind.SCAN}) is None or rewrite.idle(look):
        return
    table, name = look.name(), rewrite.name(look, change.name)
    alone = f"{rewrite.head(look)} VALIDATE CONSTRAINT {name}"
    steps = [alone, *rewrite.rest(look, change)]
    yield look.finding(
        f"{table} is closed to {strongest.blocks} while {name} is validated",
        why=f"another subcommand takes {strongest.sql} on {table}, and all rows are read under it",
        advice=f"validate {name} in a statement and a transaction of its own",
        fix=None if look.depth else rewrite.steps(steps, same=_independent(look)),
    )


def _independent(look: Look) -> bool:
    """Whether the constraint is there before this statement, so that it can be validated first."""
    assert look.change is not None
    return look.table().constraint(look.change.name) is not None and rewrite.separable(look, look.change)
