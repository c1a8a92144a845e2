"""DISABLE TRIGGER: what the triggers keep right is not kept right for the rows that are written meanwhile.

`DISABLE TRIGGER ALL` turns the foreign keys of the table off too: rows with no parent get in, and nothing ever looks at
them again, since the constraint still counts as valid. `SET session_replication_role = replica` does the same for
every table that the session writes.

Safe when: one trigger, or `USER`, is disabled and enabled again in the same transaction: no other session can write
meanwhile.
"""

import re
from collections.abc import Iterator

from instar.effects import Change
from instar.lint.around import ahead
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("disable trigger", "set")
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
"""
BAD = """ALTER TABLE orders DISABLE TRIGGER ALL;
INSERT INTO orders (id, user_id) VALUES (-1, -1);
ALTER TABLE orders ENABLE TRIGGER ALL;
"""
GOOD = """INSERT INTO users (id) VALUES (-1);
INSERT INTO orders (id, user_id) VALUES (-1, -1);
"""
PROOF = Proof("shows", "SELECT id FROM orders o WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = o.user_id)")

_REPLICA = re.compile(r"\bsession_replication_role\b.*\breplica\b", re.IGNORECASE | re.DOTALL)


def check(look: Look) -> Iterator[Finding]:
    """Flag triggers that do not run."""
    change = look.change
    if change is None:
        return
    if change.kind == "set":
        if _REPLICA.search(look.effect.text):
            yield look.finding(
                "no trigger runs and no foreign key is checked in this session from now on",
                why="rows with no parent get in, and nothing ever looks at them again",
                advice="leave session_replication_role as it is",
            )
        return
    everything = "all" in change.flags
    if change.relation in look.unit.created or (not everything and _enabled_again(look)):
        return
    table = look.name()
    what = "no foreign key of {0} is checked and none of its triggers runs" if everything else "a trigger of {0} is off"
    yield look.finding(
        f"{what.format(table)} from now on",
        why=f"rows that are written to {table} meanwhile break what the triggers keep right; nothing looks at them "
        "again later",
        advice=f"write to {table} what keeps to them; or disable one trigger by its name, and enable it in the same "
        "transaction",
    )


def _enabled_again(look: Look) -> bool:
    change, segments = look.change, look.unit.segments
    assert change is not None
    return look.unit.transactional[look.index] and any(
        item.kind == "enable trigger" and item.relation == change.relation and _matches(item, change)
        for index, effect in ahead(look)
        if segments[index] == segments[look.index]
        for item in effect.changes
    )


def _matches(enabled: Change, disabled: Change) -> bool:
    return enabled.name == disabled.name or "all" in enabled.flags
