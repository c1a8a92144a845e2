"""RENAME and SET SCHEMA of everything; what refers to a name follows it."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Column, Constraint, Index, Schema, Table
from instar.dialects.postgresql.analysis.drop import type_key
from instar.dialects.postgresql.analysis.index import put
from instar.dialects.postgresql.analysis.objects import (
    bare,
    beside,
    existing,
    index_of,
    lock,
    name_end,
    schema_of,
    strings,
)
from instar.dialects.postgresql.analysis.partition import sequences_of
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode

_AX, _SUX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
_RELATIONS = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE"})
_PARTS = {
    "OBJECT_COLUMN": "rename column",
    "OBJECT_TABCONSTRAINT": "rename constraint",
    "OBJECT_TRIGGER": "rename object",
    "OBJECT_POLICY": "rename object",
    "OBJECT_RULE": "rename object",
}
_TYPES = frozenset({"OBJECT_TYPE", "OBJECT_DOMAIN"})
_ROUTINES = frozenset({"function", "procedure", "routine", "aggregate"})


def rename(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER .. RENAME."""
    kind = node["renameType"]
    flags = frozenset({"if exists"}) if node.get("missing_ok") else frozenset()
    start = scope.character(node.get("relation", {}).get("location", 0))
    if kind in _RELATIONS or kind == "OBJECT_INDEX":
        change = _relation(scope, node)
    elif kind in _PARTS:
        change = _part(scope, node)
    elif kind == "OBJECT_ATTRIBUTE":
        change = Change("alter type", name=scope.key(node["relation"]), new_name=node["newname"], text=node["subname"])
    else:
        change = _named(scope, kind, node)
    word = kind.removeprefix("OBJECT_").lower()
    span = (start, name_end(scope.text, start)) if start else (0, 0)
    return Parts((replace(change, flags=change.flags | flags | {word}, start=span[0], end=span[1]),))


def _relation(scope: Scope, node: Node) -> Change:
    """Analyse a relation's new name; ALTER TABLE may name an index or a view too."""
    key = scope.key(node["relation"])
    new = beside(key, node["newname"])
    owner = scope.schema.owner(key)
    if _absent(scope, node, key):
        kind = "rename index" if node["renameType"] == "OBJECT_INDEX" else "rename table"
        return Change(kind, key, bare(key), new, cleared="it does not exist")
    if node["renameType"] == "OBJECT_INDEX" or (owner and key not in scope.schema.tables):
        mode = _SUX if node["renameType"] == "OBJECT_INDEX" else _AX
        return Change("rename index", owner, key, new, locks=(Lock(key, mode, "index"),))
    table = scope.schema.known(key)
    kinds = {"OBJECT_VIEW": "view", "OBJECT_MATVIEW": "materialized view", "OBJECT_SEQUENCE": "sequence"}
    if table.kind == "table" and node["renameType"] in kinds:
        table = replace(table, kind=kinds[node["renameType"]])
    return Change("rename table", key, bare(key), new, locks=(lock(table, _AX),))


def _absent(scope: Scope, node: Node, key: str) -> bool:
    """Whether IF EXISTS is said of what does not exist."""
    return bool(node.get("missing_ok") and scope.schema.lacks(key))


def _part(scope: Scope, node: Node) -> Change:
    table = scope.table(node["relation"])
    kind = _PARTS[node["renameType"]]
    if _absent(scope, node, table.name):
        return Change(kind, table.name, node["subname"], node["newname"], cleared="its table does not exist")
    locks = [lock(table, _AX)]
    others: list[str] = []
    if kind == "rename column":
        others = [item.name for item in scope.schema.children(table.name)]
        locks += [lock(scope.schema.known(name), _AX) for name in others]
    if kind == "rename constraint":
        locks += [lock(item, _AX) for item in scope.schema.children(table.name)]
        carried = table.constraint(node["subname"])
        if carried is not None and carried.index:
            locks.append(Lock(beside(table.name, carried.index), _SUX, "index"))
    return Change(
        kind, table.name, node["subname"], node["newname"],
        locks=tuple(locks), others=tuple(others), old=table.column(node["subname"]),
    )  # fmt: skip


def _named(scope: Scope, kind: str, node: Node) -> Change:
    schema = scope.schema
    if kind == "OBJECT_SCHEMA":
        return Change("rename schema", name=node["subname"], new_name=node["newname"])
    if "object" not in node:
        return Change("rename object", name=node.get("subname", ""), new_name=node["newname"])
    parts = strings(node["object"])
    if kind == "OBJECT_DOMCONSTRAINT":
        return Change("alter domain", name=existing(schema, parts), new_name=node["newname"], text=node["subname"])
    key = existing(schema, parts)
    word = "rename type" if kind in _TYPES else "rename object"
    return Change(word, name=key, new_name=beside(key, node["newname"]))


