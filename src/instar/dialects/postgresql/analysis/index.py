"""CREATE INDEX, DROP INDEX, REINDEX, ALTER INDEX."""

from msgspec.structs import replace

from instar.catalog import Index, Schema
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind


def create(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE INDEX."""
    table = scope.table(node["relation"])
    concurrently = node.get("concurrent", False)
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.SHARE
    name = node.get("idxname", "")
    columns = tuple(item["IndexElem"].get("name", "") for item in node.get("indexParams", ()))
    work = (Work(WorkKind.SCAN, table.name), Work(WorkKind.BUILD, table.name, name))
    made = Index(name, table.name, columns, unique=node.get("unique", False))
    flags = frozenset({"concurrently"}) if concurrently else frozenset()
    change = Change(
        "create index", table.name, name, locks=(Lock(table.name, mode),), work=work, flags=flags, index=made
    )
    return Parts((change,))


def _learn_create(schema: Schema, change: Change, version: str) -> None:
    del version
    if change.index is not None:
        table = schema.known(change.relation)
        schema.put(replace(table, indexes=(*table.indexes, change.index)))


HANDLES = {"IndexStmt": create}
LEARNS = {"create index": _learn_create}
