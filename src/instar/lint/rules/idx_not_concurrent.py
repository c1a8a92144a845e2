"""CREATE INDEX without CONCURRENTLY stops writes while it reads the whole table.

A plain CREATE INDEX holds a SHARE lock from its first row to the commit: every INSERT, UPDATE and DELETE of the table
waits. CREATE INDEX CONCURRENTLY takes two passes and lets them through. instar runs it outside a transaction by
itself, drops an INVALID leftover of an earlier attempt, and checks the index afterwards.

Safe when: the table is new in this migration or empty; the live catalog says that it is small; `ON ONLY` a
partitioned table. A partitioned table takes no CONCURRENTLY: build the index on each partition, then attach. In a
`down` it is a warning. Inside a DO block CONCURRENTLY cannot run: the index must be built by a statement of its own.
"""

import re
from collections.abc import Iterator

from instar.lint.around import lighter, outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("create index",)
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);"
BAD = "CREATE INDEX idx_orders_customer_id ON orders (customer_id);"
GOOD = "CREATE INDEX CONCURRENTLY idx_orders_customer_id ON orders (customer_id);"
PROOF = Proof("work", "orders")
FIXED = True

_INDEX = re.compile(r"\b(create\s+(?:unique\s+)?index)\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a build that blocks writes."""
    change = look.change
    if change is None or change.flags & {"concurrently", "only"} or look.new() or look.small():
        return
    table = look.name()
    if look.table().kind == "partitioned":
        yield look.finding(
            f"this builds an index on every partition of {table} while writes wait",
            why=f"INSERT, UPDATE and DELETE on {table} wait until the last partition is done",
            advice="create the index ON ONLY the parent, CONCURRENTLY on each partition, then attach them",
        )
        return
    concurrently = _INDEX.sub(r"\1 CONCURRENTLY", look.effect.text, count=1)
    yield look.finding(
        f"writes to {table} wait while this index is built",
        why=f"CREATE INDEX holds a SHARE lock on {table} while it reads all of its rows",
        advice=outside(look, "build it CONCURRENTLY"),
        severity=lighter(look.severity, Severity.WARNING) if look.unit.up else None,
        fix=None if look.depth else Fix(f"{concurrently};", same=True, segments=True),
    )
