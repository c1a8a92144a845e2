"""DETACH PARTITION without CONCURRENTLY closes the partitioned table for a moment, and a queue forms behind it.

It is done in an instant, but under an ACCESS EXCLUSIVE lock on the partitioned table and on the partition: it waits for
every running query there, and every later one waits behind it. DETACH PARTITION .. CONCURRENTLY (PostgreSQL 14) waits
without stopping anybody; instar runs it outside a transaction by itself. It leaves a CHECK with the old bound behind.

Safe when: the partitioned table is new; it has a DEFAULT partition, with which the server refuses CONCURRENTLY.
"""

from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.around import outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
VERSIONS = (14, None)
ON = ("detach partition",)
DOWN = True
SETUP = """
CREATE TABLE events (id bigint NOT NULL, body text) PARTITION BY RANGE (id);
CREATE TABLE events_first PARTITION OF events FOR VALUES FROM (0) TO (1000);
CREATE TABLE events_second PARTITION OF events FOR VALUES FROM (1000) TO (2000);
"""
BAD = "ALTER TABLE events DETACH PARTITION events_first;"
GOOD = "ALTER TABLE events DETACH PARTITION events_first CONCURRENTLY;"
PROOF = Proof("lock", "events", lock="ACCESS EXCLUSIVE")


def check(look: Look) -> Iterator[Finding]:
    """Flag a detachment that waits for the whole table."""
    change = look.change
    assert change is not None
    if "concurrently" in change.flags or look.effect.stored or look.new() or look.new(change.others[0]):
        return
    if any(item.default and item.parent == change.relation for item in look.schema.children(change.relation)):
        return
    table, partition = look.name(), look.name(change.others[0])
    text = f"ALTER TABLE {table} DETACH PARTITION {partition} CONCURRENTLY"
    yield look.finding(
        f"reads and writes of {table} queue behind this until it gets its lock",
        why=f"DETACH PARTITION takes an ACCESS EXCLUSIVE lock on {table} and {partition}: it waits for every query "
        "that runs there, and every later one waits for it",
        advice=outside(look, "detach it CONCURRENTLY"),
        fix=None if look.depth or len(look.effect.changes) > 1 else rewrite.steps([text], same=False),
    )
