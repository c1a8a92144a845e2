"""What the schema is like after a change."""

from collections.abc import Callable

from msgspec.structs import replace

from instar.catalog import Schema, Table
from instar.dialects import _settings as settings
from instar.dialects.mysql.analysis import elements, shape, types
from instar.effects import Change, Effect


def learn(effect: Effect, schema: Schema, version: str, *, mariadb: bool) -> None:
    """Change `schema` as the statement of `effect` would; what the server refuses changes nothing."""
    settings.begin(schema, version)
    if effect.error:
        return
    if effect.dynamic or any(change.kind in _UNFORESEEN for change in effect.changes):
        schema.doubt()
    for change in effect.changes:
        if change.kind in _WHOLE:
            _WHOLE[change.kind](schema, change, version)
        elif change.kind == "add constraint":
            schema.put(_constrained(change, schema.known(change.relation), mariadb=mariadb))
        elif change.kind in _INSIDE:
            schema.put(_INSIDE[change.kind](change, schema.known(change.relation)))


def _create(schema: Schema, change: Change, version: str) -> None:
    there = "if not exists" in change.flags and change.relation in schema.tables
    if "temporary" in change.flags:
        schema.doubt()
    if change.table is not None and "temporary" not in change.flags and not there:
        schema.put(replace(change.table, created=version))


def _drop(schema: Schema, change: Change, version: str) -> None:
    del version
    if "temporary" not in change.flags:
        schema.drop(change.relation)


def _rename(schema: Schema, change: Change, version: str) -> None:
    del version
    schema.rename(change.relation, change.new_name)


def _trigger(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.known(change.relation)
    schema.put(replace(table, triggers=(*table.triggers, change.name)))


def _untrigger(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.tables.get(change.relation)
    if table is not None:
        schema.put(replace(table, triggers=tuple(name for name in table.triggers if name != change.name)))


def _set(schema: Schema, change: Change, version: str) -> None:
    del version
    if change.name:
        schema.settings[change.name] = change.text


def _add_column(change: Change, table: Table) -> Table:
    if change.column is None or table.column(change.column.name) is not None:
        return table
    after = change.columns[0] if change.columns else ""
    return shape.place(table, change.column, first="first" in change.flags, after=after)


def _drop_column(change: Change, table: Table) -> Table:
    return shape.without_column(table, change.name)


def _modify(change: Change, table: Table) -> Table:
    if change.column is None or ("if exists" in change.flags and change.old is None):
        return table
    after = change.columns[0] if change.columns else ""
    return shape.modified(table, change.name, change.column, first="first" in change.flags, after=after)


def _rename_column(change: Change, table: Table) -> Table:
    return shape.renamed_column(table, change.name, change.new_name)


def _default(change: Change, table: Table) -> Table:
    columns = (replace(item, default=change.text) if item.name == change.name else item for item in table.columns)
    return replace(table, columns=tuple(columns))


def _create_index(change: Change, table: Table) -> Table:
    there = "if not exists" in change.flags and table.index(change.name) is not None
    return table if change.index is None or there else shape.with_index(table, change.index)


def _constrained(change: Change, table: Table, *, mariadb: bool) -> Table:
    if change.constraint is None or ("if not exists" in change.flags and table.constraint(change.name) is not None):
        return table
    if change.index is not None:
        return shape.with_index(table, change.index)
    return shape.with_constraint(table, change.constraint, mariadb=mariadb)


def _drop_constraint(change: Change, table: Table) -> Table:
    if change.name == elements.PRIMARY:
        return shape.without_index(table, change.name)
    return shape.without_constraint(table, change.name)


def _drop_index(change: Change, table: Table) -> Table:
    return shape.without_index(table, change.name)


def _rename_index(change: Change, table: Table) -> Table:
    new = change.new_name
    indexes = (replace(item, name=new, constraint=new if item.constraint else "") if item.name == change.name else item
               for item in table.indexes)  # fmt: skip
    constraints = (replace(item, name=new, index=new) if item.index == change.name else item
                   for item in table.constraints)  # fmt: skip
    return replace(table, indexes=tuple(indexes), constraints=tuple(constraints))


def _convert(change: Change, table: Table) -> Table:
    columns = (
        replace(item, collation=change.name) if types.kind(item.type).base in types.TEXT else item
        for item in table.columns
    )
    given = {"charset": types.charset(change.name)}
    if "_" in change.name:
        given["collate"] = change.name
    return shape.with_options(replace(table, columns=tuple(columns)), given)


def _options(change: Change, table: Table) -> Table:
    said = dict(item.split("=", 1) for item in change.text.split(", ") if "=" in item)
    known: dict[str, str] = {
        name: said[name] for name in ("engine", "charset", "collate", "row_format") if name in said
    }
    return shape.with_options(table, known) if known else table


_UNFORESEEN = frozenset({"call", "prepare"})
_WHOLE: dict[str, Callable[[Schema, Change, str], None]] = {
    "create table": _create,
    "create table as": _create,
    "create view": _create,
    "replace view": _create,
    "drop table": _drop,
    "drop view": _drop,
    "rename table": _rename,
    "create trigger": _trigger,
    "drop trigger": _untrigger,
    "set": _set,
}
_INSIDE: dict[str, Callable[[Change, Table], Table]] = {
    "add column": _add_column,
    "drop column": _drop_column,
    "modify column": _modify,
    "rename column": _rename_column,
    "set default": _default,
    "drop default": _default,
    "create index": _create_index,
    "drop index": _drop_index,
    "rename index": _rename_index,
    "drop constraint": _drop_constraint,
    "convert charset": _convert,
    "alter table options": _options,
    "rebuild table": _options,
}
