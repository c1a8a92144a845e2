"""INSERT, UPDATE, DELETE, MERGE, COPY and SELECT: row locks never stop readers, but foreign keys reach other tables."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from instar.catalog import Constraint, ConstraintKind, Schema, Table
from instar.dialects.postgresql.analysis import clauses, expressions, query, routes
from instar.dialects.postgresql.analysis.objects import existing, lock, name_end, strings
from instar.dialects.postgresql.analysis.partition import sequences_of
from instar.dialects.postgresql.analysis.query import Query, with_names
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Effect, Lock, LockMode, Work, WorkKind

Shadows = frozenset[str]
Maker = Callable[[Scope, Node, Shadows], tuple[Change, ...]]
_NEXT = re.compile(r"nextval\('\"?([^'\"]+)\"?'")
_NONE: Shadows = frozenset()
_RX = LockMode.ROW_EXCLUSIVE


def changes_of(scope: Scope, kind: str, node: Node, shadows: Shadows = _NONE) -> tuple[Change, ...]:
    """Analyse a statement on rows, and the data-modifying WITH queries in it."""
    return _MAKERS[kind](scope, node, shadows)


def reads(scope: Scope, found: Query) -> Iterator[Lock]:
    """Yield the locks of what a query reads."""
    yield from (lock(scope.schema.known(key), mode) for key, mode in found.reads.items())
    yield from (Lock(key, mode, "sequence") for key, mode in found.numbers.items())
    yield from (lock for effect in called(scope, found) for lock in effect.locks)


def scans(scope: Scope, found: Query, condition: Any) -> Iterator[Work]:
    """Yield a scan for each relation read, unless an index can serve the condition."""
    mentioned = set(expressions.columns(condition))
    for key in found.reads:
        table = scope.schema.known(key)
        if table.kind not in {"view", "partitioned", "sequence"}:
            yield from scan(table, mentioned)
    yield from (work for effect in called(scope, found) for work in effect.work)


def called(scope: Scope, found: Query) -> Iterator[Effect]:
    """Yield what the functions of the users' own do that a query calls."""
    from instar.dialects.postgresql.analysis import bodies

    done = (bodies.called(scope.schema, key) for key in found.called)
    return (effect for effect in done if effect is not None)


def planned(scope: Scope, kind: str, node: Node) -> tuple[Lock, ...]:
    """Return the locks of a statement that is only planned, or stored in a rule: of the relations that it names."""
    changes = changes_of(scope, kind, node) if kind in _MAKERS else ()
    return tuple(lock for change in changes for lock in change.locks if lock.relation == change.relation)


def _looked_up(node: Any) -> Iterator[str]:
    """Yield the columns that a condition compares with something else than a column: an index may find them."""
    if isinstance(node, list):
        for item in node:
            yield from _looked_up(item)
    elif isinstance(node, dict):
        for kind, inner in node.items():
            if kind == "A_Expr":
                sides = [expressions.columns(inner.get(side)) for side in ("lexpr", "rexpr")]
                yield from (name for side in sides if not all(sides) for name in side)
            elif kind == "SubLink":
                yield from expressions.columns(inner.get("testexpr"))
            elif kind == "NullTest":
                yield from expressions.columns(inner)
            elif isinstance(inner, dict | list):
                yield from _looked_up(inner)


def scan(table: Table, mentioned: set[str]) -> Iterator[Work]:
    """Yield the scan of a table whose condition mentions these columns."""
    if mentioned and any(set(index.columns[:1]) & mentioned for index in table.indexes):
        return
    decides = mentioned and not table.complete
    yield Work(
        WorkKind.SCAN, table.name, unknown=f"whether an index of {table.name} serves the condition" if decides else ""
    )


def nested(scope: Scope, found: Query) -> tuple[Change, ...]:
    """Analyse the data-modifying parts of a query."""
    return tuple(change for kind, node, shadows in found.changing for change in changes_of(scope, kind, node, shadows))


def _unforeseen(scope: Scope, found: Query) -> frozenset[str]:
    """Return the flag of a query that calls a function which was there before, and may make or drop anything."""
    functions = (scope.schema.functions[key] for key in found.called)
    volatile = scope.schema.complete and any(item.volatility == "volatile" for item in functions)
    return frozenset({"unforeseen"}) if volatile else frozenset()


def _insert(scope: Scope, node: Node, shadows: Shadows) -> tuple[Change, ...]:
    table, found = _base(scope, node), _rest(scope, node, shadows)
    select = node.get("selectStmt", {}).get("SelectStmt", {})
    columns = _assigned(node.get("cols", ()))
    conflict = node.get("onConflictClause", {})
    updated = _assigned(conflict.get("targetList", ()))
    given = {*columns, *updated, *(item.name for item in table.columns if item.default)} if columns else None
    locks = (*_parents(scope.schema, table, given), *_children(scope.schema, table, set(updated)))
    return _made(
        scope, "insert", node, found, (table, locks, ()),
        columns=columns,
        condition=select.get("whereClause"),
        flags=({"values"} if "valuesLists" in select else set()) | ({"on conflict"} if conflict else set()),
    )  # fmt: skip


