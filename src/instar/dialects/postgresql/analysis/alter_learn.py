"""What ALTER TABLE leaves in the schema that the linter knows."""

from collections.abc import Callable

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects.postgresql.analysis import index as indexes
from instar.dialects.postgresql.analysis import objects
from instar.dialects.postgresql.analysis.alter_columns import mentioned
from instar.dialects.postgresql.analysis.columns import INDEXED
from instar.effects import Change

Learner = Callable[[Schema, Change, str], None]
_OWN = frozenset({ConstraintKind.FOREIGN_KEY, ConstraintKind.CHECK, ConstraintKind.NOT_NULL})


def _tables(schema: Schema, change: Change, *, below: bool = True) -> list[Table]:
    """Return the table as known so far, and those below it that follow."""
    table = schema.known(change.relation)
    return [table] if "only" in change.flags or not below else [table, *schema.children(change.relation)]


def _put_column(table: Table, column: Column) -> Table:
    if table.column(column.name) is None:
        return replace(table, columns=(*table.columns, column))
    return replace(table, columns=tuple(column if item.name == column.name else item for item in table.columns))


def _edit(schema: Schema, change: Change, edit: Callable[[Column], Column], *, below: bool = True) -> None:
    """Change the column of `change` where it is known."""
    for table in _tables(schema, change, below=below):
        column = table.column(change.name)
        if column is not None:
            schema.put(_put_column(table, edit(column)))


def _add_column(schema: Schema, change: Change, version: str) -> None:
    del version
    column = change.column
    if column is None:
        return
    for table in _tables(schema, change):
        if table.column(column.name) is None:
            schema.put(_put_column(table, column))


def _drop_column(schema: Schema, change: Change, version: str) -> None:
    """Forget a column with its indexes and constraints; a CHECK goes only if it mentions no other column."""
    del version
    for table in _tables(schema, change):
        gone = {item.name for item in table.indexes if change.name in mentioned(item)}
        dead = {item.name for item in table.constraints if _dies(item, change.name)}
        schema.put(
            replace(
                table,
                columns=tuple(item for item in table.columns if item.name != change.name),
                indexes=tuple(item for item in table.indexes if item.name not in gone),
                constraints=tuple(item for item in table.constraints if item.name not in dead),
            )
        )
    if "cascade" in change.flags:
        _drop_references(schema, change.relation, change.others, change.name)


def _dies(item: Constraint, column: str) -> bool:
    if item.kind is ConstraintKind.CHECK:
        return item.columns == (column,)
    return column in item.columns


def _drop_references(schema: Schema, key: str, others: tuple[str, ...], column: str = "") -> None:
    """Forget the foreign keys of `others` that reference `key` (and its `column`, where they say which)."""
    for name in others:
        table = schema.table(name)
        if table is not None and name != key:
            left = [
                c for c in table.constraints if c.references != key or (c.referenced and column not in c.referenced)
            ]
            schema.put(replace(table, constraints=tuple(left)))


def _change_type(schema: Schema, change: Change, version: str) -> None:
    del version
    column = change.column
    if column is None:
        return
    if schema.known(change.relation).column(change.name) is None:
        schema.put(_put_column(schema.known(change.relation), column))
    _edit(schema, change, lambda item: replace(item, type=column.type, collation=column.collation))


def _set_not_null(schema: Schema, change: Change, version: str) -> None:
    del version
    _edit(schema, change, lambda item: replace(item, nullable=False, proof=""))


def _drop_not_null(schema: Schema, change: Change, version: str) -> None:
    del version
    _edit(schema, change, lambda item: replace(item, nullable=True, proof=""))
    for table in _tables(schema, change):
        left = [c for c in table.constraints if c.kind is not ConstraintKind.NOT_NULL or c.columns != (change.name,)]
        schema.put(replace(table, constraints=tuple(left)))


def _set_default(schema: Schema, change: Change, version: str) -> None:
    del version
    _edit(schema, change, lambda item: replace(item, default="" if change.text.lower() == "null" else change.text))


def _identity(schema: Schema, change: Change, version: str) -> None:
    del version
    has = change.kind == "add identity"
    _edit(schema, change, lambda item: replace(item, identity=has, nullable=item.nullable and not has))


def _expression(schema: Schema, change: Change, version: str) -> None:
    del version
    if change.kind == "drop expression":
        _edit(schema, change, lambda item: replace(item, generated="", expression=""))
    else:
        _edit(schema, change, lambda item: replace(item, expression=change.text))


def _add_constraint(schema: Schema, change: Change, version: str) -> None:
    del version
    made = change.constraint
    if made is None:
        return
    recurses = made.kind in _OWN and "no inherit" not in change.flags
    for table in _tables(schema, change, below=recurses):
        # Inheriting tables do not get foreign keys.
        if table.inherited and made.kind is ConstraintKind.FOREIGN_KEY:
            continue
        others = tuple(item for item in table.constraints if item.name != made.name)
        schema.put(_with_nulls(replace(table, constraints=(*others, made)), made))
    if change.index is not None:
        _add_index(schema, change, change.index, made)


