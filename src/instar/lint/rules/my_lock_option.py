"""LOCK=SHARED or LOCK=EXCLUSIVE stops the application for as long as the statement takes, though it need not.

Without the clause the server takes the weakest lock with which it can do the change. LOCK=NONE is the one to write: the
server then refuses what would make writes wait.

Safe when: the table is new in this migration.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("",)
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT);"
BAD = "ALTER TABLE orders ADD INDEX idx_orders_customer_id (customer_id), LOCK=EXCLUSIVE;"
GOOD = "ALTER TABLE orders ADD INDEX idx_orders_customer_id (customer_id), ALGORITHM=INPLACE, LOCK=NONE;"
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag a lock that is asked for."""
    first = next(iter(look.effect.changes), None)
    asked = first.flags & {"lock=shared", "lock=exclusive"} if first is not None else frozenset()
    if first is None or not asked or look.new(first.relation) or look.small(first.relation) or look.effect.error:
        return
    table, lock = look.name(first.relation), next(iter(asked)).partition("=")[2].upper()
    who = "INSERT, UPDATE and DELETE" if lock == "SHARED" else "all statements"
    yield look.finding(
        f"LOCK={lock} makes others wait for {table} although it is asked for only here",
        why=f"{who} on {table} wait until the statement is done",
        advice="write LOCK=NONE: the server refuses if it cannot keep that",
        relation=first.relation,
    )
