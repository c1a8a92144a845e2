"""Names of objects in trees, and the locks that a relation is taken with."""

import re
from collections.abc import Iterator
from typing import Any

from instar.catalog import Index, Schema, Table
from instar.dialects.postgresql.analysis.scope import Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Lock, LockMode

LONGEST = 63
"""Bytes of a name that PostgreSQL keeps (NAMEDATALEN - 1)."""
SYSTEM = frozenset({"pg_catalog", "information_schema", "pg_toast"})
_NAME = re.compile(r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[^\W\d][\w$]*))*')
_KINDS = {"view": "view", "materialized view": "view", "sequence": "sequence"}


def strings(item: Any) -> list[str]:
    """Return the strings of a List, a TypeName, an ObjectWithArgs, or a String."""
    if isinstance(item, list):
        return [part["String"].get("sval", "") for part in item if "String" in part]
    kind, node = next(iter(item.items()))
    if kind == "String":
        return [node.get("sval", "")]
    if kind == "List":
        return strings(node.get("items", []))
    if kind == "TypeName":
        return strings(node.get("names", []))
    return strings(node.get("objname", []))


def qualified(parts: list[str]) -> tuple[str, str]:
    """Return schema ("" = none given) and name of a dotted name."""
    return (parts[-2] if len(parts) > 1 else "", parts[-1] if parts else "")


def existing(schema: Schema, parts: list[str]) -> str:
    """Return the key of the existing object that a dotted name means."""
    return schema.resolve(*qualified(parts))


def made(schema: Schema, parts: list[str]) -> str:
    """Return the key of the object that a dotted name makes."""
    return schema.key(*qualified(parts))


def beside(key: str, name: str) -> str:
    """Return the key of `name` in the schema of the relation `key`: that is where its indexes live."""
    schema, dot, _ = key.rpartition(".")
    return f"{schema}{dot}{name}"


def bare(key: str) -> str:
    """Return a key without its schema."""
    return key.rpartition(".")[2]


def schema_of(schema: Schema, key: str) -> str:
    """Return the schema that a key stands for."""
    return key.rpartition(".")[0] or schema.default


def cut(name: str) -> str:
    """Shorten a name as the server does."""
    raw = name.encode()
    return name if len(raw) <= LONGEST else raw[:LONGEST].decode(errors="ignore")


def chosen(taken: frozenset[str] | set[str], first: str, second: str, label: str) -> str:
    """Return the name that the server chooses for an index or a constraint: first_second_label, numbered if taken."""
    number = 0
    while True:
        name = _shortened(first, second, f"{label}{number or ''}")
        if name not in taken:
            return name
        number += 1


def _shortened(first: str, second: str, label: str) -> str:
    """Cut the longer of both names until all fits (makeObjectName in commands/indexcmds.c)."""
    room = LONGEST - len(label) - 1 - (1 if second else 0)
    one, two = first.encode(), second.encode()
    while len(one) + len(two) > room:
        if len(one) > len(two):
            one = one[:-1]
        else:
            two = two[:-1]
    names = [one.decode(errors="ignore"), two.decode(errors="ignore"), label]
    return "_".join(name for name in names if name)


def lock(table: Table, mode: LockMode) -> Lock:
    """Return a lock on a relation, with the word for its kind."""
    return Lock(table.name, mode, _KINDS.get(table.kind, "table"))


def index_locks(table: Table, mode: LockMode) -> Iterator[Lock]:
    """Yield a lock on each of a relation's indexes."""
    return (Lock(item.name, mode, "index") for item in table.indexes)


def whole(table: Table, mode: LockMode) -> Iterator[Lock]:
    """Yield a lock on a relation and on all of its indexes."""
    yield lock(table, mode)
    yield from index_locks(table, mode)


def partitions(scope: Scope, table: Table) -> Iterator[Table]:
    """Yield the partitions of a table at every depth; of another table, those that inherit from it."""
    return scope.schema.children(table.name)


def default_partition(schema: Schema, parent: str) -> Table | None:
    """Return the DEFAULT partition of a partitioned table."""
    return next((item for item in schema.children(parent) if item.default and item.parent == parent), None)


def index_of(schema: Schema, key: str) -> tuple[Table | None, Index | None]:
    """Return an index by its key, with its table; None where it is not known."""
    table = schema.table(schema.owner(key))
    return table, table.index(key) if table else None


def options(node: Node, field: str = "options") -> dict[str, Node]:
    """Return a list of DefElem by name."""
    return {item["DefElem"]["defname"]: item["DefElem"].get("arg", {}) for item in node.get(field, ())}


def switched_on(node: Node, name: str, field: str = "options") -> bool:
    """Whether a boolean option in parentheses is given and not off."""
    for item in node.get(field, ()):
        if item["DefElem"]["defname"] == name:
            value = item["DefElem"].get("arg")
            said = "true" if value is None else str(next(iter(next(iter(value.values())).values()), "0"))
            return said.lower() not in {"false", "off", "0", "no"}
    return False


def is_system(schema: str, name: str) -> bool:
    """Whether a relation belongs to the server itself."""
    return schema in SYSTEM or (not schema and name.startswith("pg_"))


def name_end(text: str, start: int) -> int:
    """Return the character where the name that begins at `start` ends, its schema included."""
    match = _NAME.match(text, start)
    return match.end() if match else start
