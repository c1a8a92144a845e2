"""CONCURRENTLY inside a transaction is refused by the server.

CREATE INDEX, DROP INDEX and REINDEX CONCURRENTLY, and DETACH PARTITION CONCURRENTLY, commit in between: they cannot
run in a transaction, nor in a function or a DO block, which always is in one. In a migration's own text instar runs
them outside a transaction by itself; what asks for one transaction (`transaction:true`) cannot have both.

Safe when: the statement stands by itself in the migration.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "transaction"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("create index", "drop index", "reindex", "detach partition")
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);"
BAD = """
DO $$
BEGIN
    CREATE INDEX CONCURRENTLY idx_orders_customer_id ON orders (customer_id);
END $$;
"""
GOOD = "CREATE INDEX CONCURRENTLY idx_orders_customer_id ON orders (customer_id);"
PROOF = Proof("fails", "CONCURRENTLY cannot be executed")


def check(look: Look) -> Iterator[Finding]:
    """Flag what cannot be in a transaction where there always is one."""
    change = look.change
    assert change is not None
    if "concurrently" not in change.flags:
        return
    what = f"{look.effect.verb} CONCURRENTLY".replace("CONCURRENTLY CONCURRENTLY", "CONCURRENTLY")
    name = look.name(change.name or change.relation)
    if look.depth:
        yield look.finding(
            f"the server refuses CONCURRENTLY for {name} here: a block or a function is always in a transaction",
            why=f"{what} commits in between",
            advice="write the statement into the migration itself, outside the block",
        )
    elif _asked(look):
        yield look.finding(
            f"the migration asks for one transaction, and CONCURRENTLY for {name} cannot be in one",
            why=f"{what} commits in between; instar runs it by itself, between two transactions",
            advice="leave out transaction:true",
            severity=Severity.WARNING,
        )


def _asked(look: Look) -> bool:
    """Whether the script that holds the statement asks for a transaction."""
    scripts = look.migration.up if look.unit.section == "up" else look.migration.down
    offset = look.statement.offset
    return any(
        item.transaction is True and item.offset <= offset <= item.offset + len(item.text.encode()) for item in scripts
    )
