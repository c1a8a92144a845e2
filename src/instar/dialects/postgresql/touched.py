"""Which objects a PostgreSQL statement names, by its parse tree."""

from collections.abc import Iterator
from typing import Any

# What these do cannot be read from the statement.
_OPAQUE = frozenset({"do_stmt", "call_stmt", "execute_stmt", "create_function_stmt", "create_trig_stmt", "copy_stmt"})
_LISTS_OF_NAMES = frozenset({"drop_stmt", "comment_stmt", "rename_stmt", "alter_enum_stmt", "create_enum_stmt"})
# Types that every database has: sharing one is no conflict.
_BUILT_IN = frozenset(
    """
    text json jsonb uuid bytea date inet cidr macaddr money name oid xml tsvector tsquery timestamptz citext
    serial bigserial smallserial point polygon int4range int8range numrange tsrange tstzrange daterange
    """.split()
)


def touched(text: str) -> frozenset[str] | None:
    """Return lower-case names without schema, or None when the statement can do more than it says."""
    import postgast

    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError:
        return None
    names: set[str] = set()
    for raw in tree.stmts:
        kind = raw.stmt.WhichOneof("node")
        if kind in _OPAQUE:
            return None
        names.update(_names(getattr(raw.stmt, kind), listed=kind in _LISTS_OF_NAMES))
    return frozenset(names)


def _names(message: Any, *, listed: bool) -> Iterator[str]:
    kind = message.DESCRIPTOR.name
    if kind == "RangeVar":
        yield message.relname.lower()
    elif kind == "TypeName":
        yield from _custom(message.names)
    elif kind == "FuncCall":
        yield from _custom(message.funcname)
    elif kind == "IndexStmt":
        yield message.idxname.lower()
    elif kind == "RenameStmt":
        yield message.newname.lower()
    elif kind == "String" and listed:
        yield message.sval.lower()
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for child in value if field.is_repeated else [value]:
            yield from _names(child, listed=listed)


def _custom(parts: Any) -> Iterator[str]:
    names = [part.string.sval.lower() for part in parts]
    if names and names[0] != "pg_catalog" and names[-1] not in _BUILT_IN:
        yield names[-1]
