"""Which objects a PostgreSQL statement names, by its parse tree; None wherever it may do more than it says."""

from collections.abc import Iterator
from typing import Any

# What these do is what they name. Every other kind of statement is taken to touch anything.
_PLAIN = frozenset(
    {
        "create_stmt", "index_stmt", "alter_table_stmt", "rename_stmt", "drop_stmt", "view_stmt",
        "create_enum_stmt", "alter_enum_stmt", "composite_type_stmt", "create_seq_stmt", "alter_seq_stmt",
        "comment_stmt", "insert_stmt", "update_stmt", "delete_stmt", "select_stmt", "truncate_stmt",
        "create_table_as_stmt", "refresh_mat_view_stmt", "create_stats_stmt", "vacuum_stmt", "lock_stmt",
        "create_policy_stmt", "alter_policy_stmt",
    }
)  # fmt: skip
_DROPPED_BY_NAME = frozenset(
    {
        "OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_TYPE",
        "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE", "OBJECT_STATISTIC_EXT",
    }
)  # fmt: skip
_LISTS_OF_NAMES = frozenset({"drop_stmt", "comment_stmt", "alter_enum_stmt", "create_enum_stmt", "create_stats_stmt"})
# Types that every database has: sharing one is no conflict.
_BUILT_IN = frozenset(
    {
        "text", "json", "jsonb", "uuid", "bytea", "date", "inet", "cidr", "macaddr", "money", "name", "oid", "xml",
        "tsvector", "tsquery", "timestamptz", "citext", "serial", "bigserial", "smallserial", "point", "polygon",
        "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange",
    }
)  # fmt: skip
# Functions of PostgreSQL's own that change nothing. A call of any other may do anything.
_HARMLESS = frozenset(
    {
        "now", "clock_timestamp", "statement_timestamp", "gen_random_uuid", "uuidv7", "lower", "upper", "trim",
        "btrim", "ltrim", "rtrim", "length", "concat", "concat_ws", "coalesce", "nullif", "greatest", "least",
        "count", "sum", "min", "max", "avg", "array_agg", "string_agg", "json_agg", "jsonb_agg",
        "jsonb_build_object", "json_build_object", "to_tsvector", "to_char", "to_date", "to_timestamp",
        "date_trunc", "date_part", "extract", "age", "substring", "substr", "split_part", "replace",
        "regexp_replace", "md5", "sha256", "round", "floor", "ceil", "abs", "random", "generate_series",
        "row_number", "unnest", "array_length", "cardinality", "format", "left", "right", "position", "nextval",
        "timezone", "make_date",
    }
)  # fmt: skip


class _OpaqueError(Exception):
    """The statement can do more than it says."""


def touched(text: str) -> frozenset[str] | None:
    """Return lower-case names without schema, or None when the statement can do more than it says."""
    import postgast

    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError:
        return None
    names: set[str] = set()
    try:
        for raw in tree.stmts:
            names.update(_of_statement(raw.stmt))
    except _OpaqueError:
        return None
    return frozenset(names)


def _of_statement(node: Any) -> Iterator[str]:
    kind = node.WhichOneof("node")
    if kind not in _PLAIN:
        raise _OpaqueError
    if kind == "drop_stmt" and _object_type(node.drop_stmt) not in _DROPPED_BY_NAME:
        raise _OpaqueError
    yield from _names(getattr(node, kind), listed=kind in _LISTS_OF_NAMES)


def _object_type(drop: Any) -> str:
    field = drop.DESCRIPTOR.fields_by_name["remove_type"]
    return str(field.enum_type.values_by_number[drop.remove_type].name)


def _names(message: Any, *, listed: bool) -> Iterator[str]:
    kind = message.DESCRIPTOR.name
    _refuse_cascade(message)
    if kind == "RangeVar":
        yield message.relname.lower()
    elif kind == "TypeName":
        yield from _custom(message.names)
    elif kind == "FuncCall":
        _refuse_unknown(message.funcname)
    elif kind in {"IndexStmt", "RenameStmt"}:
        yield _own_name(message)
    elif kind == "String" and listed:
        yield message.sval.lower()
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in value if field.is_repeated else [value]:
                yield from _names(child, listed=listed)


def _own_name(message: Any) -> str:
    if message.DESCRIPTOR.name == "IndexStmt":
        return str(message.idxname.lower())
    if not message.HasField("relation"):
        raise _OpaqueError
    return str(message.newname.lower())


def _refuse_cascade(message: Any) -> None:
    field = message.DESCRIPTOR.fields_by_name.get("behavior")
    if field is None or field.enum_type is None:
        return
    if field.enum_type.values_by_number[message.behavior].name == "DROP_CASCADE":
        raise _OpaqueError


def _refuse_unknown(parts: Any) -> None:
    names = [part.string.sval.lower() for part in parts]
    if names and names[0] != "pg_catalog" and names[-1] not in _HARMLESS:
        raise _OpaqueError


def _custom(parts: Any) -> Iterator[str]:
    names = [part.string.sval.lower() for part in parts]
    if names and names[0] != "pg_catalog" and names[-1] not in _BUILT_IN:
        yield names[-1]
