"""ATTACH and DETACH PARTITION, and what a new partition does to the DEFAULT one."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects.postgresql.analysis import bounds
from instar.dialects.postgresql.analysis.index import cloned, put
from instar.dialects.postgresql.analysis.objects import bare, beside, chosen, default_partition, index_locks, lock
from instar.dialects.postgresql.analysis.scope import Scope
from instar.dialects.postgresql.analysis.subcommand import Refused, Subcommand
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind

_SUX, _AX = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE
_CHILD_AX_SINCE = 14
_SERIAL = re.compile(r"nextval\('([^']+)'::regclass\)")


def owned_sequence(table: str, column: Column) -> str:
    """Return the key of the sequence behind a serial or an identity column."""
    return beside(table, chosen(set(), bare(table), column.name, "seq"))


def sequences_of(table: Table) -> Iterator[str]:
    """Yield the keys of the sequences that a table's columns own; those of a partition are its parent's."""
    if table.parent and not table.inherited:
        return
    for column in table.columns:
        match = _SERIAL.fullmatch(column.default)
        if match:
            yield beside(table.name, bare(match[1].replace('"', "")))
        elif column.identity:
            yield owned_sequence(table.name, column)


def default_of(scope: Scope, parent: Table, bound: Node) -> tuple[list[Lock], list[Work]]:
    """Return lock and scan of the DEFAULT partition when a partition comes: it must not hold rows of the new one."""
    default = default_partition(scope.schema, parent.name)
    if default is None or bound.get("is_default"):
        return [], []
    locks = [lock(default, _AX)]
    if bounds.excludes(default, parent.key, bound):
        return locks, []
    return locks, list(_scanned(scope.schema, default, parent, bound, f"rows for {bounds.text(bound)}"))


def _scanned(schema: Schema, table: Table, parent: Table, bound: Node, reason: str) -> Iterator[Work]:
    """Yield a scan of `table` or of its partitions; unknown where a CHECK may prove that none is needed."""
    leaves = [item for item in schema.children(table.name) if item.kind == "table"] or [table]
    for leaf in leaves:
        unknown = ""
        if not leaf.complete:
            unknown = f"whether a validated CHECK of {leaf.name} proves {bounds.text(bound)}"
        elif not bounds.columns_of(parent.key) or len(bounds.columns_of(parent.key)) > 1:
            wanted = bounds.columns_of(parent.key) or tuple(item.name for item in leaf.columns)
            found = bounds.checks(leaf, wanted)
            unknown = f"whether {found[0].name} proves {bounds.text(bound)}" if found else ""
        yield Work(WorkKind.SCAN, leaf.name, reason=reason, unknown=unknown)


def attach(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ATTACH PARTITION: the parent lets everybody through, the child and the DEFAULT partition do not."""
    scope, parent, node = sub.scope, sub.table, sub.node["def"]["PartitionCmd"]
    child, bound = scope.table(node["name"]), node["bound"]
    locks = [lock(parent, _SUX), lock(child, _AX)]
    locks += [lock(item, _AX) for item in scope.schema.children(child.name)]
    work: list[Work] = []
    cleared = ""
    if bounds.proves(child, parent.key, bound):
        cleared = "a validated CHECK proves the bound"
    elif not (bound.get("is_default") and not _others(scope.schema, parent)):
        work += _scanned(scope.schema, child, parent, bound, "partition constraint")
    more, scans = default_of(scope, parent, bound)
    locks += more
    work += scans
    locks += index_locks(parent, _SUX)
    for index in parent.indexes:
        if not any(_serves(one, index) for one in child.indexes):
            work += (Work(WorkKind.SCAN, child.name, reason="index"), Work(WorkKind.BUILD, child.name, index.name))
    for item in _foreign_keys(parent):
        # The triggers of a key that the child has already are taken away from the referenced table.
        has = any(same_key(item, one) and one.validated for one in child.constraints)
        locks.append(lock(scope.schema.known(item.references), _AX if has else LockMode.SHARE_ROW_EXCLUSIVE))
        if not has:
            reason = f"foreign key {item.name}"
            work += (Work(WorkKind.SCAN, key, reason=reason) for key in (child.name, item.references))
    flags = frozenset({"default"}) if bound.get("is_default") else frozenset()
    return (
        sub.change(
            "attach partition",
            bare(child.name),
            locks=tuple(locks),
            work=tuple(work),
            cleared=cleared,
            flags=flags,
            others=(child.name,),
            text=bounds.text(bound),
        ),
    )


