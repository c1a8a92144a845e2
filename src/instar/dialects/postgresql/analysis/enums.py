"""CREATE TYPE, ALTER TYPE of an enum, CREATE SEQUENCE and ALTER SEQUENCE."""

from msgspec.structs import replace

from instar.catalog import Schema, Table, Type
from instar.dialects.postgresql.analysis.objects import existing, lock, made, strings
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, LockMode


def enum(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE TYPE .. AS ENUM."""
    key = made(scope.schema, strings(node["typeName"]))
    labels = tuple(strings(node.get("vals", [])))
    return Parts((Change("create type", name=key, type=Type(key, "enum", labels), flags=frozenset({"enum"})),))


def composite(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE TYPE .. AS (columns)."""
    key = scope.new_key(node["typevar"])
    return Parts((Change("create type", name=key, type=Type(key, "composite"), flags=frozenset({"composite"})),))


def span(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE TYPE .. AS RANGE."""
    key = made(scope.schema, strings(node["typeName"]))
    return Parts((Change("create type", name=key, type=Type(key, "range"), flags=frozenset({"range"})),))


def define(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE TYPE of a base type, CREATE AGGREGATE, OPERATOR, COLLATION and text search objects."""
    key = made(scope.schema, strings(node["defnames"]))
    if node["kind"] == "OBJECT_TYPE":
        return Parts((Change("create type", name=key, type=Type(key, "base"), flags=frozenset({"base"})),))
    kind = "create function" if node["kind"] == "OBJECT_AGGREGATE" else "other"
    return Parts((Change(kind, name=key, flags=frozenset({node["kind"].removeprefix("OBJECT_").lower()})),))


def alter_enum(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER TYPE .. ADD VALUE and RENAME VALUE: no table is locked."""
    key = existing(scope.schema, strings(node["typeName"]))
    if "oldVal" in node:
        return Parts((Change("rename enum value", name=key, text=node["oldVal"], new_name=node["newVal"]),))
    flags = set()
    if "newValNeighbor" in node:
        flags.add("after" if node.get("newValIsAfter") else "before")
    if node.get("skipIfNewValExists"):
        flags.add("if not exists")
    neighbour = (node["newValNeighbor"],) if "newValNeighbor" in node else ()
    change = Change("add enum value", name=key, text=node["newVal"], flags=frozenset(flags), columns=neighbour)
    return Parts((change,))


def sequence(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE SEQUENCE."""
    key = scope.new_key(node["sequence"])
    there = node.get("if_not_exists", False) and key in scope.schema.tables
    flags = frozenset({"if not exists"}) if node.get("if_not_exists") else frozenset()
    change = Change("create sequence", key, flags=flags, cleared="it exists" if there else "")
    if there:
        return Parts((change,))
    return Parts((replace(change, table=Table(key, kind="sequence")),), creates=(key,))


def alter_sequence(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER SEQUENCE."""
    key = scope.key(node["sequence"])
    if node.get("missing_ok") and scope.schema.lacks(key):
        return Parts((Change("alter sequence", key, flags=frozenset({"if exists"}), cleared="it does not exist"),))
    known = scope.schema.table(key) or Table(key, kind="sequence", complete=False)
    return Parts((Change("alter sequence", key, locks=(lock(known, LockMode.SHARE_ROW_EXCLUSIVE),)),))


def _learn_type(schema: Schema, change: Change, version: str) -> None:
    if change.type is not None:
        schema.types[change.name] = replace(change.type, created=version)


def _learn_value(schema: Schema, change: Change, version: str) -> None:
    del version
    known = schema.types.get(change.name)
    if known is None or change.text in known.labels:
        return
    labels = list(known.labels)
    place = len(labels)
    if change.columns and change.columns[0] in labels:
        place = labels.index(change.columns[0]) + ("after" in change.flags)
    labels.insert(place, change.text)
    schema.types[change.name] = replace(known, labels=tuple(labels))


def _learn_renamed(schema: Schema, change: Change, version: str) -> None:
    del version
    known = schema.types.get(change.name)
    if known is not None:
        labels = tuple(change.new_name if item == change.text else item for item in known.labels)
        schema.types[change.name] = replace(known, labels=labels)


def _learn_sequence(schema: Schema, change: Change, version: str) -> None:
    if change.table is not None:
        schema.put(replace(change.table, created=version))


HANDLES = {
    "CreateEnumStmt": enum,
    "CompositeTypeStmt": composite,
    "CreateRangeStmt": span,
    "DefineStmt": define,
    "AlterEnumStmt": alter_enum,
    "CreateSeqStmt": sequence,
    "AlterSeqStmt": alter_sequence,
}
LEARNS = {
    "create type": _learn_type,
    "add enum value": _learn_value,
    "rename enum value": _learn_renamed,
    "create sequence": _learn_sequence,
}
