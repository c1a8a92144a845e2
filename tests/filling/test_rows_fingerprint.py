"""The content of tables summed up: the same for the same content, another one after every change."""

from collections.abc import Callable

import psycopg
import pytest
from rows_steps import load, open_session, printed, shape_of, zoo

from instar import rows
from instar.dialects import Command, Dialect, Session
from instar.shapes import Shape


def text_of(dialect: Dialect, column: str) -> str:
    quoted = dialect.quote(column)
    if dialect.name == "postgresql":
        return f"{quoted}::text"
    return f"hex({quoted})" if dialect.name == "sqlite" else f"HEX(CONCAT({quoted}))"


def changes(session: Session, dialect: Dialect, shape: Shape, column: str) -> list[str]:
    """Return statements that change one value: to another row's, and to NULL."""
    name, place = dialect.quote(column), dialect.quote("id")
    text = text_of(dialect, column)
    pairs = session.query(
        f"SELECT a.{place}, b.{place} FROM (SELECT {place}, {text} AS x FROM {shape.source}) a"
        f" JOIN (SELECT {place}, {text} AS x FROM {shape.source}) b ON a.x <> b.x ORDER BY 1, 2"
    )
    made = []
    if pairs:
        source = f"(SELECT {name} FROM (SELECT * FROM {shape.source}) q WHERE {place} = {pairs[0][1]})"
        made.append(f"UPDATE {shape.source} SET {name} = {source} WHERE {place} = {pairs[0][0]}")
    filled = session.query(f"SELECT {place} FROM {shape.source} WHERE {name} IS NOT NULL ORDER BY 1")
    field = shape.field(column)
    if filled and field is not None and field.nullable:
        made.append(f"UPDATE {shape.source} SET {name} = NULL WHERE {place} = {filled[0][0]}")
    return made


def test_every_change_of_a_single_value_is_found(database: str) -> None:
    with open_session(zoo(database)) as (session, dialect):
        rows.fill(session, dialect)
        shape = shape_of(session, dialect, "every_type")
        before = printed(session, dialect, shape)
        skipped = {item.name for item in shape.fields if item.generated or item.always} | set(shape.primary)
        depending = {item.name for item in shape.fields if item.generated}
        for column in [item.name for item in shape.fields if item.name not in skipped]:
            statements = changes(session, dialect, shape, column)
            assert statements, column
            for statement in statements:
                session.query(dialect.begin)
                session.run([Command(statement)])
                found = rows.compare(before, printed(session, dialect, shape))
                session.query("ROLLBACK")
                assert {item.column for item in found} - depending == {column}, statement
                assert all(item.message.endswith(": 1 of 20 rows differs") for item in found), found
        assert rows.compare(before, printed(session, dialect, shape)) == []


Run = Callable[[str, str], list[str]]


@pytest.fixture
def run(database: str) -> Run:
    """Return a function: what differs after a script, in a database that another script has made."""

    def told(setup: str, script: str) -> list[str]:
        load(database, setup)
        with open_session(database) as (session, dialect):
            before = rows.fingerprints(session, dialect)
        load(database, script)
        with open_session(database) as (session, dialect):
            return [
                str(item).removeprefix("public.") for item in rows.compare(before, rows.fingerprints(session, dialect))
            ]

    return told


TABLE = (
    "CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b int);"
    "INSERT INTO t VALUES (1, 'x', 10), (2, 'y', 20), (3, 'z', 30), (4, NULL, 40);"
)
BARE = "CREATE TABLE t (a varchar(9), b int); INSERT INTO t VALUES ('x', 1), ('y', 2), ('y', 2), (NULL, 3);"


def test_values_that_change_places_are_found(run: Run) -> None:
    script = "UPDATE t SET a = CASE id WHEN 1 THEN 'y' ELSE 'x' END WHERE id < 3;"
    assert run(TABLE, script) == ["t.a: 2 of 4 rows differ"]


def test_values_that_change_places_are_found_without_a_key(run: Run) -> None:
    script = "UPDATE t SET a = 'q' WHERE a = 'x'; UPDATE t SET a = 'x' WHERE b = 3; UPDATE t SET a = NULL WHERE b = 1;"
    assert run(BARE, script) == ["t: the same values stand in other rows"]


def test_a_row_that_is_lost_is_found(run: Run) -> None:
    assert run(TABLE, "DELETE FROM t WHERE id = 2;") == ["t: 4 rows before, 3 after"]


def test_one_of_two_equal_rows_is_missed(run: Run) -> None:
    script = "DELETE FROM t; INSERT INTO t VALUES ('x', 1), ('y', 2), (NULL, 3), (NULL, 3);"
    assert run(BARE, script) == ["t.a: the content of its 4 rows differs", "t.b: the content of its 4 rows differs"]


def test_null_and_the_empty_text_differ(run: Run) -> None:
    assert run(TABLE, "UPDATE t SET a = '' WHERE id = 4;") == ["t.a: 1 of 4 rows differs"]


