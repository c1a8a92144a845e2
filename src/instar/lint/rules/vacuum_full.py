"""VACUUM FULL writes the whole table anew while nobody can read it.

It holds an ACCESS EXCLUSIVE lock on the table until every row has been copied and every index has been built again.
Plain VACUUM makes the same space usable for new rows and stops nobody; autovacuum does it by itself. Where the file
must become smaller, the extensions pg_repack and pg_squeeze copy the table beside the running application.

Safe when: the table is new or empty; the live catalog says that it is small.
"""

import re
from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("vacuum full",)
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);"
BAD = "VACUUM FULL orders;"
GOOD = "VACUUM orders;"
PROOF = Proof("work", "orders")

_FULL = re.compile(r"\A(\s*vacuum)\s+full\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a copy under the strongest lock."""
    change = look.change
    assert change is not None
    if change.relation and rewrite.idle(look):
        return
    table = look.name() if change.relation else "every table of the database"
    text = look.effect.text
    fix = None if look.depth or not _FULL.match(text) else Fix(_FULL.sub(r"\1", text) + ";")
    repack = f"pg_repack --table {change.relation}" if change.relation else "pg_repack"
    yield look.finding(
        f"reads and writes of {table} wait while it is written anew",
        why=f"VACUUM FULL holds an ACCESS EXCLUSIVE lock on {table} while it copies all rows and builds all indexes",
        advice=f"use plain VACUUM; where the file must become smaller, pg_repack ({repack})",
        fix=fix,
    )
