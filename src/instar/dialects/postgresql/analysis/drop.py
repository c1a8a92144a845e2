"""DROP of every kind: what goes with it under CASCADE, and which other relations are locked for that."""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from instar.catalog import Index, Schema, Table
from instar.dialects.postgresql.analysis import partition
from instar.dialects.postgresql.analysis.objects import (
    bare,
    default_partition,
    existing,
    index_of,
    lock,
    schema_of,
    strings,
    whole,
)
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind

_NUMBERED = re.compile(r"nextval\('([^']+)'")
_AX, _SUX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
_RELATIONS = {
    "OBJECT_TABLE": "drop table",
    "OBJECT_FOREIGN_TABLE": "drop foreign table",
    "OBJECT_VIEW": "drop view",
    "OBJECT_MATVIEW": "drop materialized view",
    "OBJECT_SEQUENCE": "drop sequence",
}
_ON_TABLES = {"OBJECT_TRIGGER": "drop trigger", "OBJECT_RULE": "drop rule", "OBJECT_POLICY": "drop policy"}
_NAMED = {
    "OBJECT_TYPE": "drop type",
    "OBJECT_DOMAIN": "drop domain",
    "OBJECT_FUNCTION": "drop function",
    "OBJECT_PROCEDURE": "drop function",
    "OBJECT_ROUTINE": "drop function",
    "OBJECT_AGGREGATE": "drop function",
    "OBJECT_SCHEMA": "drop schema",
    "OBJECT_EXTENSION": "drop extension",
    "OBJECT_PUBLICATION": "drop publication",
    "OBJECT_STATISTIC_EXT": "drop statistics",
}


class Fall(Struct):
    """What goes away with an object: `gone` as a whole; `losers` only lose a constraint, a column or a default."""

    gone: dict[str, Table] = field(default_factory=dict)
    losers: dict[str, Table] = field(default_factory=dict)

    def locks(self, schema: Schema) -> Iterator[Lock]:
        """Yield the locks that all of it takes: indexes and parents too, and what foreign keys reference."""
        for table in self.gone.values():
            yield from whole(table, _AX)
            yield from (lock(schema.known(key), _AX) for key in _beyond(schema, table))
        for table in self.losers.values():
            yield lock(table, _AX)


def fall(schema: Schema, table: Table, *, cascade: bool) -> Fall:
    """Return what goes with a relation. Partitions go with their parent always, the rest under CASCADE."""
    found = Fall()
    _add(schema, table, found, cascade=cascade)
    return found


def _add(schema: Schema, table: Table, found: Fall, *, cascade: bool) -> None:
    if table.name in found.gone:
        return
    found.gone[table.name] = table
    for child in list(schema.children(table.name)):
        if cascade or not child.inherited:
            _add(schema, child, found, cascade=cascade)
    found.gone |= {key: schema.tables[key] for key in partition.sequences_of(table) if key in schema.tables}
    if cascade:
        _cascade(schema, table, found)


def _cascade(schema: Schema, table: Table, found: Fall) -> None:
    for view in list(schema.views(table.name)):
        _add(schema, view, found, cascade=True)
    for other, _ in schema.referencing(table.name):
        if other.name not in found.gone:
            found.losers[other.name] = other
    if table.kind == "sequence":
        found.losers |= {item.name: item for item in _using_sequence(schema, table.name)}


def _beyond(schema: Schema, table: Table) -> Iterator[str]:
    """Yield relations that the drop of a table locks beside it: of its foreign keys, and those of a partition."""
    above = schema.known(table.parent).constraints if table.parent else ()
    for item in table.constraints:
        # What a partition has from its parent has no triggers of its own on the referenced table.
        if (
            item.references
            and item.references != table.name
            and not any(partition.same_key(item, one) for one in above)
        ):
            yield item.references
    if table.parent and not table.inherited:
        yield table.parent
        default = default_partition(schema, table.parent)
        if default is not None and default.name != table.name:
            yield default.name


def _using_sequence(schema: Schema, key: str) -> Iterator[Table]:
    for table in schema.tables.values():
        named = (_named_in(schema, column.default) for column in table.columns if column.default)
        if key in named or key in partition.sequences_of(table):
            yield table


def _named_in(schema: Schema, default: str) -> str:
    """Return the key of the sequence that a default takes numbers from."""
    match = _NUMBERED.search(default)
    return existing(schema, match[1].replace('"', "").split(".")) if match else ""


def drop(scope: Scope, node: Node) -> Parts:
    """Analyse DROP."""
    kind = node["removeType"]
    flags = {"if exists"} if node.get("missing_ok") else set()
    flags |= {"cascade"} if node.get("behavior") == "DROP_CASCADE" else set()
    flags |= {"concurrently"} if node.get("concurrent") else set()
    changes: list[Change] = []
    error = ""
    for item in node["objects"]:
        change, refused = _one(scope, kind, strings(item), frozenset(flags))
        changes.append(change)
        error = error or refused
    return Parts(tuple(changes), error=error)


