"""ATTACH PARTITION reads the whole table that it attaches, unless a CHECK has proved that its rows fit.

It holds an ACCESS EXCLUSIVE lock on the table until the last row is checked, and who already uses that table waits. A
validated CHECK that says at least what the bound says (with IS NOT NULL) makes the check unnecessary: add it NOT VALID,
validate it, attach, and drop it. The two first steps need transactions of their own.

Safe when: the table is new or empty; the live catalog says that it is small; a validated CHECK proves the bound.
"""

from collections.abc import Iterator

from instar.effects import Change, WorkKind
from instar.lint import partitions, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("attach partition",)
SETUP = """
CREATE TABLE events (id bigint NOT NULL, body text) PARTITION BY RANGE (id);
CREATE TABLE events_old (id bigint NOT NULL, body text);
"""
ROWS = "INSERT INTO events_old SELECT id, 'x' FROM generate_series(0, 299) id;"
BAD = "ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (0) TO (1000);"
GOOD = """
ALTER TABLE events_old ADD CONSTRAINT events_old_bound CHECK (id IS NOT NULL AND id >= 0 AND id < 1000) NOT VALID;
BEGIN;
ALTER TABLE events_old VALIDATE CONSTRAINT events_old_bound;
COMMIT;
BEGIN;
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (0) TO (1000);
ALTER TABLE events_old DROP CONSTRAINT events_old_bound;
COMMIT;
"""
PROOF = Proof("work", "events_old")
FIXED = True

_BOUND = "partition constraint"


def check(look: Look) -> Iterator[Finding]:
    """Flag a partition whose rows are read under its lock."""
    change = look.change
    assert change is not None
    child = change.others[0]
    family = {child, *(item.name for item in look.schema.children(child))}
    if look.effect.stored or look.new(child) or look.small(child):
        return
    builds = [item.object for item in change.work if item.relation in family and item.kind is WorkKind.BUILD]
    if builds:
        yield _missing(look, child, builds)
    unknown = rewrite.doubt(item for item in change.work if item.relation in family and item.reason == _BOUND)
    if unknown is None:
        return
    name = look.name(child)
    yield look.finding(
        f"reads and writes of {name} wait while all of its rows are checked",
        why=f"ATTACH PARTITION holds an ACCESS EXCLUSIVE lock on {name} until every row is known to fit the bound",
        advice="prove the bound by a CHECK that is added NOT VALID and validated before",
        fix=_fix(look, change),
        unknown=unknown,
        relation=child,
    )


def _missing(look: Look, child: str, builds: list[str]) -> Finding:
    """Say that indexes which the partitioned table has are built under the same lock."""
    name, table = look.name(child), look.name()
    known = [index for index in look.table().indexes if index.name in builds and all(index.columns)]
    needed = [
        f"CREATE {'UNIQUE ' if index.unique else ''}INDEX CONCURRENTLY ON {name} ({rewrite.names(look, index.columns)})"
        for index in known
    ]
    return look.finding(
        f"reads and writes of {name} wait while indexes are built on it",
        why=f"ATTACH PARTITION builds each index of {table} that {name} does not have, under an ACCESS EXCLUSIVE lock",
        advice=f"build them before: {'; '.join(needed)}"
        if needed
        else f"build the indexes of {table} on {name} before",
        relation=child,
    )


def _fix(look: Look, change: Change) -> Fix | None:
    says = partitions.condition(look, look.table().key, change.text)
    if look.depth or not says or len(look.effect.changes) > 1:
        return None
    table = look.name(change.others[0])
    check_name = rewrite.name(look, rewrite.free_name(look, change.others[0], "bound"))
    steps = [
        f"ALTER TABLE {table} ADD CONSTRAINT {check_name} CHECK ({says}) NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {check_name}",
        look.effect.text,
        f"ALTER TABLE {table} DROP CONSTRAINT {check_name}",
    ]
    return rewrite.steps(steps, same=look.table(change.others[0]).complete)
