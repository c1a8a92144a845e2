"""CREATE TABLE .. PARTITION OF closes the partitioned table for a moment; making a table and attaching it does not.

The partition is empty and made in an instant, but under an ACCESS EXCLUSIVE lock on the partitioned table: it waits for
every running query there, and every later one waits behind it. CREATE TABLE (LIKE ..) and then ATTACH PARTITION gives
the same partition under a lock that lets readers and writers through.

Safe when: the partitioned table is new; it has no partition yet.
"""

import re
from collections.abc import Iterator

from instar.effects import Change
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("create table",)
SETUP = """
CREATE TABLE events (id bigint NOT NULL, body text) PARTITION BY RANGE (id);
CREATE TABLE events_first PARTITION OF events FOR VALUES FROM (0) TO (1000);
"""
BAD = "CREATE TABLE events_second PARTITION OF events FOR VALUES FROM (1000) TO (2000);"
GOOD = """
CREATE TABLE events_second (LIKE events INCLUDING ALL EXCLUDING IDENTITY);
ALTER TABLE events ATTACH PARTITION events_second FOR VALUES FROM (1000) TO (2000);
"""
PROOF = Proof("lock", "events", lock="ACCESS EXCLUSIVE")

_PLAIN = re.compile(r"partition\s+of\s+[^()]*?(?P<bound>for\s+values\s.*|default\s*)\Z", re.IGNORECASE | re.DOTALL)
_MORE = re.compile(r"\)\s*(?:partition\s+by|using|with|tablespace|on\s+commit)\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a partition that is made in one step."""
    change = look.change
    assert change is not None
    if change.table is None or "partition of" not in change.flags or look.effect.stored:
        return
    parent = change.table.parent
    known = look.table(parent)
    if look.new(parent) or (known.complete and not any(True for _ in look.schema.children(parent))):
        return
    name = look.name(parent)
    yield look.finding(
        f"reads and writes of {name} queue behind this until it gets its lock",
        why=f"CREATE TABLE .. PARTITION OF takes an ACCESS EXCLUSIVE lock on {name}: it waits for every query "
        "there, and every later one waits for it",
        advice=f"make {look.name(change.relation)} by itself, then attach it: that lets readers and writers of {name} "
        "through",
        fix=_fix(look, change, parent),
        relation=parent,
    )


def _fix(look: Look, change: Change, parent: str) -> Fix | None:
    text = look.effect.text
    match = _PLAIN.search(text)
    if look.depth or match is None or _MORE.search(text) or change.flags & {"temporary", "unlogged", "if not exists"}:
        return None
    made, table = look.name(change.relation), look.name(parent)
    return rewrite.steps(
        [
            f"CREATE TABLE {made} (LIKE {table} INCLUDING ALL EXCLUDING IDENTITY)",
            f"ALTER TABLE {table} ATTACH PARTITION {made} {match['bound'].strip()}",
        ],
        same=False,
    )