def test_the_order_of_rows_and_of_columns_does_not_matter(run: Run) -> None:
    script = (
        "DROP TABLE t; CREATE TABLE t (b int, id int PRIMARY KEY, a varchar(9));"
        "INSERT INTO t (id, a, b) VALUES (4, NULL, 40), (2, 'y', 20), (1, 'x', 10), (3, 'z', 30);"
    )
    assert run(TABLE, script) == []


def test_lost_and_new_columns_and_tables_are_not_told(run: Run) -> None:
    assert (
        run(TABLE + BARE.replace(" t ", " u "), "ALTER TABLE t DROP COLUMN a; DROP TABLE u; CREATE TABLE v (a int);")
        == []
    )


def test_a_changed_name_of_a_row_is_told_for_its_column(run: Run) -> None:
    assert run(TABLE, "UPDATE t SET id = 9 WHERE id = 4;") == ["t.id: 1 of 4 rows differs"]


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        ("int", "numeric(10,2)", "1, 20, -3"),
        ("numeric(10,2)", "numeric(12,4)", "1.5, 20, 0.25"),
        ("int", "bigint", "1, 2, 3"),
        ("numeric(10,2)", "float8", "1.5, 20, 0.25"),
        ("varchar(10)", "text", "'a', 'b ', ''"),
        ("timestamp", "timestamptz", "'2020-01-01 12:00', '2021-01-01 00:00', 'infinity'"),
        ("date", "timestamp", "'2020-01-01', '1999-12-31', 'infinity'"),
        ("int", "text", "1, 2, 3"),
        ("uuid", "text", "gen_random_uuid(), gen_random_uuid(), NULL"),
        ("json", "jsonb", """'{"b": 1, "a": [1,  2]}', 'null', NULL"""),
        ("numeric", "money", "1.5, 2, 3"),
    ],
)
def test_a_change_of_type_that_keeps_the_value_is_no_difference(
    postgresql: str, before: str, after: str, values: str
) -> None:
    insert = f"INSERT INTO t SELECT unnest(ARRAY[{values}]::{before}[])"
    load(postgresql, f"CREATE TABLE t (a {before}); {insert}")
    with open_session(postgresql) as (session, dialect):
        first = rows.fingerprints(session, dialect)
        session.query("SET TimeZone = 'UTC'")
        session.query(f"ALTER TABLE t ALTER a TYPE {after} USING a::{after}")
        assert rows.compare(first, rows.fingerprints(session, dialect)) == []


def test_settings_of_the_session_do_not_matter_and_stay(postgresql: str) -> None:
    with open_session(zoo(postgresql)) as (session, dialect):
        rows.fill(session, dialect)
        before = rows.fingerprints(session, dialect)
        settings = {
            "DateStyle": "SQL, DMY", "TimeZone": "Asia/Tokyo", "IntervalStyle": "iso_8601", "bytea_output": "escape",
            "extra_float_digits": "-5", "search_path": "pg_catalog",
        }  # fmt: skip
        for name, value in settings.items():
            session.query("SELECT set_config(%s, %s, false)", (name, value))
        assert rows.compare(before, rows.fingerprints(session, dialect)) == []
        session.query("BEGIN")
        assert rows.compare(before, rows.fingerprints(session, dialect)) == []
        assert {name: session.query(f"SHOW {name}")[0][0] for name in settings} == settings
        assert session.in_transaction()


def test_settings_of_a_mariadb_session_do_not_matter_and_stay(mariadb: str) -> None:
    with open_session(zoo(mariadb)) as (session, dialect):
        rows.fill(session, dialect)
        before = rows.fingerprints(session, dialect)
        session.query("SET time_zone = '+09:00', sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES'")
        assert rows.compare(before, rows.fingerprints(session, dialect)) == []
        assert session.query("SELECT @@time_zone, @@sql_mode") == [("+09:00", "ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH")]


def test_a_large_table_tells_no_number(postgresql: str) -> None:
    load(
        postgresql,
        "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 1001) n",
    )
    with open_session(postgresql) as (session, dialect):
        before = rows.fingerprints(session, dialect)
        session.query("UPDATE t SET a = 0 WHERE id = 5")
        (found,) = rows.compare(before, rows.fingerprints(session, dialect))
    assert found == rows.Difference("public.t", "a", "public.t.a: the content of its 1001 rows differs")


def test_a_letter_case_is_a_difference_under_a_collation_that_ignores_it(postgresql: str) -> None:
    try:
        load(
            postgresql,
            "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        )
    except psycopg.errors.FeatureNotSupported as error:
        pytest.skip(str(error))
    load(
        postgresql,
        "CREATE TABLE t (id int PRIMARY KEY, a text COLLATE ci); INSERT INTO t VALUES (1, 'a')",
    )
    with open_session(postgresql) as (session, dialect):
        before = rows.fingerprints(session, dialect)
        session.query("UPDATE t SET a = 'A'")
        assert [item.column for item in rows.compare(before, rows.fingerprints(session, dialect))] == ["a"]
