"""ALTER COLUMN .. TYPE: what is rewritten, what is built again, what is checked again, and who else is locked.

Even where the table keeps its file, the server makes the column's indexes and constraints anew: a plain index keeps its
file, one with an expression, a predicate, another operator class or another collation is built again, as is each part
of a partitioned index, and every CHECK on the column reads the table. Measured on PostgreSQL 12 to 18.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects.postgresql.analysis import alter_constraints, bounds, columns, conversions, objects, spans, types
from instar.dialects.postgresql.analysis.alter_columns import generated, mentioned
from instar.dialects.postgresql.analysis.conversions import Conversion
from instar.dialects.postgresql.analysis.partition import owned_sequence
from instar.dialects.postgresql.analysis.subcommand import AX, SRX, STORED, Refused, Subcommand
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, Work, WorkKind

OLD_TYPE, TIME_ZONE = "the old type of {}", "the TimeZone of the session that runs it"


def change(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ALTER COLUMN .. TYPE."""
    node = sub.node["def"]["ColumnDef"]
    old, using = sub.column(), node.get("raw_default")
    _check(sub, old)
    new = _new(sub, node, old)
    found = conversions.conversion(old.type if old else "", new.type, sub.schema, using, sub.name)
    if found.error:
        raise Refused(found.error)
    text = ""
    if using is not None:
        text = sub.scope.text[spans.after(sub.scope.text, sub.start, sub.end, "using") : sub.end]
    if sub.table.kind not in (*STORED, "partitioned"):
        return (sub.change("change type", locks=sub.locks(AX), old=old, column=new, text=text),)
    locks, work = _rewritten(sub, found)
    if old is not None and old.identity:
        locks += (Lock(owned_sequence(sub.table.name, old), SRX, "sequence"),)
    if not found.rewrite and old is not None:
        more_locks, more_work = _made_anew(sub, old, new)
        locks, work = locks + more_locks, work + more_work
    keys = tuple(_foreign(sub, old, new, found))
    locks += tuple(lock for lock, _ in keys)
    work += tuple(item for _, items in keys for item in items)
    others = tuple(dict.fromkeys(lock.relation for lock, _ in keys if lock.relation != sub.table.name))
    done = sub.change("change type", old=old, column=new, text=text, others=others, locks=locks)
    return (replace(done, work=tuple(dict.fromkeys(work)), cleared="" if work else found.reason),)


def _check(sub: Subcommand, old: Column | None) -> None:
    table = objects.bare(sub.table.name)
    if sub.table.kind in {"view", "materialized view"}:
        raise Refused(f'ALTER action ALTER COLUMN ... SET DATA TYPE cannot be performed on relation "{table}"')
    if any(generated(sub.table, sub.name)):
        raise Refused("cannot alter type of a column used by a generated column")
    if sub.inherits(sub.name):
        raise Refused(f'cannot alter inherited column "{sub.name}"')
    if sub.table.kind == "partitioned" and sub.name in bounds.columns_of(sub.table.key):
        raise Refused(f'cannot alter column "{sub.name}" because it is part of the partition key of relation "{table}"')
    if old is None and sub.schema.complete and sub.table.name in sub.schema.tables and sub.table.kind == "table":
        raise Refused(f'column "{sub.name}" of relation "{table}" does not exist')


def _new(sub: Subcommand, node: Node, old: Column | None) -> Column:
    """Return the column afterwards. Without COLLATE it gets the default collation of its type, whatever it had."""
    name = types.canonical(node["typeName"], sub.schema)
    collation = columns.collation(node.get("collClause"))
    return replace(old or Column(sub.name, ""), type=name, collation=collation)


def _rewritten(sub: Subcommand, found: Conversion) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    if not (found.rewrite or found.unknown):
        return sub.locks(AX), ()
    name = f"{sub.table.name}.{sub.name}"
    facts = {"old type": OLD_TYPE.format(name), "TimeZone": TIME_ZONE}
    return sub.rewrite(found.reason, facts.get(found.unknown, found.unknown))


def _made_anew(sub: Subcommand, old: Column, new: Column) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    """Return locks and work for the column's indexes and CHECKs where the table itself is kept."""
    locks: list[Lock] = []
    work: list[Work] = []
    for table in sub.family:
        for index in table.indexes:
            if sub.name in mentioned(index):
                locks.append(Lock(index.name, AX, "index"))
                work += _built(sub.schema, table, index, old, new)
        work += _checked(table, sub.name)
        if not table.complete:
            work += _perhaps(table, sub.name)
    return tuple(locks), tuple(work)


