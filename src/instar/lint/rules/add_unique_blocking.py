"""A UNIQUE constraint that builds its own index stops reads and writes until the index is built.

ADD UNIQUE (also ADD COLUMN ... UNIQUE) takes an ACCESS EXCLUSIVE lock and holds it while it reads and sorts the whole
table. A unique index can be built CONCURRENTLY instead, while everybody goes on; ADD CONSTRAINT ... UNIQUE USING
INDEX then takes it over in an instant, under the constraint's name. A partitioned table has no such way: there, build
the index on each partition CONCURRENTLY, attach them to an index ON ONLY the parent, and do without the constraint.

Safe when: USING INDEX; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind
from instar.effects import WorkKind
from instar.lint import rewrite
from instar.lint.around import outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("add constraint",)
SETUP = "CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL);"
BAD = "ALTER TABLE customers ADD CONSTRAINT uk_customers_email UNIQUE (email);"
GOOD = """
CREATE UNIQUE INDEX CONCURRENTLY uk_customers_email ON customers (email);
ALTER TABLE customers ADD CONSTRAINT uk_customers_email UNIQUE USING INDEX uk_customers_email;
"""
PROOF = Proof("work", "customers")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a unique constraint whose index is built under the constraint's lock."""
    change = look.change
    assert change is not None
    constraint = change.constraint
    if constraint is None or constraint.kind is not ConstraintKind.UNIQUE or rewrite.idle(look):
        return
    unknown = rewrite.doubt(change.work, {WorkKind.BUILD})
    if unknown is None or rewrite.rewritten(look, change):
        return
    table, name = look.name(), rewrite.name(look, constraint.name)
    needed = None if look.depth else rewrite.by_index(look, change, "UNIQUE")
    known = constraint.named or look.table().complete
    yield look.finding(
        f"{table} is closed to reads and writes while the index of {name} is built",
        why=f"ADD UNIQUE holds an ACCESS EXCLUSIVE lock on {table} while it reads and sorts all of its rows",
        advice=outside(look, "build a unique index CONCURRENTLY, then make the constraint of it")
        if needed or (look.depth and look.table().kind != "partitioned")
        else "build a unique index on each partition CONCURRENTLY, and attach them to one ON ONLY the parent",
        fix=rewrite.steps([*rewrite.rest(look, change), *needed], same=known and rewrite.separable(look, change))
        if needed
        else None,
        unknown=unknown,
    )
