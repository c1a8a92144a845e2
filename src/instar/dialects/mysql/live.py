"""The live catalog of a MySQL or MariaDB database."""

from collections.abc import Callable, Iterator
from itertools import groupby

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Schema, Table
from instar.dialects.mysql.analysis import types
from instar.dialects.mysql.analysis.elements import PRIMARY
from instar.dialects.mysql.analysis.need import Engine
from instar.dialects.mysql.server import Flavour
from instar.errors import DatabaseError

Row = tuple[object, ...]
Query = Callable[..., list[Row]]

_TABLES = """
SELECT table_name, table_type, table_rows, data_length, engine, table_collation, row_format, create_options
FROM information_schema.tables WHERE table_schema = %s
"""
_COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_default, extra, collation_name, generation_expression
FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, ordinal_position
"""
_INDEXES = """
SELECT table_name, index_name, column_name, non_unique, index_type
FROM information_schema.statistics WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index
"""
_FOREIGN = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
       k.referenced_column_name, r.delete_rule
FROM information_schema.key_column_usage k
JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE k.table_schema = %s AND k.referenced_table_name IS NOT NULL
ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
_CHECKS = {
    True: "SELECT table_name, constraint_name, check_clause, 'YES' FROM information_schema.check_constraints "
    "WHERE constraint_schema = %s",
    False: "SELECT t.table_name, t.constraint_name, c.check_clause, t.enforced "
    "FROM information_schema.table_constraints t JOIN information_schema.check_constraints c "
    "ON c.constraint_schema = t.constraint_schema AND c.constraint_name = t.constraint_name "
    "WHERE t.constraint_schema = %s AND t.constraint_type = 'CHECK'",
}
_TRIGGERS = """
SELECT event_object_table, trigger_name FROM information_schema.triggers WHERE event_object_schema = %s
"""
_SIZES = """
SELECT table_name, index_name, stat_value * @@innodb_page_size FROM mysql.innodb_index_stats
WHERE database_name = %s AND stat_name = 'size'
"""


def catalog(query: Query, flavour: Flavour, database: str) -> Schema:
    """Read what `database` holds, with InnoDB's estimates of rows and sizes."""
    found = Schema(complete=True, live=True, default="")
    found.version = flavour.version
    columns = _by_table(query(_COLUMNS, (database,)))
    indexes = _by_table(query(_INDEXES, (database,)))
    foreign = _by_table(query(_FOREIGN, (database,)))
    checks = _by_table(query(_CHECKS[flavour.mariadb], (database,)))
    triggers = _by_table(query(_TRIGGERS, (database,)))
    sizes = _sizes(query, database)
    engine = Engine(flavour.mariadb, flavour.version)
    for row in query(_TABLES, (database,)):
        name = str(row[0])
        made = tuple(_indexes(name, indexes.get(name, []), sizes))
        keys = tuple(_keys(made))
        table = replace(
            _table(row),
            columns=tuple(_column(item, engine) for item in columns.get(name, [])),
            indexes=made,
            constraints=(*keys, *_foreign_keys(foreign.get(name, []), database), *_checks(checks.get(name, []))),
            triggers=tuple(str(item[1]) for item in triggers.get(name, [])),
        )
        found.put(table)
    return found


def _by_table(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row[0]), []).append(row)
    return found


def _sizes(query: Query, database: str) -> dict[tuple[str, str], int]:
    """Return indexes' sizes; without the right to see them, nothing."""
    try:
        rows = query(_SIZES, (database,))
    except DatabaseError as error:
        if error.connection_lost:
            raise
        return {}
    return {(str(table), str(index)): int(str(size)) for table, index, size in rows}


def _table(row: Row) -> Table:
    name, kind, rows, size, engine, collation, row_format, options = row
    given = {
        "engine": str(engine or "").lower(),
        "charset": types.charset(str(collation or "")),
        "collate": str(collation or ""),
        "row_format": str(row_format or "").lower(),
        "partitioned": "yes" if "partitioned" in str(options or "") else "",
    }
    return Table(
        str(name),
        "view" if "VIEW" in str(kind) else "sequence" if kind == "SEQUENCE" else "table",
        rows=None if rows is None else float(str(rows)),
        size=None if size is None else int(str(size)),
        options=tuple(f"{key}={value}" for key, value in given.items() if value),
    )


def _column(row: Row, engine: Engine) -> Column:
    _, name, shown, nullable, default, extra, collation, expression = row
    said = str(extra or "").lower()
    generated = "stored" if "stored generated" in said else "virtual" if "virtual generated" in said else ""
    spelled = types.spelled(_text(shown), mariadb=engine.mariadb)
    numeric = types.kind(spelled).base not in types.TEXT
    return Column(
        str(name),
        spelled,
        nullable=nullable == "YES",
        default="" if generated else _default(default, said, mariadb=engine.mariadb, numeric=numeric),
        identity="auto_increment" in said,
        generated=generated,
        collation=str(collation or ""),
        expression=_text(expression) if generated else "",
    )


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _default(value: object, extra: str, *, mariadb: bool, numeric: bool) -> str:
    """MariaDB shows an expression, MySQL a bare value unless `extra` says DEFAULT_GENERATED."""
    if value is None or (mariadb and value == "NULL"):
        return ""
    shown = _text(value)
    if mariadb:
        return shown
    if "default_generated" in extra:
        return shown.lower() + ("()" if shown.upper() == "CURRENT_TIMESTAMP" else "")
    return shown if numeric else "'" + shown.replace("'", "''") + "'"


def _indexes(table: str, rows: list[Row], sizes: dict[tuple[str, str], int]) -> Iterator[Index]:
    for name, group in groupby(rows, key=lambda row: str(row[1])):
        parts = list(group)
        columns = tuple("" if row[2] is None else str(row[2]) for row in parts)
        unique = str(parts[0][3]) == "0"
        yield Index(
            name,
            table,
            columns,
            unique=unique,
            primary=name == PRIMARY,
            uses=frozenset(column for column in columns if column),
            method=str(parts[0][4]).lower(),
            constraint=name if unique else "",
            size=sizes.get((table, name)),
        )


def _keys(indexes: tuple[Index, ...]) -> Iterator[Constraint]:
    for index in indexes:
        if index.unique:
            kind = ConstraintKind.PRIMARY_KEY if index.primary else ConstraintKind.UNIQUE
            yield Constraint(index.name, kind, index.columns, index=index.name)


def _foreign_keys(rows: list[Row], database: str) -> Iterator[Constraint]:
    for name, group in groupby(rows, key=lambda row: str(row[1])):
        parts = list(group)
        place, target = str(parts[0][3]), str(parts[0][4])
        action = str(parts[0][6]).lower()
        yield Constraint(
            name,
            ConstraintKind.FOREIGN_KEY,
            tuple(str(row[2]) for row in parts),
            references=target if place == database else f"{place}.{target}",
            referenced=tuple(str(row[5]) for row in parts),
            on_delete="" if action in {"restrict", "no action"} else action,
        )


def _checks(rows: list[Row]) -> Iterator[Constraint]:
    for _, name, clause, enforced in rows:
        yield Constraint(str(name), ConstraintKind.CHECK, expression=_text(clause), enforced=enforced == "YES")