def _one(scope: Scope, kind: str, parts: list[str], flags: frozenset[str]) -> tuple[Change, str]:
    if kind in _RELATIONS:
        return _relation(scope.schema, _RELATIONS[kind], parts, flags), ""
    if kind == "OBJECT_INDEX":
        return _index(scope.schema, parts, flags)
    if kind in _ON_TABLES:
        table = scope.schema.known(existing(scope.schema, parts[:-1]))
        if "if exists" in flags and _absent(scope.schema, kind, table, parts[-1]):
            return Change(_ON_TABLES[kind], table.name, parts[-1], flags=flags, cleared="it does not exist"), ""
        return Change(_ON_TABLES[kind], table.name, parts[-1], locks=(lock(table, _AX),), flags=flags), ""
    return _named(scope.schema, _NAMED.get(kind, "drop object"), kind, parts, flags), ""


def _absent(schema: Schema, kind: str, table: Table, name: str) -> bool:
    """Whether what stands on a table is missing for certain, or the table is."""
    if table.name not in schema.tables:
        return schema.lacks(table.name)
    return kind == "OBJECT_TRIGGER" and table.complete and name not in table.triggers


def _relation(schema: Schema, kind: str, parts: list[str], flags: frozenset[str]) -> Change:
    table = schema.known(existing(schema, parts))
    if "if exists" in flags and schema.lacks(table.name):
        return Change(kind, table.name, flags=flags, cleared="it does not exist")
    if kind != "drop table" and not table.complete and not table.columns:
        table = replace(table, kind=kind.removeprefix("drop "))
    found = fall(schema, table, cascade="cascade" in flags)
    locks = tuple(found.locks(schema))
    partitioned = {"partition"} if table.parent and not table.inherited else set()
    names = {item.relation for item in locks if item.kind != "index"} - {table.name}
    ordered = tuple(dict.fromkeys(item.relation for item in locks if item.relation in names))
    return Change(kind, table.name, locks=locks, flags=flags | partitioned, others=ordered, table=table)


def _index(schema: Schema, parts: list[str], flags: frozenset[str]) -> tuple[Change, str]:
    key = existing(schema, parts)
    table, index = index_of(schema, key)
    concurrently = "concurrently" in flags
    if table is None and "if exists" in flags and schema.lacks(key):
        return Change("drop index", "", key, flags=flags, cleared="it does not exist"), ""
    mode = _SUX if concurrently else _AX
    locks = [Lock(key, mode, "index")]
    error = ""
    if table is not None:
        locks.insert(0, lock(table, mode))
        family = {key}
        for child in schema.children(table.name) if table.kind == "partitioned" else ():
            locks.append(lock(child, mode))
            locks += [Lock(item.name, mode, "index") for item in child.indexes if item.parent in family]
            family |= {item.name for item in child.indexes if item.parent in family}
        if concurrently and table.kind == "partitioned":
            error = f'cannot drop partitioned index "{bare(key)}" concurrently'
    relation = table.name if table else ""
    work = (Work(WorkKind.WAIT, relation or key),) if concurrently else ()
    return Change("drop index", relation, key, locks=tuple(locks), work=work, flags=flags, index=index), error


def _named(schema: Schema, kind: str, object_type: str, parts: list[str], flags: frozenset[str]) -> Change:
    cascade = "cascade" in flags
    if kind == "drop schema":
        found = Fall()
        for table in list(schema.tables.values()) if cascade else ():
            if schema_of(schema, table.name) == parts[-1]:
                _add(schema, table, found, cascade=True)
        return Change(kind, name=parts[-1], locks=tuple(found.locks(schema)), flags=flags, others=(*found.gone,))
    key = existing(schema, parts)
    if kind == "drop statistics":
        tables = [item for item in schema.tables.values() if key in item.statistics]
        relation = tables[0].name if tables else ""
        return Change(kind, relation, key, locks=tuple(lock(item, _SUX) for item in tables), flags=flags)
    if kind in {"drop type", "drop domain"} and cascade:
        users = list(using_type(schema, key))
        locks = tuple(lock(item, _AX) for item in users)
        return Change(kind, name=key, locks=locks, flags=flags, others=tuple(item.name for item in users))
    word = object_type.removeprefix("OBJECT_").lower().replace("_", " ")
    locks = tuple(calling(schema, key)) if kind == "drop function" and cascade else ()
    others = tuple(dict.fromkeys(item.relation for item in locks if item.kind != "index"))
    return Change(kind, name=key, locks=locks, flags=flags | {word}, others=others)


