"""Rows for every empty table: what the server takes, what it refuses, and that it is the same at every run."""

from collections.abc import Callable

import pytest
from rows_steps import load, open_session, zoo

from conftest import query
from instar import rows
from instar.errors import DatabaseError

REFUSED = {
    "postgresql": {
        "public.nopart": "it has no partition",
        "public.refusing": "not today",
        "public.hard_a": "hard_a_b_id_fkey to public.hard_b is part of a circle, and cannot be NULL",
        "public.hard_b": "it refers to public.hard_a, which has no row",
    },
    "mariadb": {"refusing": "not today"},
    "sqlite": {"refusing": "not today"},
}


def filled(url: str, number: int = 20, seed: int = 0) -> rows.Filled:
    with open_session(url) as (session, dialect):
        return rows.fill(session, dialect, rows=number, seed=seed)


def test_every_table_that_can_be_filled_has_all_rows(database: str) -> None:
    made = filled(zoo(database))
    assert {part.table: part.reason for part in made.left} == REFUSED[database.partition(":")[0]]
    assert {part.table: (part.rows, part.reason) for part in made.filled if part.rows != 20 or part.reason} == {}


def test_the_server_holds_the_rows_that_are_told(database: str) -> None:
    made = filled(zoo(database), 7)
    mark = "`" if database.startswith("mariadb") else '"'
    # A trigger adds to one, and the other holds the rows of the table that inherits from it.
    for part in [part for part in made.filled if part.table not in {"public.audit", "public.inh"}]:
        name = ".".join(mark + word.replace(mark, mark * 2) + mark for word in part.table.split("."))
        assert query(database, f"SELECT count(*) FROM {name}") == [(7,)]


def test_the_same_seed_gives_the_same_rows_and_another_one_others(sqlite: str) -> None:
    filled(zoo(sqlite), seed=3)
    before = content(sqlite)
    load(sqlite, "DELETE FROM nokey; DELETE FROM strict_one;")
    filled(sqlite, seed=3)
    assert rows.compare(before, content(sqlite)) == []
    load(sqlite, "DELETE FROM nokey;")
    filled(sqlite, seed=4)
    assert {item.table for item in rows.compare(before, content(sqlite))} == {"nokey"}


@pytest.mark.parametrize("server", ["postgresql-15", "postgresql-18", "mariadb", "sqlite"])
def test_two_databases_of_one_schema_get_the_same_rows(fresh: Callable[[str], str], server: str) -> None:
    first, second = zoo(fresh(server)), zoo(fresh(server))
    filled(first)
    filled(second)
    assert rows.compare(content(first), content(second)) == []


def content(url: str) -> rows.Fingerprints:
    with open_session(url) as (session, dialect):
        return rows.fingerprints(session, dialect)


def test_tables_that_hold_rows_and_those_of_tools_are_left_alone(database: str) -> None:
    load(
        database,
        "CREATE TABLE full_one (id int); INSERT INTO full_one VALUES (7); CREATE TABLE alembic_version (v varchar(9));"
        "CREATE TABLE left_out (id int); CREATE TABLE schema_migrations (version varchar(9)); CREATE TABLE t (id int);",
    )
    with open_session(database) as (session, dialect):
        made = rows.fill(session, dialect, rows=2, skip={"left_out"})
    assert [(part.table.rpartition(".")[2], part.rows) for part in made.parts] == [("t", 2)]
    assert query(database, "SELECT * FROM full_one") == [(7,)]


def test_nullable_columns_are_null_in_some_rows_only(database: str) -> None:
    load(database, "CREATE TABLE t (id int PRIMARY KEY, a varchar(30));")
    filled(database, 40)
    ((nulls, values),) = query(database, "SELECT count(*) - count(a), count(a) FROM t")
    assert nulls > 0
    assert values > 20


def test_a_default_is_sometimes_used(database: str) -> None:
    load(database, "CREATE TABLE t (id int PRIMARY KEY, a varchar(30) NOT NULL DEFAULT 'usual');")
    filled(database, 10)
    ((usual,),) = query(database, "SELECT count(*) FROM t WHERE a = 'usual'")
    assert usual == 5


def test_references_in_a_circle_and_to_the_own_table_are_filled_in_afterwards(database: str) -> None:
    load(
        database,
        "CREATE TABLE people (id int PRIMARY KEY, boss int, FOREIGN KEY (boss) REFERENCES people (id));",
    )
    filled(database, 6)
    assert query(database, "SELECT count(boss) FROM people") == [(3,)]


def test_an_open_transaction_stays_open_and_can_take_the_rows_back(database: str) -> None:
    load(database, "CREATE TABLE t (id int PRIMARY KEY);")
    with open_session(database) as (session, dialect):
        session.query(dialect.begin)
        assert rows.fill(session, dialect, rows=3).parts[0].rows == 3
        assert session.in_transaction()
        session.query("ROLLBACK")
    assert query(database, "SELECT count(*) FROM t") == [(0,)]


def test_on_an_error_nothing_is_left(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE TABLE a (id int); CREATE TABLE b (id int);"
        "CREATE FUNCTION dying() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;"
        "CREATE TRIGGER dying BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION dying();",
    )
    with open_session(postgresql) as (session, dialect), pytest.raises(DatabaseError) as caught:
        rows.fill(session, dialect)
    assert caught.value.connection_lost
    assert query(postgresql, "SELECT count(*) FROM a") == [(0,)]


