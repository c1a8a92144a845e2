"""Constraints of tables, foreign tables and domains. NOT NULL is a property of its column."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("constraint",)
_INDEXED = frozenset({"PRIMARY KEY", "UNIQUE", "EXCLUDE"})
_AFTER = ("clustered", "replica identity", "index comment", "statistics ", "option ", "tablespace")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield ADD CONSTRAINT. What a table has from its parent comes by itself, but for the constraint of an index."""
    facts = item.facts
    if "inherited" not in facts or _indexed(item):
        yield from alone(item, whole)
        if "partition of" in facts:
            yield f"ALTER INDEX {facts['partition of']} ATTACH PARTITION {_index(item)}"
    yield from _after(Object(item.kind, item.name, item.of), item, whole)
    yield from common.finishing(item, whole)


def alone(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield ADD CONSTRAINT for this table only."""
    del whole
    only = "ONLY " if _indexed(item) else ""
    yield f"{_table(item, only)} ADD CONSTRAINT {common.local(item)} {_definition(item)}"


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP CONSTRAINT; one that the parent has goes with the parent's."""
    del whole
    if not {"inherited", "partition of"} & item.facts.keys():
        yield f"{_table(item)} DROP CONSTRAINT {common.local(item)}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what validates a constraint, makes it deferrable or not, attaches it; anything else makes it anew."""
    if common.others(before, after, ("deferrable", "not valid", "partition of", *_AFTER)):
        return None
    was, becomes = before.facts, after.facts
    differ = set(common.differing(was, becomes))
    if "not valid" in becomes.keys() - was.keys() or ("deferrable" in differ and becomes.get("type") != "FOREIGN KEY"):
        return None
    found = []
    if "not valid" in differ and "inherited" not in becomes:
        found.append(f"{_table(after)} VALIDATE CONSTRAINT {common.local(after)}")
    if "deferrable" in differ and "inherited" not in becomes:
        wanted = becomes.get("deferrable", "NOT DEFERRABLE")
        found.append(f"{_table(after)} ALTER CONSTRAINT {common.local(after)} {wanted}")
    if "partition of" in differ:
        if "partition of" not in becomes and "partition of" in whole[after.of].facts:
            return None
        if "partition of" in becomes:
            found.append(f"ALTER INDEX {becomes['partition of']} ATTACH PARTITION {_index(after)}")
    return [*found, *_after(before, after, whole), *common.finished(before, after, whole)]


def _indexed(item: Object) -> bool:
    return item.facts.get("type") in _INDEXED


def _definition(item: Object) -> str:
    facts = item.facts
    words = [facts["definition"], facts.get("deferrable", "")]
    words += ["NOT ENFORCED"] if "not enforced" in facts else []
    words += ["NOT VALID"] if "not valid" in facts and "not enforced" not in facts else []
    return " ".join(word for word in words if word)


def _table(item: Object, only: str = "") -> str:
    if item.of.startswith("domain "):
        return f"ALTER DOMAIN {common.relation(item)}"
    kind = "FOREIGN TABLE" if item.of.startswith("foreign table ") else "TABLE"
    return f"ALTER {kind} {only}{common.relation(item)}"


def _index(item: Object) -> str:
    """Return the name of a constraint's index: the constraint's, in the schema of the table."""
    return f"{schema_of(common.relation(item))}.{common.local(item)}"


def schema_of(name: str) -> str:
    """Return the schema of a qualified name, in which a point may stand inside quotes."""
    if not name.startswith('"'):
        return name.partition(".")[0]
    end = name.index('"', 1)
    while name[end + 1 : end + 2] == '"':
        end = name.index('"', end + 2)
    return name[: end + 1]


def _after(before: Object, after: Object, whole: Snapshot) -> Iterator[str]:
    was, becomes = before.facts, after.facts
    yield from common.changed_options(f"ALTER INDEX {_index(after)}", was, becomes)
    if was.get("tablespace") != becomes.get("tablespace"):
        yield f"ALTER INDEX {_index(after)} SET TABLESPACE {becomes.get('tablespace', 'pg_default')}"
    if "clustered" in becomes and "clustered" not in was:
        yield f"ALTER TABLE {common.relation(after)} CLUSTER ON {common.local(after)}"
    if "clustered" in was and "clustered" not in becomes:
        yield f"ALTER TABLE {common.relation(after)} SET WITHOUT CLUSTER"
    if "replica identity" in becomes and "replica identity" not in was:
        yield f"ALTER TABLE ONLY {common.relation(after)} REPLICA IDENTITY USING INDEX {common.local(after)}"
    if "replica identity" in was and not common.identified(after, whole):
        yield f"ALTER TABLE ONLY {common.relation(after)} REPLICA IDENTITY DEFAULT"
    for name in common.differing(was, becomes, "statistics "):
        column = name.removeprefix("statistics ")
        yield f"ALTER INDEX {_index(after)} ALTER COLUMN {column} SET STATISTICS {becomes.get(name, '-1')}"
    if was.get("index comment") != becomes.get("index comment"):
        comment = common.literal(becomes["index comment"]) if "index comment" in becomes else "NULL"
        yield f"COMMENT ON INDEX {_index(after)} IS {comment}"