def calling(schema: Schema, key: str) -> Iterator[Lock]:
    """Yield the locks on what goes with a function: triggers, indexes, defaults and CHECKs that call it."""
    call = re.compile(
        rf'(?:(?<![\w$."])|(?<![\w$]){re.escape(schema_of(schema, key))}"?\.)"?{re.escape(bare(key))}"?\s*\('
    )
    for table in schema.tables.values():
        indexes = [item for item in table.indexes if "" in item.columns and call.search(item.definition)]
        texts = [*table.trigger_texts, *(item.expression for item in table.constraints)]
        texts += [text for item in table.columns for text in (item.default, item.expression)]
        if indexes or any(call.search(text) for text in texts):
            yield lock(table, _AX)
            yield from (Lock(item.name, _AX, "index") for item in indexes)


def type_key(type_name: str) -> str:
    """Return the key of a column's type without array brackets and modifiers."""
    return type_name.partition("[")[0].partition("(")[0]


def using_type(schema: Schema, key: str) -> Iterator[Table]:
    """Yield the tables with a column of a type, or of an array or a domain of it."""
    wanted = {key} | {item.name for item in schema.types.values() if type_key(item.base) == key}
    for table in schema.tables.values():
        if any(type_key(column.type) in wanted for column in table.columns):
            yield table


def _learn_relation(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.table(change.relation)
    if table is None:
        return
    found = fall(schema, table, cascade="cascade" in change.flags)
    forget(schema, found)


def forget(schema: Schema, found: Fall) -> None:
    """Take relations out of the schema, and foreign keys to them out of others."""
    for key in found.losers:
        loser = schema.known(key)
        kept = tuple(item for item in loser.constraints if item.references not in found.gone)
        schema.put(replace(loser, constraints=kept))
    for key in found.gone:
        schema.drop(key)


def _learn_schema(schema: Schema, change: Change, version: str) -> None:
    del version
    found = Fall()
    for table in list(schema.tables.values()) if "cascade" in change.flags else ():
        if schema_of(schema, table.name) == change.name:
            _add(schema, table, found, cascade=True)
    forget(schema, found)
    for shelf in (schema.types, schema.functions):
        for key in [key for key in shelf if schema_of(schema, key) == change.name]:
            del shelf[key]


def _learn_index(schema: Schema, change: Change, version: str) -> None:
    del version
    table, index = index_of(schema, change.name)
    if table is None or index is None:
        return
    for child in list(schema.children(table.name)):
        _without(schema, child, lambda item: item.parent == change.name)
    _without(schema, table, lambda item: item.name == change.name)


def _without(schema: Schema, table: Table, unwanted: Callable[[Index], bool]) -> None:
    kept = tuple(item for item in table.indexes if not unwanted(item))
    if len(kept) != len(table.indexes):
        schema.put(replace(table, indexes=kept))


def _learn_trigger(schema: Schema, change: Change, version: str) -> None:
    del version
    for table in (schema.table(change.relation), *schema.children(change.relation)):
        if table is not None and change.name in table.triggers:
            pairs = zip(table.triggers, table.trigger_texts or table.triggers, strict=True)
            kept = [(name, text) for name, text in pairs if name != change.name]
            texts = tuple(text for _, text in kept) if table.trigger_texts else ()
            schema.put(replace(table, triggers=tuple(name for name, _ in kept), trigger_texts=texts))


def _learn_type(schema: Schema, change: Change, version: str) -> None:
    del version
    if "cascade" in change.flags:
        for table in list(using_type(schema, change.name)):
            for column in [item for item in table.columns if type_key(item.type) == change.name]:
                _drop_column(schema, table.name, column.name)
    schema.types.pop(change.name, None)


def _drop_column(schema: Schema, key: str, name: str) -> None:
    table = schema.known(key)
    schema.put(
        replace(
            table,
            columns=tuple(item for item in table.columns if item.name != name),
            constraints=tuple(item for item in table.constraints if name not in item.columns),
            indexes=tuple(item for item in table.indexes if name not in item.columns and name not in item.uses),
        )
    )


def _learn_function(schema: Schema, change: Change, version: str) -> None:
    del version
    schema.functions.pop(change.name, None)


def _learn_statistics(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.table(change.relation)
    if table is not None:
        schema.put(replace(table, statistics=tuple(item for item in table.statistics if item != change.name)))


HANDLES = {"DropStmt": drop}
LEARNS = {
    **dict.fromkeys(_RELATIONS.values(), _learn_relation),
    "drop schema": _learn_schema,
    "drop index": _learn_index,
    "drop trigger": _learn_trigger,
    "drop type": _learn_type,
    "drop domain": _learn_type,
    "drop function": _learn_function,
    "drop statistics": _learn_statistics,
}