def _built(schema: Schema, table: Table, index: Index, old: Column, new: Column) -> Iterator[Work]:
    reason = why_built(schema, index, old, new)
    if reason and table.kind in STORED:
        yield Work(WorkKind.SCAN, table.name, reason=f"index {index.name} is built again")
        yield Work(WorkKind.REBUILD, table.name, index.name, reason=reason)


def why_built(schema: Schema, index: Index, old: Column, new: Column) -> str:
    """Return why an index is built again when the table is not, "" when it keeps its file."""
    if index.parent:
        return "it is a partition's part of an index"
    if index.predicate or "" in index.columns:
        return "it is a partial index" if index.predicate else "it is an index on an expression"
    return _compared(schema, index, old, new) if old.name in index.columns else ""


def _compared(schema: Schema, index: Index, old: Column, new: Column) -> str:
    if old.collation != new.collation:
        return f"its order changes with the collation of {old.name}"
    if conversions.operators(old.type, schema) != conversions.operators(new.type, schema):
        return f"{new.type} is compared by other operators than {old.type}"
    # An operator class for anyarray is not compared; a GIN index has another type inside.
    return "it is a GIN index on an array" if index.method == "gin" and new.type.endswith("[]") else ""


def _checked(table: Table, column: str) -> Iterator[Work]:
    for item in table.constraints:
        if item.kind is ConstraintKind.CHECK and item.validated and column in item.columns and table.kind in STORED:
            yield Work(WorkKind.SCAN, table.name, reason=f"CHECK {item.name} is checked again")


def _perhaps(table: Table, column: str) -> Iterator[Work]:
    name = f"{table.name}.{column}"
    yield Work(WorkKind.REBUILD, table.name, unknown=f"whether an expression or partial index stands on {name}")
    yield Work(WorkKind.SCAN, table.name, reason="a CHECK", unknown=f"whether a CHECK stands on {name}")


def _foreign(
    sub: Subcommand, old: Column | None, new: Column, found: Conversion
) -> Iterator[tuple[Lock, tuple[Work, ...]]]:
    """Yield a lock on the table at the other end of each foreign key, with the work of checking the key again."""
    changed = old is None or conversions.operators(old.type, sub.schema) != conversions.operators(new.type, sub.schema)
    again = found.rewrite or (changed and not found.unknown)
    for here, there, item in _keys(sub):
        _compare(sub, here, there, item, new)
        other = there if here is sub.table else here
        work = tuple(_again(here, there, item)) if again and item.validated else ()
        for key in (other, *sub.schema.children(other.name)):
            yield objects.lock(key, AX), work


def _keys(sub: Subcommand) -> Iterator[tuple[Table, Table, Constraint]]:
    """Yield the foreign keys that the column is part of: the referencing table, the referenced one, the key."""
    for item in sub.table.constraints:
        if item.kind is ConstraintKind.FOREIGN_KEY and sub.name in item.columns:
            yield sub.table, sub.schema.known(item.references), item
    for table, item in sub.schema.referencing(sub.table.name):
        if table.name != sub.table.name and sub.name in alter_constraints.referenced(sub.table, item):
            yield table, sub.table, item


def _compare(sub: Subcommand, here: Table, there: Table, item: Constraint, new: Column) -> None:
    """Refuse a foreign key whose columns cannot be compared any more."""
    for mine, theirs in zip(item.columns, alter_constraints.referenced(there, item), strict=False):
        if sub.name != (mine if here.name == sub.table.name else theirs):
            continue
        other = there.column(theirs) if here.name == sub.table.name else here.column(mine)
        if other is not None and not conversions.comparable(new.type, other.type, sub.schema):
            raise Refused(f'foreign key constraint "{item.name}" cannot be implemented')


def _again(here: Table, there: Table, item: Constraint) -> Iterator[Work]:
    for table in (here, there):
        if table.kind in STORED:
            yield Work(WorkKind.SCAN, table.name, reason=f"foreign key {item.name} is checked again")


SUBCOMMANDS = {"AT_AlterColumnType": change}
