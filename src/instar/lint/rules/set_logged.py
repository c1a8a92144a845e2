"""SET LOGGED and SET UNLOGGED write the whole table anew while nobody else can use it.

Both copy every row and build every index again under an ACCESS EXCLUSIVE lock; SET LOGGED writes all of it to the
write-ahead log as well, and so to every replica. Copy the rows in batches into a new table of the other kind, and
swap the names in one short transaction.

Safe when: the table is so already; it is new, empty, or small by the live catalog.
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
ON = ("set logged", "set unlogged")
SETUP = "CREATE UNLOGGED TABLE events (id bigint PRIMARY KEY, name text);"
BAD = "ALTER TABLE events SET LOGGED;"
GOOD = """
CREATE TABLE events_new (LIKE events INCLUDING ALL);
INSERT INTO events_new SELECT * FROM events WHERE id BETWEEN 1 AND 1000;
"""
PROOF = Proof("work", "events")
BATCHES = "-- in batches over the primary key, behind a trigger that copies new writes:"


def check(look: Look) -> Iterator[Finding]:
    """Flag a table that is written anew for its kind of storage."""
    change = look.change
    assert change is not None
    if rewrite.doubt(change.work, {WorkKind.REWRITE}) is None or rewrite.idle(look):
        return
    table = look.name()
    unlogged = change.kind == "set unlogged"
    new = look.name(f"{change.relation}_new")
    steps = [
        f"CREATE {'UNLOGGED ' if unlogged else ''}TABLE {new} (LIKE {table} INCLUDING ALL)",
        f"{BATCHES}\nINSERT INTO {new} SELECT * FROM {table}",
        "BEGIN",
        f"ALTER TABLE {table} RENAME TO {rewrite.name(look, f'{change.relation}_old'.rpartition('.')[2])}",
        f"ALTER TABLE {new} RENAME TO {rewrite.name(look, change.relation.rpartition('.')[2])}",
        "COMMIT",
    ]
    yield look.finding(
        f"{table} is written anew, closed to reads and writes, when it becomes {'unlogged' if unlogged else 'logged'}",
        why=f"{change.kind.upper()} copies every row of {table} and builds its indexes again under ACCESS EXCLUSIVE",
        advice=f"copy {table} in batches into a new table of that kind, and swap the names",
        fix=None if look.depth else rewrite.steps(steps, same=False),
    )
