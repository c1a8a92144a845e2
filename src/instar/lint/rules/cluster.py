"""CLUSTER writes the whole table anew while nobody can read it.

It holds an ACCESS EXCLUSIVE lock on the table and all of its indexes until every row has been copied in the order of
the index and every index has been built again. The order does not last, either: later rows go wherever there is room.
The extensions pg_repack and pg_squeeze do the same copy beside the running application. Where only some queries need
rows that lie together, an index that covers them (INCLUDE) serves better.

Safe when: the table is new or empty; the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("cluster",)
DOWN = True
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL);
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
"""
BAD = "CLUSTER orders USING idx_orders_customer_id;"
GOOD = "CREATE INDEX CONCURRENTLY idx_orders_customer_id_total ON orders (customer_id) INCLUDE (total);"
PROOF = Proof("work", "orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag a copy under the strongest lock."""
    change = look.change
    assert change is not None
    if change.relation and rewrite.idle(look):
        return
    table = look.name() if change.relation else "every clustered table"
    yield look.finding(
        f"reads and writes of {table} wait while it is written anew",
        why=f"CLUSTER holds an ACCESS EXCLUSIVE lock on {table} while it copies all rows and builds all indexes",
        advice=f"use pg_repack ({_command(change.relation)}), or leave the order of the rows to the server",
    )


def _command(relation: str) -> str:
    return f"pg_repack --table {relation}" if relation else "pg_repack"
