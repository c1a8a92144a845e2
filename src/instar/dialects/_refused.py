"""What a server refuses whatever the rows are: a name that is taken, one that nothing has, what others depend on.

Only what is certain: see instar.catalog.Schema.certain. What no migration has made may still be there, so that
something does not exist is said of relations only where the whole catalog is known.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from instar.catalog import Schema, Table
from instar.effects import Change

Refusal = tuple[str, int]
"""What the server says, and the character that it points at."""


class Words(Struct, frozen=True, kw_only=True):
    """How an engine says it. `columns` left empty: it is not said of columns that queries and indexes name.

    `folds`: names of columns are compared without regard to case. `alone`: the catalog is that of one database, and a
    key with a point is one of another.
    """

    taken: str
    absent: str
    undroppable: str
    column_taken: str
    column_absent: str
    no_column: str = ""
    folds: bool = False
    alone: bool = False


_MAKERS = frozenset(
    {"create table", "create table as", "create foreign table", "create view", "create materialized view"}
    | {"create sequence"}
)
_DROPS = {
    "drop table": "table",
    "drop view": "view",
    "drop materialized view": "materialized view",
    "drop sequence": "sequence",
    "drop foreign table": "foreign table",
}
_LENIENT = frozenset({"if exists", "if not exists", "or replace", "temporary"})
_ENDS = frozenset({*_DROPS, "rename table"})
_LEAVING = frozenset({"drop column", "rename column", "modify column"})
_ARRIVING = frozenset({"add column", "rename column", "modify column"})
_SERVERS = ("pg_", "information_schema.")
_WRITTEN = frozenset({"table", "partitioned"})


def first(changes: Sequence[Change], schema: Schema, words: Words) -> Refusal | None:
    """Return the first refusal of a statement's changes that its names alone decide."""
    if not schema.certain:
        return None
    gone: set[str] = set()
    come: set[str] = set()
    for change in changes:
        if not change.flags & _LENIENT:
            said = "" if {change.relation, change.new_name} & (gone | come) else _relation(change, schema, words)
            said = said or next(_columns(change, changes, schema, words), "")
            if said:
                return said, change.start
        if change.kind in _ENDS:
            gone.add(change.relation)
            come.add(change.new_name)
    return None


def made(schema: Schema, key: str) -> bool:
    """Whether a relation is there for certain: a catalog has it, or a migration has made it."""
    table = schema.table(key)
    return table is not None and (schema.complete or bool(table.created))


def whole(schema: Schema, key: str) -> Table | None:
    """Return a relation all of whose columns are known for certain."""
    table = schema.table(key)
    return table if table is not None and table.complete and table.columns and made(schema, key) else None


def absent(schema: Schema, key: str, *, alone: bool = False) -> bool:
    """Whether the whole catalog has no such relation."""
    if not key or key.startswith(_SERVERS) or (alone and "." in key):
        return False
    return schema.complete and schema.certain and schema.lacks(key)


def _relation(change: Change, schema: Schema, words: Words) -> str:
    name, new = change.relation.rpartition(".")[2], change.new_name.rpartition(".")[2]
    if change.kind in _MAKERS and made(schema, change.relation):
        return words.taken.format(name=name)
    if change.kind in _DROPS and absent(schema, change.relation, alone=words.alone):
        return words.undroppable.format(name=name, kind=_DROPS[change.kind])
    if change.kind == "truncate" and absent(schema, change.relation, alone=words.alone):
        return words.absent.format(name=name)
    if change.kind == "rename table":
        if absent(schema, change.relation, alone=words.alone):
            return words.absent.format(name=name)
        if change.new_name != change.relation and made(schema, change.new_name):
            return words.taken.format(name=new)
    return ""


def _columns(change: Change, changes: Sequence[Change], schema: Schema, words: Words) -> Iterator[str]:
    """Yield what is wrong with the columns that a change names; what the same statement drops or makes counts."""
    table = whole(schema, change.relation)
    if table is None:
        return
    there = {_folded(item.name, words) for item in table.columns}
    name, new = _folded(change.name, words), _folded(change.new_name, words)
    short = table.name.rpartition(".")[2]
    going = {_folded(item.name, words) for item in changes if item.kind in _LEAVING}
    coming = {_folded(item.new_name or item.name, words) for item in changes if item.kind in _ARRIVING}
    if change.kind == "add column" and name in there - going:
        yield words.column_taken.format(name=change.name, table=short)
    if change.kind == "drop column" and name not in there | coming:
        yield words.column_absent.format(name=change.name, table=short)
    if not words.no_column:
        return
    if change.kind == "rename column":
        if name not in there:
            yield words.no_column.format(name=change.name)
        if new in there and new != name:
            yield words.column_taken.format(name=change.new_name, table=short)
    if change.kind == "create index":
        yield from (words.no_column.format(name=item) for item in change.columns if item and item not in there)
    if change.kind in {"insert", "update"} and table.kind in _WRITTEN:
        missing = (item for item in change.columns if item and item not in there)
        yield from (words.column_absent.format(name=item, table=short) for item in missing)


def _folded(name: str, words: Words) -> str:
    return name.lower() if words.folds else name
