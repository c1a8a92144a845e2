"""Tables and foreign tables, with the columns that their statement makes, partitions and inheritance."""

from collections.abc import Iterator, Mapping

from instar.dialects.postgresql.writing import _columns as columns
from instar.dialects.postgresql.writing import _common as common
from instar.dialects.postgresql.writing import constraints, indexes
from instar.snapshot import Object, Snapshot

KINDS = ("table", "foreign table")
_ALTERED = (
    "persistence", "access method", "tablespace", "type of", "inherits", "partition of", "bound", "row level security",
    "force row level security", "replica identity", "option ", "fdw option ",
)  # fmt: skip


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE TABLE with its columns; a partition is attached at once, as pg_dump does it."""
    yield from _created(item, whole)
    yield from _attached(item)
    yield from _finished(item, whole)


def adding(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield a table that goes into what is there: a partition gets its indexes before it is attached.

    Otherwise ATTACH would make them by itself, under other names.
    """
    yield from _created(item, whole)
    if "partition of" in item.facts:
        for part in whole.parts.get(item.key, ()):
            if part.kind == "constraint" and "partition of" in part.facts:
                yield from constraints.alone(part, whole)
            elif part.kind == "index" and "partition of" in part.facts:
                yield from indexes.alone(part)
    yield from _attached(item)
    yield from _finished(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP TABLE."""
    del whole
    yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes a table's own properties; how it is partitioned cannot change."""
    if common.others(before, after, _ALTERED) or _reordered(_parents(before.facts), _parents(after.facts)):
        return None
    was, becomes, name = before.facts, after.facts, after.name
    head = f"ALTER {common.word(after.kind)} {name}"
    found = list(_moved(was, becomes, name))
    differ = set(common.differing(was, becomes))
    if "persistence" in differ:
        found.append(f"{head} SET {becomes.get('persistence', 'LOGGED')}")
    if "access method" in differ:
        found.append(f"{head} SET ACCESS METHOD {becomes.get('access method', 'heap')}")
    if "tablespace" in differ:
        found.append(f"{head} SET TABLESPACE {becomes.get('tablespace', 'pg_default')}")
    if "type of" in differ:
        found.append(f"{head} OF {becomes['type of']}" if "type of" in becomes else f"{head} NOT OF")
    found += common.changed_options(head, was, becomes)
    found += common.changed_fdw_options(head, was, becomes)
    found += _security(before, after)
    if "replica identity" in differ:
        found.append(f"{head} REPLICA IDENTITY {becomes.get('replica identity', 'DEFAULT')}")
    return [*found, *common.finished(before, after, whole)]


def _moved(was: Mapping[str, str], becomes: Mapping[str, str], name: str) -> Iterator[str]:
    """Yield what changes parents: of inheritance and of partitions."""
    old, new = _parents(was), _parents(becomes)
    yield from (f"ALTER TABLE {name} NO INHERIT {parent}" for parent in old if parent not in new)
    yield from (f"ALTER TABLE {name} INHERIT {parent}" for parent in new if parent not in old)
    place = ("partition of", "bound")
    if [was.get(each) for each in place] != [becomes.get(each) for each in place]:
        if "partition of" in was:
            yield f"ALTER TABLE {was['partition of']} DETACH PARTITION {name}"
        if "partition of" in becomes:
            yield f"ALTER TABLE {becomes['partition of']} ATTACH PARTITION {name} {becomes['bound']}"


def _reordered(old: list[str], new: list[str]) -> bool:
    """Whether INHERIT, which puts a parent behind all others, would leave the parents in another order."""
    kept = [parent for parent in old if parent in new]
    return [*kept, *(parent for parent in new if parent not in old)] != new


def _parents(facts: Mapping[str, str]) -> list[str]:
    return [name for name in facts.get("inherits", "").split(", ") if name]


def _created(item: Object, whole: Snapshot) -> Iterator[str]:
    facts = item.facts
    unlogged = "UNLOGGED " if "persistence" in facts else ""
    parts = [f"CREATE {unlogged}{common.word(item.kind)} {item.name}"]
    if "type of" in facts:
        parts.append(f" OF {facts['type of']}")
    inside = [*columns.inside(item, whole), *_checks(item, whole)]
    if inside:
        parts.append(" (\n    " + ",\n    ".join(inside) + "\n)")
    elif "type of" not in facts:
        parts.append(" ()")
    if "inherits" in facts:
        parts.append(f"\nINHERITS ({facts['inherits']})")
    if "partition by" in facts:
        parts.append(f"\nPARTITION BY {facts['partition by']}")
    if "server" in facts:
        parts.append(f"\nSERVER {facts['server']}{common.fdw_options(facts)}")
    if "access method" in facts:
        parts.append(f"\nUSING {facts['access method']}")
    if with_options := common.options(facts):
        parts.append(f"\nWITH ({with_options})")
    if "tablespace" in facts:
        parts.append(f"\nTABLESPACE {facts['tablespace']}")
    yield "".join(parts)


def _checks(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield the checks that a partition has from its parent: without them it cannot be attached."""
    if "partition of" not in item.facts:
        return
    for part in whole.parts.get(item.key, ()):
        if part.kind == "constraint" and part.facts.get("type") == "CHECK" and "inherited" in part.facts:
            yield f"CONSTRAINT {common.local(part)} {part.facts['definition']}"


def _attached(item: Object) -> Iterator[str]:
    if "partition of" in item.facts:
        yield f"ALTER TABLE ONLY {item.facts['partition of']} ATTACH PARTITION {item.name} {item.facts['bound']}"


def _finished(item: Object, whole: Snapshot) -> Iterator[str]:
    facts = item.facts
    yield from _security(Object(item.kind, item.name), item)
    if "replica identity" in facts:
        yield f"ALTER TABLE ONLY {item.name} REPLICA IDENTITY {facts['replica identity']}"
    yield from common.finishing(item, whole)


def _security(before: Object, after: Object) -> Iterator[str]:
    for name, on, off in (
        ("row level security", "ENABLE", "DISABLE"),
        ("force row level security", "FORCE", "NO FORCE"),
    ):
        if (name in before.facts) != (name in after.facts):
            yield f"ALTER TABLE {after.name} {on if name in after.facts else off} ROW LEVEL SECURITY"
