"""A CHECK constraint that is added in one step reads the whole table while nobody else can use it.

ADD CONSTRAINT ... CHECK takes an ACCESS EXCLUSIVE lock and holds it while it checks every row; so does a CHECK inside
ADD COLUMN, even on a column that is NULL everywhere. Added NOT VALID it holds for new rows at once and reads nothing;
VALIDATE CONSTRAINT then reads the table under a lock that stops neither readers nor writers. The two must not share a
transaction: the first lock would be held during the second step.

Safe when: NOT VALID, NOT ENFORCED (PostgreSQL 18); the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.effects import WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("add constraint",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2) NOT NULL);"
BAD = "ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0);"
GOOD = """
ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total >= 0) NOT VALID;
BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total;
COMMIT;
"""
PROOF = Proof("work", "orders")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a CHECK that is verified when it is added."""
    change = look.change
    assert change is not None
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.CHECK or rewrite.idle(look):
        return
    unknown = rewrite.doubt(change.work, {WorkKind.SCAN})
    if unknown is None:
        return
    table, name = look.name(), rewrite.name(look, constraint.name)
    start = rewrite.head_plain(look)
    added = f"{start} ADD CONSTRAINT {name} {rewrite.body(look, change)} NOT VALID"
    needed = [*rewrite.rest(look, change), added, f"{start} VALIDATE CONSTRAINT {name}"]
    known = constraint.named or look.table().complete
    yield look.finding(
        f"{table} is closed to reads and writes while {name} is checked for every row",
        why=f"ADD CONSTRAINT ... CHECK holds an ACCESS EXCLUSIVE lock on {table} while it reads all of its rows",
        advice=f"add {name} NOT VALID, then validate it in a transaction of its own",
        fix=None if look.depth else rewrite.steps(needed, same=known and rewrite.separable(look, change)),
        unknown=unknown,
    )
