"""What a SQLite schema is like after a change."""

from collections.abc import Callable

from msgspec.structs import replace

from instar.catalog import Schema
from instar.dialects import _settings as settings
from instar.dialects._reader import Reader
from instar.dialects.sqlite.analysis import elements, shape
from instar.dialects.sqlite.parse import lex
from instar.effects import Change, Effect


def learn(effect: Effect, schema: Schema, version: str) -> None:
    """Change `schema` as the statement of `effect` would; what SQLite refuses changes nothing."""
    settings.begin(schema, version)
    if effect.error:
        return
    for change in effect.changes:
        if change.kind in _LEARNS and "temporary" not in change.flags:
            _LEARNS[change.kind](schema, change, version, effect.text)


def _create(schema: Schema, change: Change, version: str, text: str) -> None:
    del text
    there = "if not exists" in change.flags and change.relation in schema.tables
    if change.table is not None and not there:
        schema.put(replace(change.table, created=version))


def _drop(schema: Schema, change: Change, version: str, text: str) -> None:
    del version, text
    schema.drop(change.relation)


def _rename(schema: Schema, change: Change, version: str, text: str) -> None:
    """Rename a table; with legacy_alter_table the references of others keep the old name."""
    del version, text
    if settings.value(schema, "legacy_alter_table", "off") in {"on", "1", "true", "yes"}:
        _rename_only(schema, change)
        return
    schema.rename(change.relation, change.new_name)


def _rename_only(schema: Schema, change: Change) -> None:
    table = schema.tables.get(change.relation)
    if table is not None:
        schema.drop(change.relation)
        indexes = tuple(replace(index, table=change.new_name) for index in table.indexes)
        schema.put(replace(table, name=change.new_name, indexes=indexes))


def _index(schema: Schema, change: Change, version: str, text: str) -> None:
    del version
    table = schema.known(change.relation)
    if change.index is not None and not ("if not exists" in change.flags and table.index(change.name)):
        schema.put(shape.with_index(table, replace(change.index, definition=text)))


def _drop_index(schema: Schema, change: Change, version: str, text: str) -> None:
    del version, text
    table = schema.tables.get(change.relation)
    if table is not None:
        schema.put(replace(table, indexes=tuple(item for item in table.indexes if item.name != change.name)))


def _trigger(schema: Schema, change: Change, version: str, text: str) -> None:
    del version
    table = schema.known(change.relation)
    if change.name not in table.triggers:
        texts = (*table.trigger_texts, text)
        schema.put(replace(table, triggers=(*table.triggers, change.name), trigger_texts=texts))


def _drop_trigger(schema: Schema, change: Change, version: str, text: str) -> None:
    del version, text
    table = schema.tables.get(change.relation)
    if table is None:
        return
    pairs = [pair for pair in zip(table.triggers, table.trigger_texts, strict=False) if pair[0] != change.name]
    names, texts = tuple(name for name, _ in pairs), tuple(body for _, body in pairs)
    schema.put(replace(table, triggers=names, trigger_texts=texts))


def _add_column(schema: Schema, change: Change, version: str, text: str) -> None:
    del version
    table = schema.known(change.relation)
    if table.column(change.name) is None:
        part = Reader([token for token in lex(text) if token.start >= change.start])
        schema.put(shape.with_column(replace(table, definition=""), elements.column(part, text)))


def _drop_column(schema: Schema, change: Change, version: str, text: str) -> None:
    del version, text
    table = schema.tables.get(change.relation)
    if table is not None:
        kept = tuple(item for item in table.constraints if not (item.inline and change.name in item.columns))
        schema.put(shape.without_column(replace(table, constraints=kept, definition=""), change.name))


def _rename_column(schema: Schema, change: Change, version: str, text: str) -> None:
    del version, text
    table = schema.tables.get(change.relation)
    if table is None:
        return
    schema.put(shape.renamed_column(table, change.name, change.new_name))
    for other, key in list(schema.referencing(change.relation)):
        named = tuple(change.new_name if name == change.name else name for name in key.referenced)
        keys = (replace(item, referenced=named) if item == key else item for item in other.constraints)
        schema.put(replace(other, constraints=tuple(keys)))


def _pragma(schema: Schema, change: Change, version: str, text: str) -> None:
    del version, text
    if change.text:
        schema.settings[change.name] = change.text


_LEARNS: dict[str, Callable[[Schema, Change, str, str], None]] = {
    "create table": _create,
    "create table as": _create,
    "create view": _create,
    "drop table": _drop,
    "drop view": _drop,
    "rename table": _rename,
    "create index": _index,
    "drop index": _drop_index,
    "create trigger": _trigger,
    "drop trigger": _drop_trigger,
    "add column": _add_column,
    "drop column": _drop_column,
    "rename column": _rename_column,
    "pragma": _pragma,
}
