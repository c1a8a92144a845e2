"""SET NOT NULL reads the whole table while nobody else can use it.

ALTER TABLE ... SET NOT NULL takes an ACCESS EXCLUSIVE lock and then looks at every row for a NULL: every reader and
writer waits that long. PostgreSQL skips the look when a validated CHECK constraint proves that there is none, and a
constraint can be validated under a lock that stops nobody. On PostgreSQL 18 a NOT NULL constraint itself can be added
NOT VALID and be validated afterwards.

Safe when: the column is NOT NULL already; a validated CHECK (column IS NOT NULL) proves it (CHECK (column > 0) does
not: it lets NULL pass); the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("set not null",)
SETUP = "CREATE TABLE customers (id bigint PRIMARY KEY, email text);"
BAD = "ALTER TABLE customers ALTER COLUMN email SET NOT NULL;"
GOOD = """
ALTER TABLE customers ADD CONSTRAINT chk_customers_email_not_null CHECK (email IS NOT NULL) NOT VALID;
BEGIN;
ALTER TABLE customers VALIDATE CONSTRAINT chk_customers_email_not_null;
COMMIT;
BEGIN;
ALTER TABLE customers ALTER COLUMN email SET NOT NULL;
ALTER TABLE customers DROP CONSTRAINT chk_customers_email_not_null;
COMMIT;
"""
PROOF = Proof("work", "customers")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a SET NOT NULL that nothing proves."""
    change = look.change
    assert change is not None
    unknown = rewrite.doubt(change.work, {WorkKind.SCAN})
    if unknown is None or rewrite.idle(look):
        return
    table, column = look.name(), rewrite.name(look, change.name)
    fix = None
    if not look.depth:
        start = rewrite.head(look)
        needed = [*rewrite.rest(look, change), *rewrite.not_null(look, [change.name], start)]
        fix = rewrite.steps(needed, same=rewrite.separable(look, change) and look.table().complete)
    new = look.version >= rewrite.NOT_NULL_CONSTRAINTS
    yield look.finding(
        f"{table} is closed to reads and writes while every {column} is looked at",
        why=f"SET NOT NULL holds an ACCESS EXCLUSIVE lock on {table} while it reads all of its rows",
        advice=f"add NOT NULL {column} NOT VALID, then validate it in a transaction of its own"
        if new
        else f"prove {column} IS NOT NULL by a CHECK that is validated in a transaction of its own; "
        "SET NOT NULL then reads nothing",
        fix=fix,
        unknown=unknown,
    )