def _update(scope: Scope, node: Node, shadows: Shadows) -> tuple[Change, ...]:
    table, found = _base(scope, node), _rest(scope, node, shadows)
    columns = _assigned(node.get("targetList", ()))
    locks = (*_parents(scope.schema, table, set(columns)), *_children(scope.schema, table, set(columns)))
    work = tuple(_child_scans(scope.schema, table, set(columns)))
    flags = {"from"} if "fromClause" in node else set()
    return _made(
        scope, "update", node, found, (table, locks, work),
        columns=columns, condition=node.get("whereClause"), flags=flags,
    )  # fmt: skip


def _delete(scope: Scope, node: Node, shadows: Shadows) -> tuple[Change, ...]:
    table, found = _base(scope, node), _rest(scope, node, shadows)
    locks = tuple(_children(scope.schema, table, None))
    work = tuple(_child_scans(scope.schema, table, None))
    flags = {"from"} if "usingClause" in node else set()
    return _made(
        scope, "delete", node, found, (table, locks, work),
        columns=(), condition=node.get("whereClause"), flags=flags,
    )  # fmt: skip


def _merge(scope: Scope, node: Node, shadows: Shadows) -> tuple[Change, ...]:
    table, found = _base(scope, node), _rest(scope, node, shadows)
    whens = [item["MergeWhenClause"] for item in node.get("mergeWhenClauses", ())]
    columns = tuple(dict.fromkeys(name for when in whens for name in _assigned(when.get("targetList", ()))))
    does = {when.get("commandType") for when in whens}
    removed = None if "CMD_DELETE" in does else set(columns)
    locks = (*_parents(scope.schema, table, set(columns)), *_children(scope.schema, table, removed))
    words = {"CMD_INSERT": "insert", "CMD_UPDATE": "update", "CMD_DELETE": "delete"}
    return _made(
        scope, "merge", node, found, (table, locks, ()),
        columns=columns, condition=None, flags={words[item] for item in does if item in words},
    )  # fmt: skip


def _copy(scope: Scope, node: Node, shadows: Shadows) -> tuple[Change, ...]:
    if "relation" not in node:
        return _select(scope, node["query"].get("SelectStmt", node["query"]), shadows, "copy")
    table = scope.table(node["relation"])
    columns = tuple(strings(node.get("attlist", [])))
    if not node.get("is_from"):
        work = (Work(WorkKind.SCAN, table.name),)
        locks = (lock(table, LockMode.ACCESS_SHARE),)
        return (Change("copy", table.name, columns=columns, locks=locks, work=work, flags=frozenset({"to"})),)
    return _made(
        scope, "copy", node, Query(), (table, tuple(_parents(scope.schema, table, None)), ()),
        columns=columns, condition=node.get("whereClause"), flags={"from"},
    )  # fmt: skip


def _select(scope: Scope, node: Node, shadows: Shadows, kind: str = "select") -> tuple[Change, ...]:
    found = query.read(scope, {"SelectStmt": node}, shadows)
    first = next(query.sources(node.get("fromClause", ())), None)
    condition = node.get("whereClause")
    place = scope.character(first["location"]) if first else 0
    change = Change(
        kind,
        scope.key(first) if first and first["relname"] not in with_names(node, shadows) else "",
        locks=tuple(reads(scope, found)),
        work=tuple(scans(scope, found, condition)),
        flags=frozenset(found.flags | ({"where"} if condition else set()) | _unforeseen(scope, found)),
        others=tuple(found.reads),
        text=clauses.where(scope.text, place) if condition else "",
    )
    return (*nested(scope, found), change)


def _base(scope: Scope, node: Node) -> Table:
    """Return the table that is written to: through a view of one relation, unless triggers stand in its way, that."""
    table = scope.table(node["relation"])
    while table.kind == "view" and len(table.sources) == 1 and not table.triggers:
        table = scope.schema.known(next(iter(table.sources)))
    return table


def _through(scope: Scope, node: Node, base: Table) -> Iterator[Table]:
    """Yield the views on the way to that table."""
    table = scope.table(node["relation"])
    while table.name != base.name:
        yield table
        table = scope.schema.known(next(iter(table.sources)))


def _rest(scope: Scope, node: Node, shadows: Shadows) -> Query:
    """Read all of a statement but its own target."""
    return query.read(scope, node, with_names(node, shadows))


