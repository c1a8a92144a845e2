"""ADD, VALIDATE, ALTER and DROP CONSTRAINT, and the constraints that stand in ADD COLUMN."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Table
from instar.dialects.postgresql.analysis import columns, conversions, objects, proofs
from instar.dialects.postgresql.analysis.subcommand import AX, SRX, STORED, SUX, Refused, Subcommand
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind

_EIGHTEEN = 18
_NOT_VALID, _INLINE = "not valid", "inline"
UNKNOWN_KIND = "unknown kind"
"""Flag of a change whose constraint is not known: if it is a foreign key, its other table is locked, too."""


def whole(sub: Subcommand, key: str, mode: LockMode) -> tuple[Lock, ...]:
    """Return locks on the table at the other end of a foreign key, and on its partitions."""
    target = sub.schema.known(key)
    return tuple(objects.lock(item, mode) for item in (target, *sub.schema.children(key)))


def referenced(table: Table, item: Constraint) -> tuple[str, ...]:
    """Return the columns of `table` that a foreign key references: its primary key when none are named."""
    if item.referenced:
        return item.referenced
    primary = (one.columns for one in table.constraints if one.kind is ConstraintKind.PRIMARY_KEY)
    return next(primary, ())


def inline(sub: Subcommand, node: Node, column: Column) -> Iterator[Change]:
    """Yield the constraints that stand in the definition of a new column."""
    taken = [item.constraint.name for item in sub.earlier if item.constraint]
    for made, one in columns.constraints_from(node, sub.table, sub.scope, taken):
        # A new column without a value needs no look at the other table.
        # Any DEFAULT makes the server look, even DEFAULT NULL.
        filled = columns.default_node(node) is not None or column.default or column.identity or column.generated
        empty = made.kind is ConstraintKind.FOREIGN_KEY and not filled
        end = columns.clause_end(node, one["location"], sub.scope)
        yield replace(_added(sub, made, one, new=column, checked=not empty), end=end)


def add(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ADD CONSTRAINT."""
    node = sub.node["def"]["Constraint"]
    taken = [item.constraint.name for item in sub.earlier if item.constraint]
    made = columns.constraint_from(node, sub.table, sub.scope, taken=taken)
    _check(sub, made, node)
    return (_added(sub, made, node),)


def _check(sub: Subcommand, made: Constraint, node: Node) -> None:
    """Refuse what the server refuses."""
    table = objects.bare(sub.table.name)
    if made.kind is ConstraintKind.NOT_NULL:
        sub.refuse_before(_EIGHTEEN, "NOT NULL as a constraint")
    if not made.enforced:
        sub.refuse_before(_EIGHTEEN, "NOT ENFORCED")
    if sub.schema.complete and made.named and sub.table.constraint(made.name) is not None:
        raise Refused(f'constraint "{made.name}" for relation "{table}" already exists')
    primary = any(item.kind is ConstraintKind.PRIMARY_KEY for item in sub.table.constraints)
    if sub.schema.complete and primary and made.kind is ConstraintKind.PRIMARY_KEY:
        raise Refused(f'multiple primary keys for table "{table}" are not allowed')
    if made.references:
        _compare(sub, made)
    if sub.table.kind != "partitioned":
        return
    if "indexname" in node:
        raise Refused("ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables")
    late = made.kind is ConstraintKind.FOREIGN_KEY and node.get("skip_validation")
    if late and sub.version and sub.version < _EIGHTEEN:
        other = objects.bare(made.references)
        raise Refused(f'cannot add NOT VALID foreign key on partitioned table "{table}" referencing relation "{other}"')


def _compare(sub: Subcommand, made: Constraint) -> None:
    """Refuse a foreign key between columns that cannot be compared."""
    other = sub.schema.known(made.references)
    for mine, theirs in zip(made.columns, referenced(other, made), strict=False):
        one, two = sub.column(mine), other.column(theirs)
        if one and two and not conversions.comparable(one.type, two.type, sub.schema):
            raise Refused(f'foreign key constraint "{made.name}" cannot be implemented')


def _added(sub: Subcommand, made: Constraint, node: Node, *, new: Column | None = None, checked: bool = True) -> Change:
    locks, work = _ADDS[made.kind](sub, made, node)
    if new is not None:
        locks += sub.locks(AX)
    cleared = ""
    if not checked:
        work, cleared = (), "the new column holds NULL in every row"
    elif not work and made.kind in (ConstraintKind.NOT_NULL, ConstraintKind.PRIMARY_KEY):
        late = "no row is read before VALIDATE CONSTRAINT"
        cleared = "it is proven that no row holds NULL" if made.validated else late
    change = sub.change(
        "add constraint", made.name, locks=locks, work=work, constraint=made, columns=made.columns, cleared=cleared,
        index=columns.index_from(made, node, sub.table, sub.scope), flags=_flags(made, node, new),
        others=(made.references,) if made.references else (), text=made.expression, column=new,
    )  # fmt: skip
    return replace(change, start=sub.scope.character(node["location"])) if new else change


