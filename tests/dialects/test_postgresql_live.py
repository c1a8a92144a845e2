"""The live catalog of PostgreSQL: what it says of relations, types and functions. Reading it waits for nobody."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from instar import dialects
from instar.catalog import Schema
from instar.dialects import Command, Session
from instar.dialects.postgresql import live


@contextmanager
def session(url: str) -> Iterator[Session]:
    with closing(dialects.load("postgresql").connect(url, dialects.Settings())) as made:
        yield made


def catalog(url: str, *statements: str) -> Schema:
    with psycopg.connect(url, autocommit=True) as connection:
        for text in statements:
            connection.execute(text.encode())
    with session(url) as made:
        return made.catalog()


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("varchar(50)", "varchar(50)"),
        ("character varying", "varchar"),
        ("char(10)", "bpchar(10)"),
        ("char", "bpchar(1)"),
        ('"char"', "char"),
        ("integer", "int4"),
        ("bigint[]", "int8[]"),
        ("varchar(5)[]", "varchar(5)[]"),
        ("numeric(10,2)", "numeric(10,2)"),
        ("numeric(4)", "numeric(4,0)"),
        ("timestamp(3) with time zone", "timestamptz(3)"),
        ("time", "time"),
        ("interval day to second(3)", "interval day to second(3)"),
        ("interval(3)", "interval(3)"),
        ("bit varying(8)", "varbit(8)"),
        ("double precision", "float8"),
        ("mood", "mood"),
        ("other.kind[]", "other.kind[]"),
    ],
)
def test_a_type_is_spelled_as_the_analysis_spells_it(postgres: str, written: str, known: str) -> None:
    found = catalog(
        postgres,
        "CREATE TYPE mood AS ENUM ('a')",
        "CREATE SCHEMA other",
        "CREATE TYPE other.kind AS ENUM ('a')",
        f"CREATE TABLE t (x {written})",
    )
    assert [item.type for item in found.tables["t"].columns] == [known]
    effect = dialects.load("postgresql").analyse(f"ALTER TABLE t ADD COLUMN y {written}", found)
    assert effect.changes[0].column is not None
    assert effect.changes[0].column.type == known


def test_rows_and_bytes_are_known(postgresql: str) -> None:
    found = catalog(
        postgresql,
        "CREATE TABLE empty (id int)",
        "CREATE TABLE fresh (id int)",
        "INSERT INTO fresh VALUES (1)",
        "CREATE TABLE t (id int)",
        "INSERT INTO t SELECT generate_series(1, 5000)",
        "ANALYZE t",
        "CREATE TABLE p (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9000)",
        "INSERT INTO p SELECT generate_series(1, 5000)",
        "ANALYZE p",
    )
    assert found.tables["empty"].rows == 0
    assert found.tables["empty"].size == 0
    assert found.tables["fresh"].rows != 0
    assert found.tables["t"].rows == 5000
    assert (found.tables["t"].size or 0) > 100_000
    assert (found.tables["p"].rows, found.tables["p"].size) == (5000, found.tables["p1"].size)


def test_a_table_that_was_emptied_by_delete_does_not_count_as_empty(postgres: str) -> None:
    found = catalog(
        postgres, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)", "ANALYZE t", "DELETE FROM t", "ANALYZE t"
    )
    assert found.tables["t"].rows != 0


def test_reads_and_writes_are_counted_by_the_second(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_TELLING", 0.0)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (id int)")
        connection.execute("INSERT INTO t SELECT generate_series(1, 100)")
        connection.execute("SELECT * FROM t")
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT 1")
    table = catalog(postgres).tables["t"]
    assert table.reads is not None
    assert table.writes is not None
    assert table.writes > table.reads > 0
    monkeypatch.setattr(live, "_TELLING", 1e12)
    unknown = catalog(postgres).tables["t"]
    assert (unknown.reads, unknown.writes) == (None, None)


def test_names_in_other_schemas_carry_them_and_the_path_is_known(postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY); CREATE INDEX i ON app.t (id)")
        connection.execute("CREATE TABLE t (id int REFERENCES app.t)")
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END $$"
        )
    found = catalog(postgresql)
    assert found.path == ("app", "public")
    assert [item.name for item in found.tables["app.t"].indexes] == ["app.t_pkey", "app.i"]
    assert found.owner("app.i") == "app.t"
    assert found.tables["t"].constraints[0].references == "app.t"
    assert found.resolve("", "t") == "app.t"


def test_an_index_says_what_it_uses_and_whether_it_is_valid(postgresql: str) -> None:
    found = catalog(
        postgresql,
        "CREATE TABLE t (a int, b text, c text, d int)",
        "CREATE INDEX i ON t (a, lower(b)) INCLUDE (d) WHERE c <> 'x'",
        "CREATE UNIQUE INDEX u ON t (a) WHERE a IS NULL",
        "INSERT INTO t (a) VALUES (1), (1)",
    )
    first, second = found.tables["t"].indexes
    assert (first.columns, set(first.uses), first.include) == (("a", ""), {"b", "c"}, ("d",))
    assert (second.columns, set(second.uses), second.unique, second.valid) == (("a",), {"a"}, True, True)
    with psycopg.connect(postgresql, autocommit=True) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)")
    table = catalog(postgresql).tables["t"]
    broken = table.index("broken")
    assert broken is not None
    assert not broken.valid


def test_a_domain_says_whether_it_checks(postgresql: str) -> None:
    found = catalog(
        postgresql,
        "CREATE DOMAIN plain AS varchar(3)",
        "CREATE DOMAIN checked AS int CHECK (VALUE > 0)",
        "CREATE DOMAIN never AS int NOT NULL",
    )
    kinds = {name: (item.base, item.constrained) for name, item in found.types.items()}
    assert kinds == {"plain": ("varchar(3)", False), "checked": ("int4", True), "never": ("int4", True)}


def test_the_most_volatile_of_functions_with_one_name_counts(postgres: str) -> None:
    found = catalog(
        postgres,
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
        "CREATE FUNCTION f(int) RETURNS float8 LANGUAGE sql VOLATILE AS 'SELECT random()'",
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql VOLATILE RETURN 5",
    )
    assert (found.functions["f"].volatility, found.functions["f"].constant) == ("volatile", False)
    assert found.functions["g"].constant


def test_a_table_that_another_session_has_locked_is_known_by_name_only(postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 1 CHECK (a > 0)); CREATE INDEX i ON t (lower(a::text))"
        )
        connection.execute("CREATE TABLE p (id int) PARTITION BY RANGE (id)")
        connection.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)")
        connection.execute("BEGIN; LOCK TABLE t, p")
        found = catalog(postgresql)
        connection.execute("ROLLBACK")
    assert not found.tables["t"].complete
    assert [item.name for item in found.tables["t"].columns] == ["id", "a"]
    assert catalog(postgresql).tables["t"].complete


def test_reading_changes_nothing_and_ends_no_transaction_of_the_caller(postgres: str) -> None:
    with session(postgres) as made:
        made.run([Command("BEGIN"), Command("CREATE TABLE mine (id int)")])
        assert "mine" in made.catalog().tables
        assert made.in_transaction()
        made.run([Command("ROLLBACK")])
        assert "mine" not in made.catalog().tables
        assert not made.in_transaction()