def move(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER .. SET SCHEMA."""
    kind = node["objectType"]
    flags = frozenset({kind.removeprefix("OBJECT_").lower(), *({"if exists"} if node.get("missing_ok") else ())})
    place = node["newschema"]
    if "relation" in node:
        table = scope.table(node["relation"])
        new = scope.schema.key(place, bare(table.name))
        if _absent(scope, node, table.name):
            return Parts(
                (Change("move table", table.name, bare(table.name), new, flags=flags, cleared="it is absent"),)
            )
        owned = (Lock(key, _AX, "sequence") for key in sequences_of(table))
        locks = (lock(table, _AX), *owned)
        return Parts((Change("move table", table.name, bare(table.name), new, locks=locks, flags=flags),))
    key = existing(scope.schema, strings(node["object"]))
    new = scope.schema.key(place, bare(key))
    if kind == "OBJECT_EXTENSION":
        new = place
    return Parts((Change("move object", name=key, new_name=new, flags=flags),))


def _learn_table(schema: Schema, change: Change, version: str) -> None:
    del version
    schema.rename(change.relation, change.new_name)


def _learn_move(schema: Schema, change: Change, version: str) -> None:
    """Indexes and owned sequences move with their table."""
    del version
    _moved(schema, change.relation, change.new_name)


def _moved(schema: Schema, old: str, new: str) -> None:
    table = schema.table(old)
    if table is None:
        return
    for key in [item for item in sequences_of(table) if item in schema.tables]:
        schema.rename(key, beside(new, bare(key)))
    indexes = {item.name: beside(new, bare(item.name)) for item in table.indexes}
    columns = tuple(replace(item, default=_numbered(item.default, old, new)) for item in table.columns)
    kept = tuple(replace(item, name=indexes[item.name]) for item in table.indexes)
    schema.put(replace(table, columns=columns, indexes=kept))
    schema.rename(old, new)
    for child in list(schema.children(new)):
        kept = tuple(replace(item, parent=indexes.get(item.parent, item.parent)) for item in child.indexes)
        schema.put(replace(child, indexes=kept))


def _numbered(default: str, old: str, new: str) -> str:
    """Return a serial column's default after its sequence has moved with the table."""
    match = re.fullmatch(r"nextval\('([^']+)'::regclass\)", default)
    if match is None or match[1].rpartition(".")[0] != old.rpartition(".")[0]:
        return default
    return f"nextval('{beside(new, bare(match[1]))}'::regclass)"


def _learn_index(schema: Schema, change: Change, version: str) -> None:
    """Rename an index; its constraint gets the same name."""
    del version
    table, index = index_of(schema, change.name)
    if table is None or index is None:
        return
    name = bare(change.new_name)
    kept = tuple(
        replace(item, name=change.new_name, constraint=name if item.constraint else "") if item == index else item
        for item in table.indexes
    )
    constraints = tuple(
        replace(item, name=name, index=name) if item.name == index.constraint and index.constraint else item
        for item in table.constraints
    )
    schema.put(replace(table, indexes=kept, constraints=constraints))
    for child in list(schema.children(table.name)):
        for item in child.indexes:
            if item.parent == change.name:
                put(schema, child, replace(item, parent=change.new_name))


def _learn_constraint(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.table(change.relation)
    found = table.constraint(change.name) if table else None
    if table is None or found is None:
        return
    key, new = beside(table.name, found.index), beside(table.name, change.new_name)
    named = replace(found, name=change.new_name, named=True, index=change.new_name if found.index else "")
    constraints = tuple(named if item == found else item for item in table.constraints)
    indexes = tuple(
        replace(item, name=new, constraint=change.new_name) if found.index and item.name == key else item
        for item in table.indexes
    )
    schema.put(replace(table, constraints=constraints, indexes=indexes))


def _learn_column(schema: Schema, change: Change, version: str) -> None:
    """Indexes, constraints, expressions, and foreign keys of other tables follow the column."""
    del version
    for table in (schema.table(change.relation), *schema.children(change.relation)):
        if table is not None:
            schema.put(_with_column(schema.known(table.name), change.name, change.new_name))
    for other, item in list(schema.referencing(change.relation)):
        here = schema.known(other.name)
        names = tuple(change.new_name if name == change.name else name for name in item.referenced)
        kept = tuple(replace(one, referenced=names) if one.name == item.name else one for one in here.constraints)
        schema.put(replace(here, constraints=kept))


def _with_column(table: Table, old: str, new: str) -> Table:
    def name(item: str) -> str:
        return new if item == old else item

    def names(items: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name(item) for item in items)

    def column(item: Column) -> Column:
        return replace(item, name=name(item.name), expression=_word(item.expression, old, new))

    def constraint(item: Constraint) -> Constraint:
        proved = frozenset(name(one) for one in item.not_null)
        return replace(item, columns=names(item.columns), not_null=proved, expression=_word(item.expression, old, new))

    def index(item: Index) -> Index:
        return replace(
            item,
            columns=names(item.columns),
            include=names(item.include),
            uses=frozenset(name(one) for one in item.uses),
            predicate=_word(item.predicate, old, new),
            definition=_behind_names(item.definition, old, new),
        )

    return replace(
        table,
        columns=tuple(column(item) for item in table.columns),
        constraints=tuple(constraint(item) for item in table.constraints),
        indexes=tuple(index(item) for item in table.indexes),
        key=_word(table.key, old, new),
    )


def _behind_names(definition: str, old: str, new: str) -> str:
    """Put a column's new name into CREATE INDEX name ON table (...)."""
    head, bracket, rest = definition.partition("(")
    return head + bracket + _word(rest, old, new)


def _word(text: str, old: str, new: str) -> str:
    """Put a column's new name into an expression; what stands in quotes of either kind is compared as it is."""
    if old not in text:
        return text
    pieces = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", text)
    return "".join(_renamed(piece, old, new) for piece in pieces)


def _renamed(piece: str, old: str, new: str) -> str:
    written = new if re.fullmatch(r"[a-z_][a-z0-9_$]*", new) else '"' + new.replace('"', '""') + '"'
    if piece.startswith('"'):
        return written if piece[1:-1].replace('""', '"') == old else piece
    if piece.startswith("'"):
        return piece
    return re.sub(rf"(?<![\w$]){re.escape(old)}(?![\w$(])", lambda _: written, piece, flags=re.IGNORECASE)


def _learn_schema(schema: Schema, change: Change, version: str) -> None:
    del version
    for key in [key for key in schema.tables if schema_of(schema, key) == change.name]:
        if key in schema.tables:
            _moved(schema, key, schema.key(change.new_name, bare(key)))
    for key in [key for key in schema.types if schema_of(schema, key) == change.name]:
        _retyped(schema, key, schema.key(change.new_name, bare(key)))
    for key in [key for key in schema.functions if schema_of(schema, key) == change.name]:
        new = schema.key(change.new_name, bare(key))
        schema.functions[new] = replace(schema.functions.pop(key), name=new)


def _learn_type(schema: Schema, change: Change, version: str) -> None:
    del version
    _retyped(schema, change.name, change.new_name)


def _retyped(schema: Schema, old: str, new: str) -> None:
    """Give a type another key; columns of it follow."""
    if old in schema.types:
        schema.types[new] = replace(schema.types.pop(old), name=new)
    for key, item in list(schema.types.items()):
        if type_key(item.base) == old:
            schema.types[key] = replace(item, base=new + item.base[len(old) :])
    for table in list(schema.tables.values()):
        columns = tuple(_typed(table.columns, old, new))
        if columns != table.columns:
            schema.put(replace(table, columns=columns))


def _typed(columns: tuple[Column, ...], old: str, new: str) -> Iterator[Column]:
    for column in columns:
        yield replace(column, type=new + column.type[len(old) :]) if type_key(column.type) == old else column


def _learn_object(schema: Schema, change: Change, version: str) -> None:
    """Rename a trigger, a function or a type, or put it into another schema."""
    del version
    table = schema.table(change.relation)
    if table is not None and "trigger" in change.flags:
        names = tuple(change.new_name if item == change.name else item for item in table.triggers)
        schema.put(replace(table, triggers=names))
    elif change.name in schema.functions and change.flags & {
        item.removeprefix("OBJECT_").lower() for item in _ROUTINES
    }:
        schema.functions[change.new_name] = replace(schema.functions.pop(change.name), name=change.new_name)
    elif change.flags & {"type", "domain"}:
        _retyped(schema, change.name, change.new_name)


HANDLES = {"RenameStmt": rename, "AlterObjectSchemaStmt": move}
LEARNS = {
    "rename table": _learn_table,
    "move table": _learn_move,
    "rename index": _learn_index,
    "rename constraint": _learn_constraint,
    "rename column": _learn_column,
    "rename schema": _learn_schema,
    "rename type": _learn_type,
    "rename object": _learn_object,
    "move object": _learn_object,
}
