"""What the model knows of names that no migration has made: absent for certain, or nobody can say."""

import pytest

from instar import dialects
from instar.catalog import Schema
from instar.effects import Effect

DIALECT = dialects.load("postgresql")
SHOP = "CREATE SCHEMA app; CREATE TABLE app.orders (id bigint PRIMARY KEY, total numeric); CREATE TABLE users (id int);"
ASKED = [
    "DROP TABLE IF EXISTS app.nothing CASCADE",
    "DROP INDEX IF EXISTS app.nothing",
    "DROP SEQUENCE IF EXISTS nothing",
    "DROP TRIGGER IF EXISTS touch ON app.nothing",
    "ALTER TABLE IF EXISTS app.nothing ADD COLUMN note text DEFAULT random()::text",
    "ALTER TABLE IF EXISTS nothing RENAME TO something",
    "ALTER TABLE IF EXISTS nothing RENAME COLUMN a TO b",
    "ALTER TABLE IF EXISTS nothing SET SCHEMA app",
    "ALTER INDEX IF EXISTS nothing RENAME TO something",
    "ALTER INDEX IF EXISTS nothing SET (fillfactor = 50)",
    "ALTER SEQUENCE IF EXISTS nothing INCREMENT BY 2",
]
"""Statements that lock what they name, if it is there."""


def replayed(script: str) -> Schema:
    schema = DIALECT.schema()
    for number, piece in enumerate(DIALECT.cut(script)):
        DIALECT.learn(DIALECT.analyse(script[piece.start : piece.end], schema), schema, str(number + 1))
    return schema


def asked(text: str, history: str) -> Effect:
    return DIALECT.analyse(text, replayed(history))


@pytest.mark.parametrize("text", ASKED)
def test_what_no_migration_of_a_whole_history_has_made_is_not_locked(text: str) -> None:
    effect = asked(text, SHOP)
    assert (effect.locks, effect.work, effect.error) == ((), (), "")


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize(
    "more",
    [
        pytest.param("DO $$ BEGIN EXECUTE 'CREATE TABLE ' || current_user || ' (id int)'; END $$;", id="dynamic SQL"),
        pytest.param("CALL make_partitions();", id="a procedure that is not known"),
        pytest.param("CREATE EXTENSION postgis;", id="an extension with relations"),
        pytest.param("ALTER EXTENSION citext UPDATE;", id="an extension that becomes another"),
        pytest.param("IMPORT FOREIGN SCHEMA public FROM SERVER other INTO app;", id="a foreign schema"),
        pytest.param("ALTER TABLE customers ADD COLUMN phone text;", id="a table from before was altered"),
        pytest.param("CREATE INDEX ON customers (phone);", id="a table from before got an index"),
        pytest.param("ALTER TABLE users ADD FOREIGN KEY (id) REFERENCES customers;", id="one from before is needed"),
        pytest.param("CREATE VIEW names AS SELECT name FROM customers;", id="a table from before is read"),
        pytest.param("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE TABLE t (id int)';", id="one makes"),
        pytest.param("CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS "
                     "$$ BEGIN EXECUTE 'CREATE TABLE ' || t; END $$;", id="a function builds SQL"),
        pytest.param("CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS $$ run() $$;", id="a function in Python"),
    ],
)  # fmt: skip
def test_what_may_have_been_made_unseen_is_taken_to_be_there(text: str, more: str) -> None:
    assert asked(text, SHOP + more).locks


@pytest.mark.parametrize("text", ASKED)
def test_a_history_that_has_made_nothing_yet_tells_nothing(text: str) -> None:
    assert asked(text, "").locks


@pytest.mark.parametrize(
    "more",
    [
        "CREATE EXTENSION pgcrypto;",
        "DO $$ BEGIN EXECUTE 'CREATE TABLE logs (id int)'; END $$;",
        "CREATE VIEW running AS SELECT pid FROM pg_stat_activity;",
        "CREATE MATERIALIZED VIEW app.totals AS SELECT sum(total) FROM app.orders;",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "ALTER TABLE IF EXISTS elsewhere ADD COLUMN note text;",
    ],
)
def test_what_makes_nothing_unseen_leaves_no_doubt(more: str) -> None:
    assert not asked("DROP TABLE IF EXISTS app.nothing", SHOP + more).locks


def test_without_if_exists_the_model_calls_nothing_missing() -> None:
    effect = asked("ALTER TABLE app.nothing ADD COLUMN note text", SHOP)
    assert effect.error == ""
    assert effect.locks


def test_after_code_that_may_have_made_anything_nothing_is_known_to_be_absent() -> None:
    schema = replayed(SHOP)
    schema.complete = False
    assert DIALECT.analyse("DROP TABLE IF EXISTS nothing", schema).locks
    assert DIALECT.analyse("DROP TABLE IF EXISTS nothing", schema.branch()).locks
