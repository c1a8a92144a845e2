"""Indexes that are not those of constraints, and extended statistics."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("index", "statistics")
_AFTER = ("tablespace", "partition of", "clustered", "replica identity", "invalid", "statistics ", "statistics")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE INDEX or CREATE STATISTICS; a partition's index is attached to the parent's."""
    yield from alone(item)
    if item.kind == "index" and "partition of" in item.facts:
        yield f"ALTER INDEX {item.facts['partition of']} ATTACH PARTITION {item.name}"
    yield from _after(Object(item.kind, item.name, item.of), item, whole)
    yield from common.finishing(item, whole)


def alone(item: Object) -> Iterator[str]:
    """Yield CREATE INDEX, in its own tablespace."""
    yield item.facts["definition"]
    if item.kind == "index" and "tablespace" in item.facts:
        yield f"ALTER INDEX {item.name} SET TABLESPACE {item.facts['tablespace']}"


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP INDEX; one that is attached goes with the parent's."""
    if f"index {item.facts.get('partition of')}" not in whole:
        yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes an index without making it anew."""
    if common.others(before, after, _AFTER) or ("invalid" in before.facts and "invalid" not in after.facts):
        return None
    was, becomes = before.facts, after.facts
    found = []
    if was.get("tablespace") != becomes.get("tablespace"):
        found.append(f"ALTER INDEX {after.name} SET TABLESPACE {becomes.get('tablespace', 'pg_default')}")
    if was.get("partition of") != becomes.get("partition of"):
        if "partition of" not in becomes and "partition of" in whole[after.of].facts:
            return None
        if "partition of" in becomes:
            found.append(f"ALTER INDEX {becomes['partition of']} ATTACH PARTITION {after.name}")
    return [*found, *_after(before, after, whole), *common.finished(before, after, whole)]


def _after(before: Object, after: Object, whole: Snapshot) -> Iterator[str]:
    was, becomes, table = before.facts, after.facts, common.relation(after)
    bare = after.name.removeprefix(f"{_schema(after.name)}.")
    if after.kind == "statistics":
        if was.get("statistics") != becomes.get("statistics"):
            yield f"ALTER STATISTICS {after.name} SET STATISTICS {becomes.get('statistics', '-1')}"
        return
    head = f"ALTER {'MATERIALIZED VIEW' if after.of.startswith('materialized view ') else 'TABLE'}"
    if "clustered" in becomes and "clustered" not in was:
        yield f"{head} {table} CLUSTER ON {bare}"
    if "clustered" in was and "clustered" not in becomes:
        yield f"{head} {table} SET WITHOUT CLUSTER"
    if "replica identity" in becomes and "replica identity" not in was:
        yield f"ALTER TABLE ONLY {table} REPLICA IDENTITY USING INDEX {bare}"
    if "replica identity" in was and not common.identified(after, whole):
        yield f"ALTER TABLE ONLY {table} REPLICA IDENTITY DEFAULT"
    for name in common.differing(was, becomes, "statistics "):
        column = name.removeprefix("statistics ")
        yield f"ALTER INDEX {after.name} ALTER COLUMN {column} SET STATISTICS {becomes.get(name, '-1')}"


def _schema(name: str) -> str:
    from instar.dialects.postgresql.writing.constraints import schema_of

    return schema_of(name)
