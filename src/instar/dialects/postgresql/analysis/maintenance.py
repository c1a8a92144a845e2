"""TRUNCATE, CLUSTER, VACUUM, ANALYZE, LOCK TABLE."""

from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Schema, Table
from instar.dialects.postgresql.analysis.objects import beside, lock, name_end, switched_on, whole
from instar.dialects.postgresql.analysis.partition import sequences_of
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind

_AX, _SUX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE


def truncate(scope: Scope, node: Node) -> Parts:
    """Analyse TRUNCATE: with CASCADE, tables that reference the named ones are emptied too."""
    cascade = node.get("behavior") == "DROP_CASCADE"
    named = [(item["RangeVar"], scope.table(item["RangeVar"])) for item in node["relations"]]
    flags = frozenset({*({"cascade"} if cascade else ()), *({"restart identity"} if node.get("restart_seqs") else ())})
    changes = []
    for range_var, table in named:
        emptied = list(_emptied(scope.schema, table, only=not range_var.get("inh", False), cascade=cascade))
        start = scope.character(range_var.get("location", 0))
        changes.append(
            Change(
                "truncate", table.name,
                locks=tuple(one for item in emptied for one in _held(scope.schema, item, flags)),
                work=tuple(one for item in emptied for one in _swapped(item)),
                flags=flags,
                others=tuple(item.name for item in emptied if item.name != table.name),
                start=start, end=name_end(scope.text, start),
            )
        )  # fmt: skip
    error = "" if cascade else _refused(scope.schema, [table for _, table in named])
    return Parts(tuple(changes), error=error)


def _refused(schema: Schema, tables: list[Table]) -> str:
    names = {table.name for table in tables}
    for table in tables:
        for other, _ in schema.referencing(table.name):
            if other.name not in names:
                return f"cannot truncate {table.name}: {other.name} references it in a foreign key constraint"
    return ""


def _emptied(schema: Schema, table: Table, *, only: bool, cascade: bool) -> Iterator[Table]:
    found: dict[str, Table] = {}
    waiting = [table]
    while waiting:
        here = waiting.pop(0)
        if here.name in found:
            continue
        found[here.name] = here
        if here is not table or not only:
            waiting += list(schema.children(here.name))
        if cascade:
            waiting += [other for other, _ in schema.referencing(here.name)]
    yield from found.values()


def _held(schema: Schema, table: Table, flags: frozenset[str]) -> Iterator[Lock]:
    yield from (lock(table, _AX),) if table.kind == "partitioned" else whole(table, _AX)
    if "restart identity" in flags:
        yield from (lock(schema.tables[key], _AX) for key in sequences_of(table) if key in schema.tables)


def _swapped(table: Table) -> Iterator[Work]:
    if table.kind != "partitioned":
        yield Work(WorkKind.SWAP, table.name)


def cluster(scope: Scope, node: Node) -> Parts:
    """Analyse CLUSTER: a copy of the table in the order of an index, readers and writers wait."""
    if "relation" not in node:
        return Parts((Change("cluster", flags=frozenset({"all"})),))
    table = scope.table(node["relation"])
    start = scope.character(node["relation"].get("location", 0))
    name = beside(table.name, node["indexname"]) if "indexname" in node else ""
    locks, work = _copied(scope.schema, table)
    change = Change("cluster", table.name, name, locks=locks, work=work, start=start, end=name_end(scope.text, start))
    return Parts((change,))


def _copied(schema: Schema, table: Table) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    """Return locks and work of writing a table (or each of its partitions) anew."""
    leaves = [item for item in schema.children(table.name) if item.kind == "table"]
    tables = leaves if table.kind == "partitioned" else [table]
    locks = tuple(one for item in tables for one in whole(item, _AX))
    work = tuple(
        one
        for item in tables
        if item.rows != 0
        for one in (
            Work(WorkKind.REWRITE, item.name),
            *(Work(WorkKind.REBUILD, item.name, i.name) for i in item.indexes),
        )
    )
    return locks, work


def vacuum(scope: Scope, node: Node) -> Parts:
    """Analyse VACUUM [FULL] and ANALYZE."""
    full = node.get("is_vacuumcmd", False) and switched_on(node, "full")
    kind = "vacuum full" if full else "vacuum" if node.get("is_vacuumcmd") else "analyze"
    changes = [_vacuumed(scope, kind, item["VacuumRelation"]["relation"]) for item in node.get("rels", ())]
    return Parts(tuple(changes) or (Change(kind, flags=frozenset({"all"})),))


def _vacuumed(scope: Scope, kind: str, range_var: Node) -> Change:
    table = scope.table(range_var)
    start = scope.character(range_var.get("location", 0))
    change = Change(kind, table.name, start=start, end=name_end(scope.text, start))
    if kind == "vacuum full":
        locks, work = _copied(scope.schema, table)
        waits = (Work(WorkKind.WAIT, table.name),)
        return replace(change, locks=locks, work=(*work, *waits))
    below = list(scope.schema.children(table.name)) if table.kind == "partitioned" else []
    return replace(change, locks=tuple(lock(item, _SUX) for item in (table, *below)))


def _beneath(schema: Schema, table: Table) -> Iterator[Table]:
    """Yield what LOCK TABLE locks with a relation: its partitions; what a view reads, at every depth."""
    yield from schema.children(table.name)
    if table.kind == "view":
        for source in sorted(table.sources):
            yield schema.known(source)
            yield from _beneath(schema, schema.known(source))


def lock_table(scope: Scope, node: Node) -> Parts:
    """Analyse LOCK TABLE."""
    mode = LockMode(node.get("mode", _AX))
    flags = frozenset({"nowait"}) if node.get("nowait") else frozenset()
    changes = []
    for item in node["relations"]:
        table = scope.table(item["RangeVar"])
        below = _beneath(scope.schema, table) if item["RangeVar"].get("inh") else ()
        start = scope.character(item["RangeVar"].get("location", 0))
        changes.append(
            Change(
                "lock table", table.name,
                locks=tuple(lock(one, mode) for one in (table, *below)),
                flags=flags, text=mode.sql, start=start, end=name_end(scope.text, start),
            )
        )  # fmt: skip
    return Parts(tuple(changes))


HANDLES = {
    "TruncateStmt": truncate,
    "ClusterStmt": cluster,
    "VacuumStmt": vacuum,
    "LockStmt": lock_table,
}
