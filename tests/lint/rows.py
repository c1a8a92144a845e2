"""Rows for the tables of an example: values by type, so that keys are kept and foreign keys find what they look for."""

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

import psycopg
import pymysql
from msgspec import Struct
from psycopg import sql

COUNT = 2000
"""How many rows a table gets on PostgreSQL."""
FEW = 200
"""How many it gets elsewhere."""

_TABLES = """
SELECT c.oid::int8, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid) ORDER BY c.oid
"""
_COLUMNS = """
SELECT a.attname, coalesce(format_type(nullif(t.typbasetype, 0), t.typtypmod), format_type(a.atttypid, a.atttypmod)),
       t.typtype = 'e', a.attnotnull AND NOT a.atthasdef, coalesce(pg_get_serial_sequence(%s, a.attname), '')
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""
_EACH = """
DO $fill$ BEGIN FOR g IN 1..{count} LOOP BEGIN
  INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values});
EXCEPTION WHEN integrity_constraint_violation THEN NULL; END; END LOOP; END $fill$
"""
_VALUES = (
    (r".*\[\]$", "'{{}}'::{type}"),
    (r"smallint", "(g % 30000)::smallint"),
    (r"integer|bigint|oid", "g::{type}"),
    (r"numeric|real|double precision|money", "(g % 100)::numeric::{type}"),
    (r"boolean", "g % 2 = 0"),
    (r"character|text|citext|name", "substr('x' || g, 1, {width})::{type}"),
    (r"date", "DATE '2024-01-01' + (g % 300)::int"),
    (r"timestamp", "TIMESTAMP '2024-01-01' + g * INTERVAL '1 minute'"),
    (r"time", "TIME '00:00' + g * INTERVAL '1 second'"),
    (r"interval", "g * INTERVAL '1 second'"),
    (r"uuid", "md5(g::text)::uuid"),
    (r"jsonb?", "'{{\"a\": 1}}'::{type}"),
    (r"inet|cidr", "('10.0.' || (g / 250) % 250 || '.' || g % 250)::{type}"),
    (r"bytea", "g::text::bytea"),
    (r"point", "point(g, g)"),
    (r"int4range|int8range|numrange", "{type}(g, g + 1)"),
    (r"daterange", "daterange(DATE '2000-01-01' + g::int, DATE '2000-01-01' + (g + 1)::int)"),
    (r"ts(tz)?range", "{type}(TIMESTAMP '2024-01-01' + g * INTERVAL '1 h', TIMESTAMP '2024-01-01' + (g + 1) * INTERVAL '1 h')"),  # noqa: E501
    (r"tsvector", "to_tsvector('simple', g::text)"),
    (r"bit\((\d+)\)", "g::bit({width})"),
)  # fmt: skip


class Field(Struct, frozen=True):
    """A column to fill: `type` with its modifiers; `needed` when it can be neither NULL nor left to its default."""

    name: str
    type: str
    enum: bool
    needed: bool
    sequence: str


def fill(connection: psycopg.Connection[Any]) -> None:
    """Fill every table of the users, those that others reference first."""
    waiting = [(oid, sql.Identifier(schema, name)) for oid, schema, name in connection.execute(_TABLES.encode())]
    for _ in range(len(waiting)):
        waiting = [(oid, name) for oid, name in waiting if not _filled(connection, oid, name)]
    assert not waiting, f"no rows fit {', '.join(name.as_string() for _, name in waiting)}: give the rule ROWS"
    views = connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm'").fetchall()
    for (view,) in views:
        connection.execute(f"REFRESH MATERIALIZED VIEW {view}".encode())
    connection.execute("ANALYZE")


def _filled(connection: psycopg.Connection[Any], oid: int, table: sql.Identifier) -> bool:
    shown = table.as_string()
    columns = [Field(*row) for row in connection.execute(_COLUMNS, (shown, oid)).fetchall()]
    needed = [item for item in columns if item.needed]
    if not columns:
        return True
    ways = [(columns, False), (needed, False), (columns, True), (needed, True)]
    return any(_inserted(connection, shown, fields, one_by_one=each) for fields, each in ways if fields)


def _inserted(connection: psycopg.Connection[Any], table: str, fields: Sequence[Field], *, one_by_one: bool) -> bool:
    names = ", ".join(sql.Identifier(item.name).as_string() for item in fields)
    values = ", ".join(_value(connection, item) for item in fields)
    text = f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM generate_series(1, {COUNT}) g"
    if one_by_one:
        text = _EACH.format(count=COUNT, table=table, columns=names, values=values)
    try:
        connection.execute(text.encode())
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        return False
    for item in fields:
        if item.sequence:
            connection.execute("SELECT setval(%s, %s)", (item.sequence, COUNT))
    row = connection.execute(f"SELECT FROM {table} LIMIT 1".encode()).fetchone()
    return row is not None


def _value(connection: psycopg.Connection[Any], item: Field) -> str:
    if item.enum:
        labels = f"enum_range(NULL::{item.type})"
        return f"({labels})[1 + g % array_length({labels}, 1)]"
    width = re.search(r"\((\d+)\)", item.type)
    for pattern, value in _VALUES:
        if re.match(pattern, item.type):
            return value.format(type=item.type, width=width[1] if width else 30)
    return "NULL"


def fill_mariadb(connection: "pymysql.Connection[Any]") -> None:
    """Fill every table of a MariaDB database."""
    cursor = connection.cursor()
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = database() "
                   "AND table_type = 'BASE TABLE' ORDER BY create_time, table_name")  # fmt: skip
    names = [row[0] for row in cursor.fetchall()]
    cursor.execute("SET foreign_key_checks = 0")
    for name in names:
        cursor.execute(
            "SELECT column_name, data_type, coalesce(character_maximum_length, 30), column_type "
            "FROM information_schema.columns WHERE table_schema = database() AND table_name = %s "
            "AND coalesce(generation_expression, '') = '' ORDER BY ordinal_position",
            (name,),
        )
        columns = cursor.fetchall()
        values = ", ".join(_mariadb_value(str(kind), int(width), str(full)) for _, kind, width, full in columns)
        listed = ", ".join(f"`{column[0]}`" for column in columns)
        cursor.execute(
            f"INSERT IGNORE INTO `{name}` ({listed}) SELECT {values} FROM (SELECT seq AS g FROM seq_1_to_{FEW}) s"
        )
    cursor.execute("SET foreign_key_checks = 1")


def _mariadb_value(kind: str, width: int, full: str) -> str:
    if kind in {"enum", "set"}:
        return full[full.index("(") + 1 :].split(",", maxsplit=1)[0].rstrip(")")
    if kind in {"tinyint", "year", "bit"}:
        return "g % 2"
    if kind in {"date", "datetime", "timestamp"}:
        return "TIMESTAMP('2024-01-01') + INTERVAL g MINUTE"
    if kind == "time":
        return "SEC_TO_TIME(g)"
    if kind in {"json", "longtext"}:
        return "'{}'"
    return f"LEFT(CONCAT('x', g), {width})" if "char" in kind or "text" in kind or "blob" in kind else "g"


def fill_sqlite(connection: sqlite3.Connection) -> None:
    """Fill every table of a SQLite file."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for name in names:
        if name.startswith("sqlite_"):
            continue
        fields = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
        values = ", ".join(_sqlite_value(str(item[2]).lower()) for item in fields)
        listed = ", ".join(f'"{item[1]}"' for item in fields)
        connection.execute(
            f"WITH RECURSIVE n(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < {FEW}) "
            f'INSERT OR IGNORE INTO "{name}" ({listed}) SELECT {values} FROM n'
        )


def _sqlite_value(kind: str) -> str:
    if "char" in kind or "text" in kind or "clob" in kind:
        return "'x' || g"
    return "date('2024-01-01', g || ' days')" if "date" in kind or "time" in kind else "g"