def _made(
    scope: Scope,
    kind: str,
    node: Node,
    found: Query,
    target: tuple[Table, tuple[Lock, ...], tuple[Work, ...]],
    *,
    columns: tuple[str, ...],
    condition: Any,
    flags: set[str],
) -> tuple[Change, ...]:
    table, locks, work = target
    start = scope.character(node["relation"].get("location", 0))
    adds = kind in {"insert", "copy"}
    words = flags | found.flags | ({"where"} if condition else set())
    words |= {"returning"} if node.get("returningClause") else set()
    words |= set() if node["relation"].get("inh", False) else {"only"}
    below = tuple(_below(scope.schema, table, node, kind))
    looked = set(_looked_up(condition))
    read = (item for item in (table, *below) if item.kind != "partitioned" and not adds)
    own = [work for item in read for work in scan(item, looked)]
    numbers = _sequences(scope.schema, table, columns) if adds else ()
    named, views = scope.table(node["relation"]), _through(scope, node, table)
    change = Change(
        kind,
        named.name,
        locks=(*(lock(item, _RX) for item in (*views, table, *below)), *locks, *numbers, *reads(scope, found)),
        work=(Work(WorkKind.DML, named.name), *own, *work, *scans(scope, found, condition)),
        flags=frozenset(words),
        columns=columns,
        others=tuple(key for key in found.reads if key != named.name),
        text=clauses.where(scope.text, start) if condition else "",
        start=start,
        end=name_end(scope.text, start),
    )
    return (*nested(scope, found), change)


def _below(schema: Schema, table: Table, node: Node, kind: str) -> Iterator[Table]:
    """Yield the partitions, and inheriting tables, that are written to as well."""
    if kind in {"insert", "copy"}:
        if table.kind == "partitioned":
            yield from routes.written(schema, table, node)
    elif node["relation"].get("inh", False):
        alone = kind in {"update", "delete"} and "fromClause" not in node and "usingClause" not in node
        yield from routes.left(schema, table, node.get("whereClause", {}) if alone else {})


def _sequences(schema: Schema, table: Table, columns: tuple[str, ...]) -> Iterator[Lock]:
    """Yield the locks of the sequences that give new rows their numbers."""
    for column in table.columns:
        if column.name in columns:
            continue
        own = list(sequences_of(replace(table, columns=(column,))))
        match = _NEXT.match(column.default)
        keys = own or ([existing(schema, match[1].split("."))] if match else [])
        yield from (lock(schema.tables[key], _RX) for key in keys if key in schema.tables)


def _assigned(targets: Any) -> tuple[str, ...]:
    return tuple(item["ResTarget"].get("name", "") for item in targets)


def _parents(schema: Schema, table: Table, columns: set[str] | None) -> Iterator[Lock]:
    """Yield the row locks that checking a new foreign key value takes; `columns` None means all."""
    for item in table.constraints:
        checked = columns is None or columns & set(item.columns)
        if item.kind is ConstraintKind.FOREIGN_KEY and item.enforced and checked and item.references != table.name:
            yield lock(schema.known(item.references), LockMode.ROW_SHARE)


def _referenced(schema: Schema, table: Table, columns: set[str] | None) -> Iterator[tuple[Table, Constraint]]:
    """Yield the foreign keys that look for rows of theirs when a key here changes or goes; None: rows are deleted."""
    primary = {name for item in table.constraints if item.kind is ConstraintKind.PRIMARY_KEY for name in item.columns}
    for child, item in schema.referencing(table.name):
        keys = set(item.referenced) or primary
        if item.enforced and child.name != table.name and (columns is None or columns & keys):
            yield child, item


def _children(
    schema: Schema, table: Table, columns: set[str] | None, above: frozenset[str] = frozenset()
) -> Iterator[Lock]:
    """Yield the locks on tables that look for rows of theirs; those that cascades empty are themselves referenced."""
    for child, item in _referenced(schema, table, columns):
        follows = columns is None and item.on_delete in {"cascade", "set null", "set default"}
        yield lock(child, _RX if follows else LockMode.ROW_SHARE)
        if follows and item.on_delete == "cascade" and child.name not in above:
            yield from _children(schema, child, None, above | {table.name, child.name})


def _child_scans(schema: Schema, table: Table, columns: set[str] | None) -> Iterator[Work]:
    """Yield a scan of each child whose foreign key has no index."""
    for child, item in _referenced(schema, table, columns):
        indexed = any(index.columns[:1] == item.columns[:1] for index in child.indexes)
        if not indexed and item.columns:
            decides = "" if child.complete else f"whether {child.name} has an index on {', '.join(item.columns)}"
            yield Work(WorkKind.SCAN, child.name, reason=f"foreign key {item.name}", unknown=decides)


_MAKERS: dict[str, Maker] = {
    "InsertStmt": _insert,
    "UpdateStmt": _update,
    "DeleteStmt": _delete,
    "MergeStmt": _merge,
    "CopyStmt": _copy,
    "SelectStmt": _select,
}

_WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def _handler(kind: str) -> Callable[[Scope, Node], Parts]:
    def handle(scope: Scope, node: Node) -> Parts:
        missing = scope.absent(node["relation"]) if kind in _WRITES else ""
        place = scope.character(node["relation"].get("location", 0)) if missing else 0
        return Parts(changes_of(scope, kind, node), error=missing, at=place)

    return handle


def _select_or_into(scope: Scope, node: Node) -> Parts:
    if "intoClause" not in node:
        return Parts(_select(scope, node, _NONE))
    from instar.dialects.postgresql.analysis import create_as

    rest = {name: value for name, value in node.items() if name != "intoClause"}
    return create_as.table(scope, {"into": node["intoClause"], "query": {"SelectStmt": rest}})


HANDLES = {kind: _handler(kind) for kind in _MAKERS} | {"SelectStmt": _select_or_into}
