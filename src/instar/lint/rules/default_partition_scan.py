"""A new partition makes PostgreSQL read the whole DEFAULT partition, which nobody can use meanwhile.

Rows that belong into the new partition must not lie in the DEFAULT one, so it is read under an ACCESS EXCLUSIVE lock,
and through it every query on the partitioned table that is not sure to miss it waits. A validated CHECK on the DEFAULT
partition that excludes the new bound makes that unnecessary: add it NOT VALID, validate it, then make the partition.

Safe when: the DEFAULT partition is new or empty; the live catalog says that it is small; a validated CHECK excludes the
new rows.
"""

from collections.abc import Iterator

from instar.effects import Change, WorkKind
from instar.lint import partitions, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("attach partition", "create table")
SETUP = """
CREATE TABLE events (id bigint NOT NULL, body text) PARTITION BY RANGE (id);
CREATE TABLE events_first PARTITION OF events FOR VALUES FROM (0) TO (1000);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
"""
ROWS = "INSERT INTO events SELECT id, 'x' FROM generate_series(5000, 5299) id;"
BAD = "CREATE TABLE events_second PARTITION OF events FOR VALUES FROM (1000) TO (2000);"
GOOD = """
ALTER TABLE events_rest ADD CONSTRAINT events_rest_excludes CHECK (NOT (id >= 1000 AND id < 2000)) NOT VALID;
BEGIN;
ALTER TABLE events_rest VALIDATE CONSTRAINT events_rest_excludes;
COMMIT;
BEGIN;
CREATE TABLE events_second PARTITION OF events FOR VALUES FROM (1000) TO (2000);
COMMIT;
BEGIN;
ALTER TABLE events_rest DROP CONSTRAINT events_rest_excludes;
COMMIT;
"""
PROOF = Proof("work", "events_rest")
FIXED = True


def check(look: Look) -> Iterator[Finding]:
    """Flag a DEFAULT partition that is read for a new one."""
    change = look.change
    assert change is not None
    parent = change.relation if change.kind == "attach partition" else change.table.parent if change.table else ""
    default = next((item for item in look.schema.children(parent) if item.default and item.parent == parent), None)
    if default is None or look.effect.stored or look.new(default.name) or look.small(default.name):
        return
    family = {default.name, *(item.name for item in look.schema.children(default.name))}
    unknown = rewrite.doubt([item for item in change.work if item.relation in family and item.kind is WorkKind.SCAN])
    if unknown is None:
        return
    name = look.name(default.name)
    yield look.finding(
        f"reads and writes of {name} wait while all of its rows are checked",
        why=f"{name} is the DEFAULT partition of {look.name(parent)}: it holds an ACCESS EXCLUSIVE lock while the "
        "server looks for rows of the new partition in it",
        advice=f"exclude the new rows by a CHECK on {name} that is added NOT VALID and validated before",
        fix=_fix(look, change, parent, default.name),
        unknown=unknown,
        relation=default.name,
    )


def _fix(look: Look, change: Change, parent: str, default: str) -> Fix | None:
    says = partitions.condition(look, look.table(parent).key, change.text)
    if look.depth or not says or len(look.effect.changes) > 1:
        return None
    table = look.name(default)
    name = rewrite.name(look, rewrite.free_name(look, default, "excludes"))
    steps = [
        f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (NOT ({says})) NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
        look.effect.text,
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    ]
    return rewrite.steps(steps, same=look.table(default).complete)
