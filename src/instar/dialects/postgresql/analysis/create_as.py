"""CREATE TABLE AS, SELECT INTO, views and materialized views: made of a query, whose relations they read."""

from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Column, Schema, Table
from instar.dialects.postgresql.analysis import dml, query, types
from instar.dialects.postgresql.analysis.create import new_key
from instar.dialects.postgresql.analysis.objects import index_locks, lock, name_end, strings
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, LockMode, Work, WorkKind

_AX = LockMode.ACCESS_EXCLUSIVE


def table(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW."""
    materialized = node.get("objtype") == "OBJECT_MATVIEW"
    into = node["into"]
    key, temporary = new_key(scope, into["rel"])
    kind = "create materialized view" if materialized else "create table as"
    said = {
        "if not exists": node.get("if_not_exists", False),
        "temporary": temporary,
        "unlogged": into["rel"].get("relpersistence") == "u",
        "with no data": into.get("skipData", False),
    }
    flags = frozenset(word for word, true in said.items() if true)
    start = scope.character(into["rel"].get("location", 0))
    span = (start, name_end(scope.text, start))
    if node.get("if_not_exists") and key in scope.schema.tables:
        there = Change(kind, key, flags=flags, cleared="it exists", start=span[0], end=span[1])
        return Parts((there,))
    found = query.read(scope, node["query"])
    empty = into.get("skipData", False)
    made = Table(
        key,
        kind="materialized view" if materialized else "table",
        persistence=into["rel"].get("relpersistence", "p"),
        sources=frozenset(found.named) if materialized else frozenset(),
        populated=not empty,
        definition=scope.text if materialized else "",
    )
    made = _with_columns(scope, made, node["query"], strings(into.get("colNames", [])))
    select = node["query"].get("SelectStmt", {})
    change = Change(
        kind, key,
        locks=tuple(dml.reads(scope, found)),
        work=() if empty else tuple(dml.scans(scope, found, select.get("whereClause"))),
        flags=flags, table=made, others=tuple(found.reads), start=span[0], end=span[1],
    )  # fmt: skip
    return Parts((*dml.nested(scope, found), change), creates=(key,))


def view(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE [OR REPLACE] VIEW."""
    key, temporary = new_key(scope, node["view"])
    old = scope.schema.table(key) if node.get("replace") else None
    found = query.read(scope, node["query"])
    made = Table(key, kind="view", sources=frozenset(found.named), definition=scope.text)
    made = _with_columns(scope, made, node["query"], strings(node.get("aliases", [])))
    flags = {"or replace"} if node.get("replace") else set()
    flags |= {"temporary"} if temporary else set()
    start = scope.character(node["view"].get("location", 0))
    change = Change(
        "replace view" if old else "create view", key,
        locks=(*((lock(old, _AX),) if old else ()), *dml.reads(scope, found)),
        flags=frozenset(flags), table=made, others=tuple(found.reads),
        start=start, end=name_end(scope.text, start),
    )  # fmt: skip
    return Parts((change,), creates=() if old else (key,))


def refresh(scope: Scope, node: Node) -> Parts:
    """Analyse REFRESH MATERIALIZED VIEW."""
    key = scope.key(node["relation"])
    known = scope.schema.table(key) or Table(key, kind="materialized view", complete=False)
    sources = tuple(sorted(known.sources))
    reads = tuple(lock(scope.schema.known(name), LockMode.ACCESS_SHARE) for name in sources)
    scans = tuple(Work(WorkKind.SCAN, name) for name in sources)
    start = scope.character(node["relation"].get("location", 0))
    change = Change("refresh", key, others=sources, start=start, end=name_end(scope.text, start))
    if node.get("concurrent"):
        locks = (lock(known, LockMode.EXCLUSIVE), *reads)
        work: tuple[Work, ...] = (Work(WorkKind.SCAN, key), *scans)
        return Parts((replace(change, locks=locks, work=work, flags=frozenset({"concurrently"})),))
    locks = (lock(known, _AX), *index_locks(known, _AX), *reads)
    if node.get("skipData"):
        work = (Work(WorkKind.SWAP, key),)
        return Parts((replace(change, locks=locks, work=work, flags=frozenset({"with no data"})),))
    rebuilt = tuple(Work(WorkKind.REBUILD, key, item.name) for item in known.indexes)
    return Parts((replace(change, locks=locks, work=(Work(WorkKind.REWRITE, key), *rebuilt, *scans)),))


def _with_columns(scope: Scope, made: Table, node: Node, given: list[str]) -> Table:
    """Add the columns that the query's result has, as far as they are known."""
    select = node.get("SelectStmt", {})
    while "larg" in select:
        select = select["larg"]
    found = list(_outputs(scope, select))
    if found and all(column is not None for column in found):
        columns = tuple(column for column in found if column is not None)
        names = [*given, *(column.name for column in columns[len(given) :])]
        named = tuple(replace(column, name=name) for column, name in zip(columns, names, strict=False))
        return replace(made, columns=named, complete=all(column.type for column in named))
    return replace(made, complete=False)


def _outputs(scope: Scope, select: Node) -> Iterator[Column | None]:
    """Yield the columns of a SELECT's result; None where they are not known."""
    names = query.with_names(select, frozenset())
    around: dict[str, Table | None] = {}
    for item in query.sources(select.get("fromClause", ())):
        name = item.get("alias", {}).get("aliasname") or item["relname"]
        around[name] = None if item["relname"] in names else scope.schema.table(scope.key(item))
    plain = len(around) == _relations(select.get("fromClause", ()))
    for target in select.get("targetList", ()):
        node = target["ResTarget"]
        value = node.get("val", {})
        if "ColumnRef" in value:
            yield from _references(value["ColumnRef"]["fields"], node.get("name", ""), around, plain=plain)
        else:
            yield _computed(scope, node, value)


def _relations(items: list[Node]) -> int:
    """Count what a FROM clause joins, subqueries and functions too."""
    total = 0
    for item in items:
        join = item.get("JoinExpr")
        total += _relations([join[side] for side in ("larg", "rarg")]) if join else 1
    return total


def _references(
    fields: list[Node], name: str, around: dict[str, Table | None], *, plain: bool
) -> Iterator[Column | None]:
    parts = strings(fields)
    tables = [around.get(parts[-2 if "A_Star" not in fields[-1] else -1])] if len(fields) > 1 else list(around.values())
    if "A_Star" in fields[-1]:
        for table in tables:
            if table is None or not table.complete or not plain:
                yield None
            else:
                yield from (_plain(column, column.name) for column in table.columns)
        return
    found = [column for table in tables if table and (column := table.column(parts[-1]))]
    yield _plain(found[0], name or parts[-1]) if len(found) == 1 else Column(name or parts[-1], "")


def _plain(column: Column, name: str) -> Column:
    return Column(name, column.type, collation=column.collation)


def _computed(scope: Scope, node: Node, value: Node) -> Column:
    kind = ""
    if "TypeCast" in value:
        kind = types.canonical(value["TypeCast"]["typeName"], scope.schema)
    called = strings(value["FuncCall"]["funcname"])[-1] if "FuncCall" in value else ""
    return Column(node.get("name") or called or "?column?", kind)


def _learn(schema: Schema, change: Change, version: str) -> None:
    if change.table is None:
        return
    if change.table.name.startswith("pg_temp."):
        schema.temporary.add(change.table.name)
    schema.put(replace(change.table, created=version))


def _learn_replaced(schema: Schema, change: Change, version: str) -> None:
    del version
    old = schema.table(change.relation)
    if change.table is not None and old is not None:
        schema.put(replace(change.table, created=old.created, triggers=old.triggers))


def _learn_refresh(schema: Schema, change: Change, version: str) -> None:
    del version
    known = schema.table(change.relation)
    if known is not None:
        schema.put(replace(known, populated="with no data" not in change.flags))


HANDLES = {"CreateTableAsStmt": table, "ViewStmt": view, "RefreshMatViewStmt": refresh}
LEARNS = {
    "create table as": _learn,
    "create materialized view": _learn,
    "create view": _learn,
    "replace view": _learn_replaced,
    "refresh": _learn_refresh,
}