def _foreign_keys(table: Table) -> Iterator[Constraint]:
    return (item for item in table.constraints if item.kind is ConstraintKind.FOREIGN_KEY and item.references)


def _others(schema: Schema, parent: Table) -> bool:
    return any(item.parent == parent.name for item in schema.children(parent.name))


def detach(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse DETACH PARTITION [CONCURRENTLY | FINALIZE]."""
    node, parent = sub.node["def"]["PartitionCmd"], sub.table
    child = sub.scope.table(node["name"])
    default = default_partition(sub.schema, parent.name)
    change = sub.change("detach partition", bare(child.name), others=(child.name,))
    if sub.node["subtype"] == "AT_DetachPartitionFinalize":
        return (replace(change, kind="finalize detach", locks=(lock(parent, _SUX), lock(child, _AX))),)
    if node.get("concurrent"):
        sub.refuse_before(_CHILD_AX_SINCE, "DETACH PARTITION CONCURRENTLY")
        if default is not None:
            raise Refused("cannot detach partitions concurrently when a default partition exists")
        locks = (lock(parent, _SUX), lock(child, _SUX))
        work = (Work(WorkKind.WAIT, parent.name),)
        return (replace(change, locks=locks, work=work, flags=change.flags | {"concurrently"}),)
    mode = _SUX if sub.version and sub.version < _CHILD_AX_SINCE else _AX
    found = [lock(parent, _AX), lock(child, mode), *(lock(item, mode) for item in sub.schema.children(child.name))]
    found += [Lock(item.name, _AX, "index") for item in child.indexes if item.parent]
    keys = {item.references for item in _foreign_keys(parent)}
    found += (lock(sub.schema.known(key), LockMode.SHARE_ROW_EXCLUSIVE) for key in sorted(keys))
    if default is not None and default.name != child.name:
        found.append(lock(default, _AX))
    return (replace(change, locks=tuple(found)),)


SUBCOMMANDS = {
    "AT_AttachPartition": attach,
    "AT_DetachPartition": detach,
    "AT_DetachPartitionFinalize": detach,
}


def _learn_attach(schema: Schema, change: Change, version: str) -> None:
    del version
    parent, child = schema.known(change.relation), schema.known(change.others[0])
    child = replace(child, parent=parent.name, bound=change.text, default=change.text == "DEFAULT", inherited=False)
    primary = {name for item in parent.indexes if item.primary for name in item.columns}
    columns = tuple(replace(item, nullable=False) if item.name in primary else item for item in child.columns)
    added = tuple(item for item in _foreign_keys(parent) if not any(same_key(item, one) for one in child.constraints))
    schema.put(replace(child, columns=columns, constraints=(*child.constraints, *added)))
    for item in parent.indexes:
        child = schema.known(child.name)
        same = next((one for one in child.indexes if _serves(one, item)), None)
        made = replace(same, parent=item.name) if same else cloned(schema, item, child)
        carried = parent.constraint(item.constraint) if item.constraint and same is None else None
        if carried is not None:
            own = replace(carried, name=made.constraint, index=made.constraint, named=False)
            child = replace(child, constraints=(*child.constraints, own))
        put(schema, child, made)


def same_key(one: Constraint, other: Constraint) -> bool:
    """Whether two foreign keys say the same."""
    names = ("kind", "columns", "references", "referenced", "on_delete")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _serves(one: Index, other: Index) -> bool:
    """Whether a table's own index can be its part of a partitioned one."""
    names = ("columns", "unique", "method", "predicate", "include", "uses")
    return not one.parent and all(getattr(one, name) == getattr(other, name) for name in names)


def _learn_detach(schema: Schema, change: Change, version: str) -> None:
    del version
    child = schema.table(change.others[0])
    if child is not None:
        indexes = tuple(replace(item, parent="") for item in child.indexes)
        schema.put(replace(child, parent="", bound="", default=False, indexes=indexes))


LEARNS = {
    "attach partition": _learn_attach,
    "detach partition": _learn_detach,
    "finalize detach": _learn_detach,
}