def test_triggers_run_and_tables_that_they_fill_are_told(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE TABLE a (id int); CREATE TABLE b_log (id int);"
        "CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO b_log VALUES (NEW.id); RETURN NEW; END $$;"
        "CREATE TRIGGER logs AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION logs();",
    )
    assert [(part.table, part.rows) for part in filled(postgresql, 5).parts] == [("public.a", 5), ("public.b_log", 5)]


def test_a_trigger_that_refuses_at_the_end_of_the_transaction_is_told(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE TABLE a (id int); CREATE TABLE b (id int);"
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$;"
        "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION no();",
    )
    assert filled(postgresql, 5).parts == (rows.Part("public.a", 0, "too late"), rows.Part("public.b", 5))
    assert query(postgresql, "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == [(0, 5)]


def test_a_circle_with_a_table_that_refuses_is_told(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);"
        "CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a DEFERRABLE, CHECK (false));"
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE; CREATE TABLE c (id int REFERENCES a, x int);",
    )
    made = filled(postgresql, 5)
    assert [(part.table, part.rows) for part in made.parts] == [("public.a", 0), ("public.b", 0), ("public.c", 5)]
    assert made.parts[0].reason == "a_b_fkey to public.b is part of a circle, and cannot be NULL"


def test_a_circle_in_sqlite_with_a_table_that_refuses_is_told(sqlite: str) -> None:
    load(
        sqlite,
        "CREATE TABLE a (id integer PRIMARY KEY, b int NOT NULL REFERENCES b (id));"
        "CREATE TABLE b (id integer PRIMARY KEY, a int NOT NULL REFERENCES a (id), CHECK (id < 0 AND id > 0));",
    )
    with open_session(sqlite) as (session, dialect):
        session.query("PRAGMA foreign_keys = ON")
        made = rows.fill(session, dialect)
    assert [part.rows for part in made.parts] == [0, 0]
    assert query(sqlite, "SELECT count(*) FROM a") == [(0,)]


def test_a_deferrable_reference_to_the_own_row(postgresql: str) -> None:
    load(postgresql, "CREATE TABLE t (id serial PRIMARY KEY, me int NOT NULL REFERENCES t DEFERRABLE)")
    assert filled(postgresql, 5).parts == (rows.Part("public.t", 5),)


def test_forced_row_security_refuses_and_is_told(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;"
        "ALTER TABLE t OWNER TO pg_monitor;",
    )
    with open_session(postgresql) as (session, dialect):
        session.query("SET ROLE pg_monitor")
        (part,) = rows.fill(session, dialect).parts
    assert (part.rows, part.reason) == (0, 'new row violates row-level security policy for table "t"')


def test_the_one_column_that_the_server_refuses_is_left_null(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE FUNCTION odd(text) RETURNS bool LANGUAGE sql AS 'SELECT $1 = md5(''x'')';"
        "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b text CHECK (odd(b)), c text);",
    )
    (part,) = filled(postgresql).parts
    reason = 'its column b is NULL in all: new row for relation "t" violates check constraint "t_b_check"'
    assert part == rows.Part("public.t", 20, reason)
    assert query(postgresql, "SELECT count(a), count(b), count(c) > 10 FROM t") == [(20, 0, True)]


@pytest.mark.parametrize("name", ["citext", "hstore", "btree_gist", "ltree", "cube"])
def test_types_of_extensions(postgresql: str, name: str) -> None:
    if not query(postgresql, f"SELECT 1 FROM pg_available_extensions WHERE name = '{name}'"):
        pytest.skip(f"{name} is not installed")
    column = "x int, EXCLUDE USING gist (x WITH =, r WITH &&)" if name == "btree_gist" else f"x {name} NOT NULL"
    load(postgresql, f"CREATE EXTENSION {name}; CREATE TABLE t (r int4range, {column});")
    assert filled(postgresql).parts == (rows.Part("public.t", 20),)


@pytest.mark.parametrize(
    "check",
    [
        "n BETWEEN 10 AND 12", "n > 5 AND n <= 9", "n IN (3, 5)", "n = ANY (ARRAY[3, 5])", "n <> 0", "n % 5 = 0",
        "s ~ '^[A-Z]{2}[0-9]+$'", "s ~* '^(red|green)-\\d{2}$'", "length(s) = 4", "char_length(s) >= 40", "s <> ''",
        "s LIKE 'ab%'", "s = lower(s)", "s = upper(s)", "btrim(s) <> ''", "s IS NOT NULL OR n IS NOT NULL",
        "n < m", "n <= m AND m < n + 5", "n + m = 10", "(n IS NULL) = (m IS NULL)", "num_nonnulls(n, m, s) = 1",
        "d > '2030-01-01'", "d BETWEEN '1999-01-01' AND '1999-02-01'", "d < t", "t <= now()", "n > 0 OR s = 'free'",
        "CASE WHEN s = 'a' THEN n > 100 ELSE n < 3 END", "NOT (n < 100 OR n > 110)",
        "coalesce(n, 0) + coalesce(m, 0) > 0", "n <= extract(year from now())",
        "s IS NULL OR (n IS NOT NULL AND n > m)", "j ? 'name'", "jsonb_typeof(j) = 'array'", "cardinality(a) = 2",
        "n > m AND m > 100", "x > 0.5 AND x < 0.6", "s SIMILAR TO '[a-z]+'", "extract(year from d) >= 2000",
    ],
)  # fmt: skip
def test_common_conditions_are_met_by_all_rows(postgres: str, check: str) -> None:
    load(
        postgres,
        "CREATE TABLE t (id serial PRIMARY KEY, n int, m int, s text, d date, t timestamptz, x numeric(4,2), j jsonb,"
        f" a int[], CHECK ({check}))",
    )
    assert filled(postgres).parts == (rows.Part("public.t", 20),)
