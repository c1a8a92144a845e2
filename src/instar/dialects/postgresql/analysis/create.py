"""CREATE TABLE: new tables block nobody, but those that they reference, inherit from or become partitions of."""

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects.postgresql.analysis import bounds, partition
from instar.dialects.postgresql.analysis.columns import column_from, constraint_from, constraints_from, index_from
from instar.dialects.postgresql.analysis.index import cloned
from instar.dialects.postgresql.analysis.objects import index_locks, lock
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work

_LIKE = {"constraints": 1 << 2, "defaults": 1 << 3, "generated": 1 << 4, "identity": 1 << 5, "indexes": 1 << 6}


class Draft(Struct):
    """A table while its definition is read; `others` are the relations that it names, `locks` those on them."""

    table: Table
    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)

    def done(self) -> Table:
        """Return the table as far as it is read."""
        return replace(
            self.table,
            columns=tuple(self.columns),
            constraints=tuple(self.constraints),
            indexes=tuple(self.indexes),
        )


def table(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE TABLE."""
    key, temporary = new_key(scope, node["relation"])
    flags = {"if not exists"} if node.get("if_not_exists") else set()
    flags |= {"temporary"} if temporary else set()
    flags |= {"unlogged"} if node["relation"].get("relpersistence") == "u" else set()
    span = _span(scope, node)
    if node.get("if_not_exists") and key in scope.schema.tables:
        there = Change("create table", key, cleared="the table exists", flags=frozenset(flags))
        return Parts((replace(there, start=span[0], end=span[1]),))
    draft = Draft(Table(key, kind="partitioned" if "partspec" in node else "table", persistence=_persistence(node)))
    _inherit(scope, node, draft)
    elements = [next(iter(item.items())) for item in node.get("tableElts", ())]
    _columns(scope, elements, draft)
    _constraints(scope, elements, draft)
    _indexes_of_parent(scope, node, draft)
    if "partspec" in node:
        draft.table = replace(draft.table, key=bounds.key_text(node["partspec"]))
    if "ofTypename" in node:
        draft.table = replace(draft.table, complete=False)
    made = draft.done()
    change = Change(
        "create table", key,
        locks=(*draft.locks, *_references(scope, made)),
        work=tuple(draft.work),
        flags=frozenset(flags | ({"partition of"} if "partbound" in node else set())),
        table=made,
        columns=tuple(item.name for item in made.columns),
        others=tuple(dict.fromkeys((*draft.others, *filter(None, (item.references for item in made.constraints))))),
        text=made.bound,
        start=span[0], end=span[1],
    )  # fmt: skip
    return Parts((change,), creates=(key, *partition.sequences_of(made), *(item.name for item in made.indexes)))


def foreign(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE FOREIGN TABLE."""
    parts = table(scope, node["base"])
    changes = tuple(
        replace(item, kind="create foreign table", table=replace(item.table, kind="foreign table"))
        if item.table
        else replace(item, kind="create foreign table")
        for item in parts.changes
    )
    return Parts(changes, creates=parts.creates)


def new_key(scope: Scope, range_var: Node) -> tuple[str, bool]:
    """Return the key of a relation to be made, and whether it is a temporary one."""
    temporary = range_var.get("relpersistence") == "t" or range_var.get("schemaname") == "pg_temp"
    return (f"pg_temp.{range_var['relname']}" if temporary else scope.new_key(range_var)), temporary


def _persistence(node: Node) -> str:
    return str(node["relation"].get("relpersistence", "p"))


def _span(scope: Scope, node: Node) -> tuple[int, int]:
    from instar.dialects.postgresql.analysis.objects import name_end

    start = scope.character(node["relation"].get("location", 0))
    return start, name_end(scope.text, start)


def _inherit(scope: Scope, node: Node, draft: Draft) -> None:
    """Take over what parents have: of INHERITS under a weak lock, PARTITION OF under an exclusive one."""
    bound = node.get("partbound")
    for item in node.get("inhRelations", ()):
        parent = scope.table(item["RangeVar"])
        draft.others.append(parent.name)
        if bound is None:
            draft.locks.append(lock(parent, LockMode.SHARE_UPDATE_EXCLUSIVE))
        else:
            draft.locks.append(lock(parent, LockMode.ACCESS_EXCLUSIVE))
            draft.locks += index_locks(parent, LockMode.SHARE_UPDATE_EXCLUSIVE)
            locks, work = partition.default_of(scope, parent, bound)
            draft.locks += locks
            draft.work += work
        mark = (bounds.text(bound), bool(bound.get("is_default"))) if bound else ("", False)
        complete = draft.table.complete and parent.complete
        draft.table = replace(
            draft.table, parent=parent.name, inherited=bound is None, bound=mark[0], default=mark[1], complete=complete
        )
        known = {column.name for column in draft.columns}
        draft.columns += [column for column in parent.columns if column.name not in known]
        kinds = {ConstraintKind.CHECK, ConstraintKind.NOT_NULL}
        kinds |= {ConstraintKind.FOREIGN_KEY} if bound else set()
        draft.constraints += [one for one in parent.constraints if one.kind in kinds]


def _columns(scope: Scope, elements: list[tuple[str, Node]], draft: Draft) -> None:
    for kind, node in elements:
        if kind == "TableLikeClause":
            _like(scope, node, draft)
        if kind != "ColumnDef":
            continue
        column = column_from(node, scope, draft.table.name)
        old = next((item for item in draft.columns if item.name == column.name), None)
        if old is None:
            draft.columns.append(column)
        else:
            draft.columns[draft.columns.index(old)] = _merged(old, column)


def _merged(old: Column, new: Column) -> Column:
    """Put what a partition says of an inherited column (NOT NULL, a default) over what the parent says."""
    return replace(
        old,
        nullable=old.nullable and new.nullable,
        default=new.default or old.default,
        type=new.type or old.type,
    )


def _constraints(scope: Scope, elements: list[tuple[str, Node]], draft: Draft) -> None:
    for kind, node in elements:
        here = draft.done()
        taken = [item.name for item in draft.constraints]
        if kind == "ColumnDef":
            for made, one in constraints_from(node, here, scope, taken):
                _add(scope, draft, made, one)
        elif kind == "Constraint":
            _add(scope, draft, constraint_from(node, here, scope, taken=taken), node)


def _add(scope: Scope, draft: Draft, made: Constraint, node: Node) -> None:
    draft.constraints.append(made)
    if made.kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.NOT_NULL}:
        draft.columns = [replace(item, nullable=False) if item.name in made.columns else item for item in draft.columns]
    index = index_from(made, node, draft.done(), scope)
    if index is not None:
        draft.indexes.append(index)