def _flags(made: Constraint, node: Node, new: Column | None) -> Iterator[str]:
    if new is not None:
        yield _INLINE
    if node.get("skip_validation"):
        yield _NOT_VALID
    if not made.enforced:
        yield "not enforced"
    if "indexname" in node:
        yield "using index"
    if node.get("is_no_inherit"):
        yield "no inherit"


def _add_check(sub: Subcommand, made: Constraint, node: Node) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    if not made.validated:
        return sub.locks(AX), ()
    tables = (sub.table,) if node.get("is_no_inherit") else sub.family
    # From 18 on inheriting tables are locked even where the constraint does not reach them.
    newer = not sub.version or sub.version >= _EIGHTEEN
    return sub.locks(AX, sub.family if newer else tables), sub.work(WorkKind.SCAN, "every row is checked", tables)


def _add_foreign_key(sub: Subcommand, made: Constraint, node: Node) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    del node
    # Inheriting tables get no foreign key; from 18 on they are locked all the same.
    own = sub.family if sub.table.kind == "partitioned" else (sub.table,)
    newer = not sub.version or sub.version >= _EIGHTEEN
    locks = (*sub.locks(SRX, sub.family if newer else own), *whole(sub, made.references, SRX))
    if not made.validated or all(table.rows == 0 for table in own):
        return locks, ()
    work = sub.work(WorkKind.SCAN, f"every row is looked up in {made.references}", own)
    return locks, (*work, *_looked_up(sub, made))


def _looked_up(sub: Subcommand, made: Constraint) -> tuple[Work, ...]:
    other = sub.schema.known(made.references)
    reason = f"the rows of {sub.table.name} are looked up in it"
    return sub.work(WorkKind.SCAN, reason, (other, *sub.schema.children(other.name)))


def _add_indexed(sub: Subcommand, made: Constraint, node: Node) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    if "indexname" in node:
        return _using(sub, made, node)
    mode = AX if not sub.version or sub.version >= _EIGHTEEN else LockMode.SHARE
    locks = list(sub.locks(AX, (sub.table,)))
    work: list[Work] = []
    # Inheriting tables get no index; partitions get one each.
    for table in sub.family if sub.table.kind == "partitioned" else (sub.table,):
        locks.append(objects.lock(table, AX if table is sub.table else mode))
        if table.kind in STORED:
            work.append(Work(WorkKind.SCAN, table.name, reason="an index is built"))
            work.append(Work(WorkKind.BUILD, table.name, objects.beside(sub.table.name, made.name)))
    if made.kind is ConstraintKind.PRIMARY_KEY and sub.table.kind != "partitioned":
        below = [item for item in sub.family if item is not sub.table]
        locks += sub.locks(AX, below)
        work += sub.work(WorkKind.SCAN, "no row may hold NULL", below)
    return tuple(locks), tuple(work)


def _using(sub: Subcommand, made: Constraint, node: Node) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    """Take over an existing index; only a primary key may have to look for NULL."""
    locks = sub.locks(AX)
    if made.name != node["indexname"]:
        locks += (Lock(objects.beside(sub.table.name, node["indexname"]), SUX, "index"),)
    if made.kind is not ConstraintKind.PRIMARY_KEY:
        return locks, ()
    if not made.columns:
        fact = f"whether the columns of {node['indexname']} are NOT NULL"
        return locks, (Work(WorkKind.SCAN, sub.table.name, reason="no row may hold NULL", unknown=fact),)
    return locks, tuple(proofs.scans(sub, made.columns))


def _add_not_null(sub: Subcommand, made: Constraint, node: Node) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    if not made.validated:
        return sub.locks(AX), ()
    tables = (sub.table,) if node.get("is_no_inherit") else None
    return sub.locks(AX), tuple(proofs.scans(sub, made.columns, tables))


_ADDS = {
    ConstraintKind.CHECK: _add_check,
    ConstraintKind.FOREIGN_KEY: _add_foreign_key,
    ConstraintKind.UNIQUE: _add_indexed,
    ConstraintKind.PRIMARY_KEY: _add_indexed,
    ConstraintKind.EXCLUDE: _add_indexed,
    ConstraintKind.NOT_NULL: _add_not_null,
}


