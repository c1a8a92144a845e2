"""SET ACCESS METHOD writes the whole table anew while nobody else can use it.

ALTER TABLE ... SET ACCESS METHOD (PostgreSQL 15) copies every row into another kind of storage and builds every index
again under an ACCESS EXCLUSIVE lock: readers and writers wait. Copy the rows in batches into a new table that was
made with USING, and swap the names in one short transaction. A new partition can have another access method at no
cost.

Safe when: the table has this access method already; it is new, empty, or small by the live catalog; it is partitioned
(PostgreSQL 17), where only later partitions are concerned.
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
VERSIONS = (15, None)
ON = ("set access method",)
SETUP = """
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE events (id bigint PRIMARY KEY, name text);
"""
BAD = "ALTER TABLE events SET ACCESS METHOD columnar;"
GOOD = """
CREATE TABLE events_new (LIKE events INCLUDING ALL) USING columnar;
INSERT INTO events_new SELECT * FROM events WHERE id BETWEEN 1 AND 1000;
"""
PROOF = Proof("work", "events")
BATCHES = "-- in batches over the primary key, behind a trigger that copies new writes:"


def check(look: Look) -> Iterator[Finding]:
    """Flag a table that is written anew for another access method."""
    change = look.change
    assert change is not None
    unknown = rewrite.doubt(change.work, {WorkKind.REWRITE})
    if unknown is None or rewrite.idle(look):
        return
    table = look.name()
    method = rewrite.name(look, change.name) if change.name else "heap"
    new = look.name(f"{change.relation}_new")
    steps = [
        f"CREATE TABLE {new} (LIKE {table} INCLUDING ALL) USING {method}",
        f"{BATCHES}\nINSERT INTO {new} SELECT * FROM {table}",
        "BEGIN",
        f"ALTER TABLE {table} RENAME TO {rewrite.name(look, f'{change.relation}_old'.rpartition('.')[2])}",
        f"ALTER TABLE {new} RENAME TO {rewrite.name(look, change.relation.rpartition('.')[2])}",
        "COMMIT",
    ]
    may = "may be" if unknown else "is"
    yield look.finding(
        f"{table} {may} written anew, closed to reads and writes, for the access method {method}",
        why=f"SET ACCESS METHOD copies every row of {table} and builds its indexes again under ACCESS EXCLUSIVE",
        advice=f"copy {table} in batches into a new table USING {method}, and swap the names",
        fix=None if look.depth else rewrite.steps(steps, same=False),
        unknown=unknown,
    )