def _with_nulls(table: Table, made: Constraint) -> Table:
    """Mark the columns that a primary key or a not-null constraint closes."""
    if made.kind not in (ConstraintKind.PRIMARY_KEY, ConstraintKind.NOT_NULL):
        return table
    proof = "" if made.validated else made.name
    closed = (replace(c, nullable=False, proof=proof) if c.name in made.columns else c for c in table.columns)
    return replace(table, columns=tuple(closed))


def _add_index(schema: Schema, change: Change, index: Index, made: Constraint) -> None:
    table = schema.known(change.relation)
    if "using index" in change.flags:
        old = next((item.name for item in table.indexes if _same_index(item, index)), "")
        table = replace(table, indexes=tuple(item for item in table.indexes if item.name != old))
    indexes.put(schema, table, index)
    if table.kind != "partitioned":
        return
    for child in [item for item in schema.children(table.name) if not item.inherited]:
        copy = indexes.cloned(schema, replace(index, parent=""), child)
        carried = replace(made, name=copy.constraint, index=copy.constraint, named=False)
        schema.put(_with_nulls(replace(child, constraints=(*child.constraints, carried)), made))
        indexes.put(schema, schema.known(child.name), copy)


def _same_index(one: Index, other: Index) -> bool:
    return not one.constraint and one.columns == other.columns and one.unique and one.include == other.include


def _validate(schema: Schema, change: Change, version: str) -> None:
    del version
    for table in _tables(schema, change):
        found = table.constraint(change.name)
        if found is not None:
            changed = replace(found, validated=True)
            kept = tuple(changed if item.name == change.name else item for item in table.constraints)
            schema.put(_with_nulls(replace(table, constraints=kept), changed))


def _alter_constraint(schema: Schema, change: Change, version: str) -> None:
    del version
    for table in _tables(schema, change):
        found = table.constraint(change.name)
        if found is None:
            continue
        if "enforced" in change.flags:
            found = replace(found, enforced=True, validated=True)
        if "not enforced" in change.flags:
            found = replace(found, enforced=False, validated=False)
        if change.flags & {"deferrable", "not deferrable"}:
            found = replace(found, deferrable="deferrable" in change.flags)
        kept = tuple(found if item.name == change.name else item for item in table.constraints)
        schema.put(replace(table, constraints=kept))


def _drop_constraint(schema: Schema, change: Change, version: str) -> None:
    del version
    found = change.constraint
    for table in _tables(schema, change):
        left = tuple(item for item in table.constraints if item.name != change.name)
        schema.put(replace(table, constraints=left))
    if found is None:
        return
    if found.kind is ConstraintKind.NOT_NULL:
        for table in _tables(schema, change):
            opened = (replace(c, nullable=True, proof="") if c.name in found.columns else c for c in table.columns)
            schema.put(replace(table, columns=tuple(opened)))
    if found.kind in INDEXED:
        _drop_carried(schema, change, found)


def _drop_carried(schema: Schema, change: Change, found: Constraint) -> None:
    """Forget the index of a constraint, those of partitions that belong to it, and the keys that reference it."""
    key = objects.beside(change.relation, found.index or found.name)
    for table in _tables(schema, change):
        dead = {i.constraint or i.name: i.name for i in table.indexes if key in (i.name, i.parent)}
        schema.put(
            replace(
                table,
                indexes=tuple(item for item in table.indexes if item.name not in dead.values()),
                constraints=tuple(item for item in table.constraints if item.name not in dead),
            )
        )
    if "cascade" in change.flags:
        _drop_references(schema, change.relation, change.others)


def _persistence(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.known(change.relation)
    schema.put(replace(table, persistence="p" if change.kind == "set logged" else "u"))


def _placement(schema: Schema, change: Change, version: str) -> None:
    """Remember an access method or a tablespace among the table's options."""
    del version
    table = schema.table(change.relation)
    if table is None or table.index(change.name) is not None:
        return
    word = "access method=" if change.kind == "set access method" else "tablespace="
    left = tuple(item for item in table.options if not item.startswith(word))
    schema.put(replace(table, options=(*left, f"{word}{change.name}")))


def _row_security(schema: Schema, change: Change, version: str) -> None:
    del version
    if change.flags & {"force", "no force"}:
        return
    schema.put(replace(schema.known(change.relation), rls="enable" in change.flags))


def _inherit(schema: Schema, change: Change, version: str) -> None:
    del version
    parent = change.others[0] if change.kind == "inherit" else ""
    schema.put(replace(schema.known(change.relation), parent=parent, inherited=bool(parent)))


LEARNS: dict[str, Learner] = {
    "add column": _add_column,
    "drop column": _drop_column,
    "change type": _change_type,
    "set not null": _set_not_null,
    "drop not null": _drop_not_null,
    "set default": _set_default,
    "drop default": _set_default,
    "add identity": _identity,
    "drop identity": _identity,
    "set expression": _expression,
    "drop expression": _expression,
    "add constraint": _add_constraint,
    "validate constraint": _validate,
    "alter constraint": _alter_constraint,
    "drop constraint": _drop_constraint,
    "set logged": _persistence,
    "set unlogged": _persistence,
    "set access method": _placement,
    "set tablespace": _placement,
    "row security": _row_security,
    "inherit": _inherit,
    "no inherit": _inherit,
}
