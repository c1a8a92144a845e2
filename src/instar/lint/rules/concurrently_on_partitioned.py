"""CONCURRENTLY on a partitioned table is refused by the server.

A partitioned table's index cannot be created, nor dropped, CONCURRENTLY (PostgreSQL 12 to 18). Create the index ON
ONLY the partitioned table, which is an empty shell and takes no time; build it on each partition CONCURRENTLY; attach
them. When the last one is attached, the parent's index becomes valid.

Safe when: the table is not partitioned.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "transaction"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("create index", "drop index")
DOWN = True
SETUP = """
CREATE TABLE readings (id bigint NOT NULL, sensor_id bigint) PARTITION BY RANGE (id);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM (0) TO (1000000);
"""
BAD = "CREATE INDEX CONCURRENTLY idx_readings_sensor_id ON readings (sensor_id);"
GOOD = """
CREATE INDEX idx_readings_sensor_id ON ONLY readings (sensor_id);
CREATE INDEX CONCURRENTLY idx_readings_1_sensor_id ON readings_1 (sensor_id);
ALTER INDEX idx_readings_sensor_id ATTACH PARTITION idx_readings_1_sensor_id;
"""
PROOF = Proof("fails", "concurrently")


def check(look: Look) -> Iterator[Finding]:
    """Flag CONCURRENTLY where it does not exist."""
    change = look.change
    assert change is not None
    if "concurrently" not in change.flags or look.depth or look.table().kind != "partitioned":
        return
    table, name = look.name(), look.name(change.name)
    if change.kind == "drop index":
        yield look.finding(
            f"the server refuses to drop {name} CONCURRENTLY: {table} is partitioned",
            why="the index of a partitioned table goes together with those of its partitions, in one transaction",
            advice="drop it without CONCURRENTLY, which locks the table and its partitions for a moment",
        )
        return
    yield look.finding(
        f"the server refuses to build {name} CONCURRENTLY: {table} is partitioned",
        why="only a partition's own index can be built CONCURRENTLY",
        advice="create the index ON ONLY the parent, CONCURRENTLY on each partition, then attach them",
        fix=_fix(look, change),
    )


def _fix(look: Look, change: Change) -> Fix | None:
    steps = rewrite.on_partitions(look, change)
    return rewrite.steps(steps, same=False) if steps else None