def _indexes_of_parent(scope: Scope, node: Node, draft: Draft) -> None:
    """Give a partition its part of each index of its parent, and the constraints that these carry."""
    if "partbound" not in node:
        return
    parent = scope.schema.known(draft.table.parent)
    for item in parent.indexes:
        made = cloned(scope.schema, item, draft.done())
        draft.indexes.append(made)
        carried = parent.constraint(item.constraint) if item.constraint else None
        if carried is not None:
            draft.constraints.append(replace(carried, name=made.constraint, index=made.constraint, named=False))


def _like(scope: Scope, node: Node, draft: Draft) -> None:
    source = scope.table(node["relation"])
    asked = node.get("options", 0)
    draft.others.append(source.name)
    draft.locks.append(lock(source, LockMode.ACCESS_SHARE))
    if not source.complete:
        draft.table = replace(draft.table, complete=False)
    for column in source.columns:
        generated = column.generated and asked & _LIKE["generated"]
        copied = replace(
            column,
            default=column.default if asked & _LIKE["defaults"] else "",
            identity=column.identity and bool(asked & _LIKE["identity"]),
            generated=column.generated if generated else "",
            expression=column.expression if generated else "",
        )
        draft.columns.append(copied)
    if asked & _LIKE["constraints"]:
        draft.constraints += [item for item in source.constraints if item.kind is ConstraintKind.CHECK]
    draft.constraints += [item for item in source.constraints if item.kind is ConstraintKind.NOT_NULL]
    if asked & _LIKE["indexes"]:
        _like_indexes(scope.schema, source, draft)


def _like_indexes(schema: Schema, source: Table, draft: Draft) -> None:
    for item in source.indexes:
        made = replace(cloned(schema, item, draft.done()), parent="")
        draft.indexes.append(made)
        carried = source.constraint(item.constraint) if item.constraint else None
        if carried is not None:
            draft.constraints.append(replace(carried, name=made.constraint, index=made.constraint, named=False))


def _references(scope: Scope, made: Table) -> Iterator[Lock]:
    """Yield the locks on tables that the new one references: their triggers change, so writes to them wait."""
    for item in made.constraints:
        if item.references and item.references != made.name:
            target = scope.schema.known(item.references)
            yield lock(target, LockMode.SHARE_ROW_EXCLUSIVE)
            for child in scope.schema.children(target.name):
                yield lock(child, LockMode.SHARE_ROW_EXCLUSIVE)


def _learn(schema: Schema, change: Change, version: str) -> None:
    if "import" in change.flags:
        schema.doubt()
    if change.table is None:
        return
    if change.table.name.startswith("pg_temp."):
        schema.temporary.add(change.table.name)
    schema.put(replace(change.table, created=version))
    for key in partition.sequences_of(change.table):
        if schema.table(key) is None:
            schema.put(Table(key, kind="sequence", created=version))


HANDLES = {"CreateStmt": table, "CreateForeignTableStmt": foreign}
LEARNS = {"create table": _learn, "create foreign table": _learn}
