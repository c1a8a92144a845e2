"""ADD COLUMN and DROP COLUMN."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Column, ConstraintKind, Index, Table
from instar.dialects.postgresql.analysis import alter_constraints, columns, conversions, defaults, objects, types
from instar.dialects.postgresql.analysis.partition import sequences_of
from instar.dialects.postgresql.analysis.subcommand import AX, STORED, Refused, Subcommand
from instar.dialects.postgresql.analysis.volatility import EXTENSION_TYPES
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, WorkKind

_VIRTUAL_SINCE = 18


class _Fill(defaults.Volatility, frozen=True):
    """How the rows that are there get their value; `cleared` says why they need not be written."""

    cleared: str = ""


def add(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ADD COLUMN: the column, then the constraints that stand in it."""
    node = sub.node["def"]["ColumnDef"]
    sub.name = node["colname"]
    column = columns.column_from(node, sub.scope, sub.table.name)
    if sub.table.column(sub.name) is not None and (sub.schema.complete or sub.node.get("missing_ok")):
        return (_again(sub, column),)
    if column.generated == "virtual":
        sub.refuse_before(_VIRTUAL_SINCE, "virtual generated columns")
    if sub.only and any(sub.schema.children(sub.table.name)):
        raise Refused("column must be added to child tables too")
    if sub.table.parent and not sub.table.inherited:
        raise Refused("cannot add column to a partition")
    fill = _fill(sub, node, column)
    change = sub.change("add column", locks=sub.locks(AX), column=column, cleared=fill.cleared)
    if fill.volatile or fill.unknown:
        locks, work = sub.rewrite(fill.reason, fill.unknown)
        sequences = tuple(Lock(key, LockMode.ROW_EXCLUSIVE, "sequence") for key in _called(sub, node))
        change = replace(change, locks=locks + sequences, work=work)
    elif column.generated == "virtual" and not column.nullable:
        work = sub.work(WorkKind.SCAN, f"{sub.name} is computed for every row: none may be NULL")
        change = replace(change, work=work, cleared="")
    return (change, *alter_constraints.inline(sub, node, column))


def _again(sub: Subcommand, column: Column) -> Change:
    if not sub.node.get("missing_ok"):
        relation = objects.bare(sub.table.name)
        raise Refused(f'column "{sub.name}" of relation "{relation}" already exists')
    # Even what does nothing waits for the lock.
    return sub.change("add column", locks=sub.locks(AX, (sub.table,)), column=column, cleared="the column is there")


def _called(sub: Subcommand, node: Node) -> Iterator[str]:
    """Yield the existing sequences that the default takes numbers from."""
    return defaults.sequences(columns.default_node(node), sub.schema)


def _fill(sub: Subcommand, node: Node, column: Column) -> _Fill:
    name = f"{sub.table.name}.{column.name}"
    if sub.table.kind not in (*STORED, "partitioned"):
        return _Fill()
    if column.generated == "virtual":
        return _Fill(cleared="a virtual column is computed when it is read")
    if column.generated:
        return _Fill(volatile=True, reason=f"{name} is generated and stored in every row")
    if column.identity or types.is_serial(node["typeName"]):
        return _Fill(volatile=True, reason=f"every row gets a number of its own in {name}")
    return _by_default(sub, node, column)


def _by_default(sub: Subcommand, node: Node, column: Column) -> _Fill:
    base = types.split(column.type)[0]
    if not column.type.endswith("]") and conversions.constrained(column.type, sub.schema):
        return _Fill(volatile=True, reason=f"the domain {base} has a constraint, which is checked for every row")
    default = columns.default_node(node)
    found = defaults.volatility_of(default, sub.schema)
    if found.volatile or found.unknown:
        return _Fill(volatile=found.volatile, reason=found.reason, unknown=found.unknown)
    if _may_be_domain(sub, base, column.type):
        return _Fill(unknown=f"whether {base} is a domain with a constraint")
    rows = "NULL" if default is None else "the default, which is computed once and kept in the catalog"
    return _Fill(cleared=f"the rows that are there show {rows}")


def _may_be_domain(sub: Subcommand, base: str, name: str) -> bool:
    known = base in types.BUILT_IN or base in sub.schema.types or objects.bare(base) in EXTENSION_TYPES
    return not (known or name.endswith("[]") or base in sub.schema.tables or sub.schema.complete)


def drop(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse DROP COLUMN: its indexes, constraints and sequence go with it, foreign keys on both sides."""
    old = sub.column()
    absent = old is None and sub.table.complete and sub.table.name in sub.schema.tables
    if absent and (sub.schema.complete or sub.node.get("missing_ok")):
        if not sub.node.get("missing_ok"):
            raise Refused(f'column "{sub.name}" of relation "{objects.bare(sub.table.name)}" does not exist')
        return (sub.change("drop column", locks=sub.locks(AX, (sub.table,)), cleared="there is no such column"),)
    if sub.inherits(sub.name):
        raise Refused(f'cannot drop inherited column "{sub.name}"')
    locks = list(sub.locks(AX))
    gone = {sub.name, *(generated(sub.table, sub.name) if sub.cascade else ())}
    locks += [Lock(item, AX, "index") for table in sub.family for item in _indexes(table, gone)]
    others = tuple(dict.fromkeys(_foreign(sub)))
    for key in others:
        locks += alter_constraints.whole(sub, key, AX)
    if sub.only:
        locks += sub.locks(AX, (item for item in sub.schema.children(sub.table.name) if item.parent == sub.table.name))
    if old is not None:
        owner = replace(sub.table, columns=(old,))
        locks += [Lock(key, AX, "sequence") for key in sequences_of(owner)]
    if sub.cascade:
        locks += [lock for view in _views(sub) for lock in objects.whole(view, AX)]
    change = sub.change("drop column", locks=tuple(locks), old=old, others=others)
    return (replace(change, cleared="the values stay in the rows until they are written again"),)


def generated(table: Table, column: str) -> Iterator[str]:
    """Yield the generated columns that are computed from a column."""
    word = re.compile(rf"\b{re.escape(column)}\b")
    return (item.name for item in table.columns if item.expression and word.search(item.expression))


def _indexes(table: Table, columns: set[str]) -> Iterator[str]:
    return (item.name for item in table.indexes if columns & mentioned(item))


def mentioned(index: Index) -> frozenset[str]:
    """Return all columns that an index is about."""
    return frozenset(index.columns) | index.uses | frozenset(index.include)


def _foreign(sub: Subcommand) -> Iterator[str]:
    """Yield the tables on the other side of the column's foreign keys."""
    for item in sub.table.constraints:
        if item.kind is ConstraintKind.FOREIGN_KEY and sub.name in item.columns:
            yield item.references
    if sub.cascade:
        for table, item in sub.schema.referencing(sub.table.name):
            if sub.name in alter_constraints.referenced(sub.table, item):
                yield table.name


def _views(sub: Subcommand) -> Iterator[Table]:
    """Yield the views that go with the column: those whose text mentions it, as far as it is known, and their own."""
    word = re.compile(rf"\b{re.escape(sub.name)}\b")
    for view in sub.schema.views(sub.table.name):
        if sub.table.name in view.sources and word.search(view.definition):
            yield view
            yield from sub.schema.views(view.name)


SUBCOMMANDS = {"AT_AddColumn": add, "AT_DropColumn": drop}
