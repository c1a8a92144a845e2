"""DROP TABLE of a partition closes the partitioned table for a moment, and a queue forms behind it.

It takes an ACCESS EXCLUSIVE lock on the partitioned table, not only on the partition: it waits for every running query
there, and every later one waits behind it. DETACH PARTITION .. CONCURRENTLY (PostgreSQL 14) lets all of them through;
what is detached can then be dropped without them noticing.

Safe when: the partitioned table is new; the partition is new.
"""

from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.around import outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("drop table",)
SETUP = """
CREATE TABLE events (id bigint NOT NULL, body text) PARTITION BY RANGE (id);
CREATE TABLE events_first PARTITION OF events FOR VALUES FROM (0) TO (1000);
CREATE TABLE events_second PARTITION OF events FOR VALUES FROM (1000) TO (2000);
"""
BAD = "DROP TABLE events_first;"
GOOD = """
ALTER TABLE events DETACH PARTITION events_first CONCURRENTLY;
DROP TABLE events_first;
"""
PROOF = Proof("lock", "events", lock="ACCESS EXCLUSIVE")
FIXED = True

_CONCURRENTLY = 14


def check(look: Look) -> Iterator[Finding]:
    """Flag a partition that is dropped while it is one."""
    change = look.change
    assert change is not None
    parent = look.table().parent
    dropped = {item.relation for item in look.effect.changes}
    if "partition" not in change.flags or not parent or parent in dropped or look.effect.stored:
        return
    if look.new(parent) or look.new():
        return
    name = look.name(parent)
    yield look.finding(
        f"reads and writes of {name} queue behind the drop of its partition {look.name()} until it gets its lock",
        why=f"DROP TABLE of a partition takes an ACCESS EXCLUSIVE lock on {name}: it waits for every query that runs "
        "there, and every later one waits for it",
        advice=outside(look, f"detach it CONCURRENTLY from {name} first, then drop it"),
        fix=_fix(look, parent),
    )


def _fix(look: Look, parent: str) -> Fix | None:
    has_default = any(item.default and item.parent == parent for item in look.schema.children(parent))
    old = 0 < look.version < _CONCURRENTLY
    if look.depth or has_default or old or len(look.effect.changes) > 1:
        return None
    detach = f"ALTER TABLE {look.name(parent)} DETACH PARTITION {look.name()} CONCURRENTLY"
    return rewrite.steps([detach, look.effect.text], same=True)
