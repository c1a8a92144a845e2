"""What servers refuse because of names and of what depends on them: said by the analysis, and by the server itself."""

from collections.abc import Sequence
from contextlib import closing

import psycopg
import pymysql
import pytest

from conftest import connect
from instar import dialects
from instar.catalog import Schema
from instar.dialects import Dialect

POSTGRESQL = dialects.load("postgresql")
MARIADB = dialects.load("mariadb")
TABLES = """CREATE TABLE customers (id bigint PRIMARY KEY, email text, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, status text, total numeric(10,2), note varchar(20),
  CONSTRAINT fk_orders FOREIGN KEY (customer_id) REFERENCES customers (id));
"""
BASE = f"""{TABLES}CREATE INDEX idx_orders_status ON orders (status);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE VIEW notes AS SELECT o.id, o.note, c.name FROM orders o JOIN customers c ON c.id = o.customer_id;
CREATE TABLE parts (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""
LIVE = [
    ("CREATE TABLE orders (id int)", 'relation "orders" already exists'),
    ("CREATE VIEW orders AS SELECT 1", 'relation "orders" already exists'),
    ("DROP INDEX nope", 'index "nope" does not exist'),
    ("CREATE TYPE mood AS ENUM ('x')", 'type "mood" already exists'),
    ("INSERT INTO orders (nope) VALUES (1)", 'column "nope" of relation "orders" does not exist'),
    ("SELECT nope FROM orders", 'column "nope" does not exist'),
    ("SELECT id FROM orders WHERE nope = 1", 'column "nope" does not exist'),
    ("SELECT * FROM nope", 'relation "nope" does not exist'),
    ("UPDATE orders SET nope = 1", 'column "nope" of relation "orders" does not exist'),
    ("CREATE INDEX CONCURRENTLY i1 ON orders (nope)", 'column "nope" does not exist'),
    ("CREATE INDEX idx_orders_status ON orders (note)", 'relation "idx_orders_status" already exists'),
    ("ALTER TABLE orders RENAME note TO total", 'column "total" of relation "orders" already exists'),
    ("ALTER TABLE orders RENAME nope TO other", 'column "nope" does not exist'),
    ("ALTER TABLE orders RENAME TO customers", 'relation "customers" already exists'),
    ("ALTER TABLE orders ADD COLUMN total int", 'column "total" of relation "orders" already exists'),
    ("ALTER TABLE orders DROP COLUMN nope", 'column "nope" of relation "orders" does not exist'),
    ("DROP TABLE nope", 'table "nope" does not exist'),
    ("DROP VIEW nope", 'view "nope" does not exist'),
    ("ALTER TABLE orders DROP COLUMN note", "cannot drop column note of table orders because other objects depend"),
    ("ALTER TABLE customers DROP COLUMN id", "cannot drop column id of table customers because other objects depend"),
    ("ALTER TABLE orders ALTER COLUMN note TYPE text", "cannot alter type of a column used by a view or rule"),
    ("DROP TABLE customers", "cannot drop table customers because other objects depend on it"),
    ("DROP TABLE orders", "cannot drop table orders because other objects depend on it"),
]
TAKEN = [
    "CREATE TABLE IF NOT EXISTS orders (id int)",
    "CREATE TEMPORARY TABLE orders (id int)",
    "CREATE OR REPLACE VIEW notes AS SELECT o.id, o.note, c.name, 1 AS one FROM orders o, customers c",
    "DROP TABLE IF EXISTS nope",
    "DROP INDEX IF EXISTS nope",
    "DROP TABLE customers, orders CASCADE",
    "DROP TABLE parts",
    "DROP TABLE parts_1",
    "ALTER TABLE orders DROP COLUMN note CASCADE",
    "ALTER TABLE orders DROP COLUMN total, ADD COLUMN total int",
    "ALTER TABLE orders ADD COLUMN IF NOT EXISTS total int",
    "ALTER TABLE orders DROP COLUMN status",
    "ALTER TABLE orders ALTER COLUMN status TYPE varchar(20)",
    "SELECT orders FROM orders",
    "SELECT o, o.id, ctid, xmin FROM orders o",
    "SELECT id AS mine FROM orders ORDER BY mine",
    "SELECT x.id FROM orders x, LATERAL (SELECT x.status AS own) y WHERE own = ''",
    "WITH nope AS (SELECT 1 AS one) SELECT one FROM nope",
    "SELECT count(*) FROM pg_stat_activity",
    "SELECT relname FROM pg_catalog.pg_class",
    "SELECT generate_series FROM generate_series(1, 3)",
    "UPDATE orders o SET note = c.name FROM customers c WHERE c.id = o.customer_id",
    "INSERT INTO orders (id, status) SELECT id, name FROM customers",
    "INSERT INTO orders (id, status) VALUES (1, '') ON CONFLICT (id) DO UPDATE SET status = excluded.status",
    "CREATE INDEX ON orders (status, lower(note))",
    "CREATE TABLE other (LIKE orders)",
    "ALTER TABLE orders RENAME TO orders_old",
    "ALTER SEQUENCE IF EXISTS nope RESTART",
]


def error(dialect: Dialect, text: str, schema: Schema) -> str:
    return dialect.analyse(text, schema).error


def model(dialect: Dialect, script: str) -> Schema:
    schema = dialect.schema()
    for piece in dialect.cut(script):
        text = script[piece.start : piece.end]
        effect = dialect.analyse(text, schema)
        assert not effect.error, effect.error
        dialect.learn(effect, schema, "1")
    return schema


def catalog(dialect: Dialect, url: str, script: str) -> Schema:
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        for piece in dialect.cut(script):
            cursor.execute(script[piece.start : piece.end])
    with closing(dialect.connect(url, dialects.Settings())) as session:
        return session.catalog()


def said(url: str, text: str) -> str:
    """Return what the server says of a statement that is undone at once; "" where it takes it."""
    with psycopg.connect(url, autocommit="CONCURRENTLY" in text) as connection:
        try:
            connection.execute(text.encode())
        except psycopg.Error as refused:
            return str(refused).splitlines()[0]
        connection.rollback()
    return ""


def test_what_the_live_catalog_tells_is_what_the_server_says(postgresql: str) -> None:
    schema = catalog(POSTGRESQL, postgresql, BASE)
    for text, message in LIVE:
        assert message in said(postgresql, text), text
        assert message in error(POSTGRESQL, text, schema), text


def test_what_the_server_takes_is_not_refused(postgresql: str) -> None:
    schema, replayed = catalog(POSTGRESQL, postgresql, BASE), model(POSTGRESQL, BASE)
    for text in TAKEN:
        assert not said(postgresql, text), text
        assert not error(POSTGRESQL, text, schema), text
        assert not error(POSTGRESQL, text, replayed), text


def test_the_replayed_model_tells_what_migrations_have_made() -> None:
    schema = model(POSTGRESQL, BASE)
    absent = {text for text, message in LIVE if "relation" not in message and message.endswith('nope" does not exist')}
    absent.add("SELECT * FROM nope")
    for text, message in LIVE:
        known = text not in absent or text.startswith(("SELECT nope", "SELECT id", "CREATE INDEX", "ALTER TABLE"))
        assert (message in error(POSTGRESQL, text, schema)) is known, text
        assert known or not error(POSTGRESQL, text, schema), text


@pytest.mark.parametrize(
    "before",
    [
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'orders'; END $$;",
        "CREATE EXTENSION postgis;",
        "CALL rebuild();",
        "ALTER TABLE elsewhere ADD COLUMN x int;",
    ],
)
def test_what_nobody_can_foresee_makes_everything_uncertain(before: str) -> None:
    schema = model(POSTGRESQL, BASE + before)
    for text in ("CREATE TABLE orders (id int)", "ALTER TABLE orders DROP COLUMN nope"):
        assert not error(POSTGRESQL, text, schema)


def test_a_table_that_no_migration_made_may_have_any_column() -> None:
    schema = model(POSTGRESQL, "ALTER TABLE orders ADD COLUMN sent date;")
    for text in ("ALTER TABLE orders DROP COLUMN nope", "CREATE TABLE orders (id int)", "SELECT nope FROM orders"):
        assert not error(POSTGRESQL, text, schema)


MARIADB_REFUSED = [
    ("CREATE TABLE orders (id int)", "Table 'orders' already exists"),
    ("ALTER TABLE orders ADD COLUMN Total int", "Duplicate column name 'Total'"),
    ("ALTER TABLE orders DROP COLUMN nope", "check that it exists"),
    ("ALTER TABLE nope ADD COLUMN x int", "doesn't exist"),
    ("DROP TABLE nope", "Unknown table"),
    ("RENAME TABLE orders TO customers", "already exists"),
]
MARIADB_TAKEN = [
    "CREATE TABLE IF NOT EXISTS orders (id int)",
    "CREATE TEMPORARY TABLE orders (id int)",
    "DROP TABLE IF EXISTS nope",
    "ALTER TABLE IF EXISTS nope ADD COLUMN x int",
    "ALTER TABLE orders DROP COLUMN IF EXISTS nope",
    "ALTER TABLE orders ADD COLUMN IF NOT EXISTS total int",
    "ALTER TABLE orders CHANGE COLUMN total amount int, ADD COLUMN total int",
    "RENAME TABLE orders TO one, customers TO orders, one TO customers",
]


def answer(url: str, text: str) -> str:
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        try:
            cursor.execute(text)
        except pymysql.MySQLError as refused:
            return str(refused.args[1])
    return ""


def checked(url: str, cases: Sequence[tuple[str, str]]) -> None:
    schema = catalog(MARIADB, url, TABLES)
    for text, message in cases:
        assert message in answer(url, text), text
        assert message in error(MARIADB, text, schema), text


@pytest.mark.mariadb
def test_mariadb_refuses_what_is_there_or_is_not(mariadb: str) -> None:
    checked(mariadb, MARIADB_REFUSED)


@pytest.mark.mariadb
@pytest.mark.parametrize("text", MARIADB_TAKEN)
def test_mariadb_takes_the_rest(mariadb: str, text: str) -> None:
    schema = catalog(MARIADB, mariadb, TABLES)
    assert not answer(mariadb, text), text
    assert not error(MARIADB, text, schema)
    assert not error(MARIADB, text, model(MARIADB, TABLES))


def test_mariadb_knows_nothing_of_other_databases_and_of_temporary_tables() -> None:
    schema = Schema(complete=True, live=True, default="")
    assert not error(MARIADB, "ALTER TABLE other.nope ADD COLUMN x int", schema)
    MARIADB.learn(MARIADB.analyse("CREATE TEMPORARY TABLE scratch (id int)", schema), schema, "1")
    assert not error(MARIADB, "ALTER TABLE scratch ADD COLUMN x int", schema)
    assert not error(MARIADB, "DROP TABLE scratch", schema)