def constraint(sub: Subcommand, name: str) -> Constraint | None:
    """Return a constraint of the table, made before or in this statement."""
    made = (item.constraint for item in sub.earlier if item.constraint is not None and item.name == name)
    return next(made, None) or sub.table.constraint(name)


def _missing(sub: Subcommand) -> None:
    """Refuse a constraint that the live catalog does not know; a replayed model may have missed it."""
    if sub.schema.live and sub.schema.complete and sub.table.complete and not sub.node.get("missing_ok"):
        raise Refused(f'constraint "{sub.name}" of relation "{objects.bare(sub.table.name)}" does not exist')


def validate(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse VALIDATE CONSTRAINT: a scan that lets readers and writers through."""
    found = constraint(sub, sub.name)
    if found is None:
        _missing(sub)
        work = sub.work(WorkKind.SCAN, f"every row is checked against {sub.name}")
        return (sub.change("validate constraint", locks=sub.locks(SUX), work=work, flags=(UNKNOWN_KIND,)),)
    locks = sub.locks(SUX, sub.family if found.kind is not ConstraintKind.FOREIGN_KEY else None)
    if found.validated:
        cleared = f"{sub.name} is validated already"
        return (
            sub.change("validate constraint", locks=sub.locks(SUX, (sub.table,)), constraint=found, cleared=cleared),
        )
    work = sub.work(WorkKind.SCAN, f"every row is checked against {sub.name}")
    others: tuple[str, ...] = ()
    if found.references:
        others = (found.references,)
        locks += whole(sub, found.references, LockMode.ROW_SHARE)
        work += _looked_up(sub, found)
    return (sub.change("validate constraint", locks=locks, work=work, constraint=found, others=others),)


def change(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ALTER CONSTRAINT: when it is checked, and from PostgreSQL 18 on whether."""
    node = sub.node["def"]["ATAlterConstraint"]
    sub.name = node["conname"]
    found = constraint(sub, sub.name)
    locks = sub.locks(AX, (sub.table,) if found and not found.references else None)
    work: tuple[Work, ...] = ()
    flags = [] if found else [UNKNOWN_KIND]
    others = (found.references,) if found and found.references else ()
    if node.get("alterEnforceability"):
        sub.refuse_before(_EIGHTEEN, "ENFORCED")
        flags.append("enforced" if node.get("is_enforced") else "not enforced")
        for key in others:
            locks += whole(sub, key, AX)
        if node.get("is_enforced") and not (found and found.enforced):
            work = sub.work(WorkKind.SCAN, f"every row is checked against {sub.name}")
            work += _looked_up(sub, found) if found and found.references else ()
    if node.get("alterDeferrability"):
        flags.append("deferrable" if node.get("deferrable") else "not deferrable")
    return (sub.change("alter constraint", locks=locks, work=work, flags=flags, constraint=found, others=others),)


def drop(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse DROP CONSTRAINT: of a foreign key both tables are locked, of a key its index and who references it."""
    found = constraint(sub, sub.name) or proofs.not_null_by_name(sub.table, sub.name)
    if found is None:
        _missing(sub)
        absent = sub.table.complete and sub.node.get("missing_ok")
        cleared, flags = ("there is no such constraint", ()) if absent else ("", (UNKNOWN_KIND,))
        tables = (sub.table,) if absent else None
        return (sub.change("drop constraint", locks=sub.locks(AX, tables), cleared=cleared, flags=flags),)
    locks = list(sub.locks(AX))
    others: list[str] = []
    if found.references:
        others.append(found.references)
        locks += whole(sub, found.references, AX)
    for table in sub.family:
        locks += [Lock(item.name, AX, "index") for item in _carrying(table, found, sub.table)]
    if sub.cascade and found.kind in columns.INDEXED:
        for table, item in sub.schema.referencing(sub.table.name):
            if set(referenced(sub.table, item)) == set(found.columns):
                others.append(table.name)
                locks += whole(sub, table.name, AX)
    fields: dict[str, Any] = {"constraint": found, "columns": found.columns, "others": tuple(others)}
    return (sub.change("drop constraint", locks=tuple(locks), **fields),)


def _carrying(table: Table, found: Constraint, owner: Table) -> Iterator[Index]:
    """Yield the indexes that go with a constraint of `owner`, in it or in a partition of it."""
    for item in table.indexes:
        own = table is owner and item.constraint == found.name
        if own or (item.parent and item.parent == objects.beside(owner.name, found.index or found.name)):
            yield item


SUBCOMMANDS = {
    "AT_AddConstraint": add,
    "AT_ValidateConstraint": validate,
    "AT_AlterConstraint": change,
    "AT_DropConstraint": drop,
}
