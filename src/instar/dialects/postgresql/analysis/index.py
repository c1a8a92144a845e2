"""CREATE INDEX and ALTER INDEX, and what becomes of indexes."""

from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Index, Schema, Table
from instar.dialects.postgresql import tree
from instar.dialects.postgresql.analysis import clauses, expressions, names
from instar.dialects.postgresql.analysis.objects import (
    bare,
    beside,
    existing,
    index_of,
    lock,
    made,
    name_end,
    strings,
    switched_on,
)
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind

_SUX, _AX = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE


def create(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE INDEX."""
    table = scope.table(node["relation"])
    concurrently, only = node.get("concurrent", False), not node["relation"].get("inh", False)
    index = index_from(scope, node, table)
    flags = _flags(node, concurrently=concurrently, only=only)
    there = node.get("if_not_exists", False) and bool(scope.schema.owner(index.name))
    below = [] if only else list(scope.schema.children(table.name)) if table.kind == "partitioned" else []
    mode = _SUX if concurrently else LockMode.SHARE
    error = scope.absent(node["relation"])
    if concurrently and table.kind == "partitioned":
        error = f'cannot create index on partitioned table "{bare(table.name)}" concurrently'
    bare_of_it = [item for item in below if not any(_adopted([item], index))]
    built = () if there else tuple(_build(table, bare_of_it, index.name, only=only))
    waits = (Work(WorkKind.WAIT, table.name),) if concurrently and not there else ()
    start = scope.character(node["relation"].get("location", 0))
    change = Change(
        "create index", table.name, index.name,
        locks=(*(lock(item, mode) for item in (table, *below)), *_adopted(below, index)),
        work=(*built, *waits),
        cleared="the index exists" if there else "",
        flags=flags,
        index=None if there else index,
        columns=index.columns,
        text=index.predicate,
        start=start,
        end=name_end(scope.text, start),
    )  # fmt: skip
    return Parts((change,), creates=() if there else (index.name,), error=error, at=start if error else 0)


def _adopted(below: list[Table], index: Index) -> Iterator[Lock]:
    """Yield a lock on each index of a partition that becomes its part of the new index, so that none is built."""
    for child in below:
        found = next((item for item in child.indexes if _alike(item, index)), None)
        if found is not None:
            yield Lock(found.name, _AX, "index")


def index_from(scope: Scope, node: Node, table: Table) -> Index:
    """Return the index that CREATE INDEX makes, under the name that the server chooses when none is given."""
    params = [item["IndexElem"] for item in node.get("indexParams", ())]
    columns = tuple(item.get("name", "") for item in params)
    include = tuple(item["IndexElem"].get("name", "") for item in node.get("indexIncludingParams", ()))
    given = node.get("idxname") or names.relation(scope.schema, table, (*labels(params), *include), "idx")
    mentioned = expressions.columns([item.get("expr", {}) for item in params])
    partial = node.get("whereClause")
    start = scope.character(node["relation"].get("location", 0))
    return Index(
        name=beside(table.name, given),
        table=table.name,
        columns=columns,
        unique=node.get("unique", False),
        uses=frozenset((*mentioned, *expressions.columns(partial))),
        predicate=clauses.where(scope.text, start) if partial else "",
        method=node.get("accessMethod", "btree"),
        include=include,
        valid=not (table.kind == "partitioned" and not node["relation"].get("inh", False)),
        definition=scope.text,
    )


def labels(params: list[Node]) -> Iterator[str]:
    """Yield what the server calls an index's columns: an expression by its function, or "expr", each name once.

    Source: FigureIndexColname in PostgreSQL's parser/parse_target.c, ChooseIndexColumnNames in commands/indexcmds.c.
    """
    given: set[str] = set()
    for item in params:
        name = first = item.get("name") or _label(item.get("expr", {})) or "expr"
        number = 0
        while name in given:
            number += 1
            name = f"{first}{number}"
        given.add(name)
        yield name


def _label(node: Node) -> str:
    if not node:
        return ""
    kind, inner = next(iter(node.items()))
    if kind == "FuncCall":
        return strings(inner["funcname"])[-1]
    if kind == "ColumnRef":
        return expressions.column(inner)
    if kind == "TypeCast":
        return _label(inner["arg"]) or strings(inner["typeName"]["names"])[-1]
    if kind == "CoalesceExpr":
        return "coalesce"
    return str(inner["op"].removeprefix("IS_").lower()) if kind == "MinMaxExpr" else ""


def _labels_of(index: Index) -> tuple[str, ...]:
    """Return the same for an index that is known; its expressions stand in its definition only."""
    if all(index.columns) or not index.definition:
        return index.columns
    params = tree.parse(index.definition)[0].node.get("indexParams", ())
    return tuple(labels([item["IndexElem"] for item in params])) or index.columns


def _flags(node: Node, *, concurrently: bool, only: bool) -> frozenset[str]:
    said = {
        "concurrently": concurrently,
        "only": only,
        "unique": node.get("unique", False),
        "if not exists": node.get("if_not_exists", False),
        "where": "whereClause" in node,
        "unnamed": not node.get("idxname"),
    }
    return frozenset(word for word, true in said.items() if true)


def _build(table: Table, below: list[Table], index: str, *, only: bool) -> Iterator[Work]:
    """Yield a scan and a build for each relation that has rows; ON ONLY a partitioned table makes an empty shell."""
    if table.kind == "partitioned":
        for child in below:
            if child.kind == "table":
                yield Work(WorkKind.SCAN, child.name)
                yield Work(WorkKind.BUILD, child.name, index)
        return
    # ONLY says that the author knows of partitions; an unknown table is then taken for a partitioned one.
    if not only or table.complete:
        yield Work(WorkKind.SCAN, table.name)
        yield Work(WorkKind.BUILD, table.name, index)


_ALTERS = {
    "AT_SetRelOptions": ("alter index", _SUX),
    "AT_ResetRelOptions": ("alter index", _SUX),
    "AT_SetStatistics": ("alter index", _SUX),
    "AT_SetTableSpace": ("set tablespace", _AX),
    "AT_ChangeOwner": ("set owner", _AX),
}


def alter(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER INDEX."""
    key = scope.key(node["relation"])
    if node.get("missing_ok") and scope.schema.lacks(key):
        flags = frozenset({"if exists"})
        return Parts((Change("alter index", name=key, flags=flags, cleared="it does not exist"),))
    table = scope.schema.owner(key)
    changes: list[Change] = []
    for item in node["cmds"]:
        command = item["AlterTableCmd"]
        if command["subtype"] == "AT_AttachPartition":
            changes.append(_attach(scope, key, scope.key(command["def"]["PartitionCmd"]["name"])))
            continue
        kind, mode = _ALTERS.get(command["subtype"], ("alter index", _AX))
        moves = kind == "set tablespace" and command.get("name") != "pg_default"
        work = (Work(WorkKind.REBUILD, table or key, key),) if moves else ()
        changes.append(Change(kind, table, key, locks=(Lock(key, mode, "index"),), work=work))
    return Parts(tuple(changes))


def _attach(scope: Scope, parent: str, child: str) -> Change:
    """ALTER INDEX .. ATTACH PARTITION: the parent's index SHARE UPDATE EXCLUSIVE, the partition's index exclusively."""
    schema = scope.schema
    locks = [Lock(parent, _SUX, "index"), Lock(child, _AX, "index")]
    tables = (schema.owner(parent), schema.owner(child))
    locks += [Lock(key, LockMode.ACCESS_SHARE) for key in tables if key]
    return Change("attach index", tables[0], parent, child, locks=tuple(locks), others=tuple(filter(None, tables)))


def put(schema: Schema, table: Table, index: Index) -> None:
    """Add an index to a table, or put it in the place of its namesake."""
    others = tuple(item for item in table.indexes if item.name != index.name)
    schema.put(replace(table, indexes=(*others, index)))


def cloned(schema: Schema, index: Index, child: Table) -> Index:
    """Return the index of a partition that belongs to an index of its parent."""
    label = "pkey" if index.primary else "key" if index.constraint else "idx"
    columns = () if index.primary else (*_labels_of(index), *index.include)
    name = names.relation(schema, child, columns, label, [bare(item.name) for item in child.indexes])
    return replace(
        index,
        name=beside(child.name, name),
        table=child.name,
        parent=index.name,
        valid=True,
        constraint=name if index.constraint else "",
    )


def _learn_create(schema: Schema, change: Change, version: str) -> None:
    del version
    made = change.index
    if made is None:
        return
    table = schema.known(change.relation)
    put(schema, table, made)
    if table.kind == "partitioned" and "only" not in change.flags:
        for child in list(schema.children(table.name)):
            same = next((item for item in child.indexes if _alike(item, made)), None)
            put(schema, child, replace(same, parent=made.name) if same else cloned(schema, made, child))


def _alike(one: Index, other: Index) -> bool:
    """Whether a partition's index serves as its part of a partitioned index."""
    fields = ("columns", "unique", "method", "predicate", "include", "uses")
    return not one.parent and all(getattr(one, name) == getattr(other, name) for name in fields)


def _learn_attach(schema: Schema, change: Change, version: str) -> None:
    del version
    table, index = index_of(schema, change.new_name)
    if table is None or index is None:
        return
    put(schema, table, replace(index, parent=change.name))
    parent, whole = index_of(schema, change.name)
    if parent is None or whole is None or whole.valid:
        return
    leaves = [item for item in schema.children(parent.name) if item.parent == parent.name]
    if all(any(index.parent == whole.name for index in leaf.indexes) for leaf in leaves):
        put(schema, parent, replace(whole, valid=True))


def statistics(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE STATISTICS."""
    names_given = strings(node.get("defnames", []))
    name = made(scope.schema, names_given) if names_given else ""
    tables = [scope.table(item["RangeVar"]) for item in node.get("relations", ()) if "RangeVar" in item]
    locks = tuple(lock(table, _SUX) for table in tables)
    relation = tables[0].name if tables else ""
    return Parts((Change("create statistics", relation, name, locks=locks),))


def alter_statistics(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER STATISTICS .. SET STATISTICS."""
    del scope
    return Parts((Change("set statistics", name=strings(node["defnames"])[-1], flags=frozenset({"extended"})),))


def reindex(scope: Scope, node: Node) -> Parts:
    """Analyse REINDEX."""
    concurrently = switched_on(node, "concurrently", "params")
    flags = frozenset({"concurrently"}) if concurrently else frozenset()
    kind = node["kind"].removeprefix("REINDEX_OBJECT_").lower()
    if kind == "index":
        key = scope.key(node["relation"])
        changes: tuple[Change, ...] = (_reindex_index(scope, key, flags),)
    elif kind == "table":
        changes = (_reindex_table(scope.table(node["relation"]), scope, flags),)
    else:
        changes = tuple(_reindex_all(scope, kind, node.get("name", ""), flags))
    start = scope.character(node.get("relation", {}).get("location", 0))
    span = (start, name_end(scope.text, start)) if start else (0, 0)
    return Parts(tuple(replace(change, start=span[0], end=span[1]) for change in changes))


def _reindex_index(scope: Scope, key: str, flags: frozenset[str]) -> Change:
    table, index = index_of(scope.schema, key)
    owner = scope.schema.owner(key)
    held: tuple[Table, ...] = (scope.schema.known(owner),) if owner else ()
    if table is not None and table.kind == "partitioned":
        held = tuple(item for item in scope.schema.children(owner) if item.kind == "table")
        pairs = [(item, one.name) for item in held for one in item.indexes if one.parent == key]
    else:
        pairs = [(item, index.name if index else key) for item in held]
    return _rebuilt(
        "index", owner, key, pairs or [(Table(owner or key, complete=False), key)], flags, known=bool(owner)
    )


def _reindex_table(table: Table, scope: Scope, flags: frozenset[str]) -> Change:
    tables = [table]
    if table.kind == "partitioned":
        tables = [item for item in scope.schema.children(table.name) if item.kind == "table"]
    pairs = [(item, index.name) for item in tables for index in item.indexes]
    pairs += [(item, "") for item in tables if not item.indexes and not item.complete]
    if not pairs and table.complete and tables:
        mode = _SUX if "concurrently" in flags else LockMode.SHARE
        locks = tuple(lock(item, mode) for item in tables)
        return Change("reindex", table.name, locks=locks, flags=flags | {"table"}, cleared="it has no index")
    done = _rebuilt("table", table.name, "", pairs or [(table, "")], flags, known=True)
    if table.kind != "partitioned":
        return done
    # It is held until the first partition's turn comes.
    return replace(done, locks=(lock(table, _SUX if "concurrently" in flags else LockMode.SHARE), *done.locks))


def _reindex_all(scope: Scope, kind: str, name: str, flags: frozenset[str]) -> Iterator[Change]:
    chosen = [item for item in scope.schema.tables.values() if item.kind in {"table", "materialized view"}]
    if kind == "schema":
        chosen = [item for item in chosen if existing(scope.schema, [name, bare(item.name)]) == item.name]
    if kind == "system":
        chosen = []
    for table in chosen:
        yield replace(_reindex_table(table, scope, flags | {kind}), name=name)
    if not chosen:
        yield Change("reindex", name=name, flags=flags | {kind})


def _rebuilt(
    what: str, relation: str, name: str, pairs: list[tuple[Table, str]], flags: frozenset[str], *, known: bool
) -> Change:
    concurrently = "concurrently" in flags
    locks: list[Lock] = []
    work: list[Work] = []
    for table, index in pairs:
        if known:
            locks.append(lock(table, _SUX if concurrently else LockMode.SHARE))
        if index:
            locks.append(Lock(index, _SUX if concurrently else _AX, "index"))
        if known:
            work.append(Work(WorkKind.SCAN, table.name))
        work.append(Work(WorkKind.REBUILD, table.name, index))
    if concurrently:
        work.append(Work(WorkKind.WAIT, relation or name))
    return Change("reindex", relation, name, locks=tuple(locks), work=tuple(work), flags=flags | {what})


HANDLES = {
    "IndexStmt": create,
    "ReindexStmt": reindex,
    "CreateStatsStmt": statistics,
    "AlterStatsStmt": alter_statistics,
}
LEARNS = {"create index": _learn_create, "attach index": _learn_attach}
