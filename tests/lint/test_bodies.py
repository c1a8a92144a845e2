"""What stands inside DO blocks and functions is seen like any other statement, and where it stands."""

import pytest

from instar import dialects
from instar.catalog import Schema
from instar.effects import Effect, LockMode, Verdict, WorkKind, verdict

DIALECT = dialects.load("postgresql")


def schema(*statements: str) -> Schema:
    made = DIALECT.schema()
    for text in ("CREATE TABLE users (id int PRIMARY KEY, name text, state int)", *statements):
        DIALECT.learn(DIALECT.analyse(text, made), made, "1")
    return made


def analyse(text: str, *before: str) -> Effect:
    return DIALECT.analyse(text, schema(*before))


def inner(effect: Effect) -> list[tuple[str, bool]]:
    return [(item.text, item.in_loop) for item in effect.inner]


def test_every_statement_is_found_at_its_place_in_the_text() -> None:
    text = """DO $body$
    DECLARE n int := (SELECT count(*) FROM users);
            row record;
    BEGIN
        -- ä: UPDATE users SET name = 'commented';
        FOR row IN SELECT id, 'é' FROM users LOOP
            UPDATE users SET name = 'ü'
             WHERE id = row.id;
            COMMIT;
        END LOOP;
        SELECT id INTO n FROM users LIMIT 1;
        PERFORM pg_sleep(0);
        INSERT INTO users VALUES (1) RETURNING id INTO n;
        IF n > (SELECT max(id) FROM users) THEN
            DELETE FROM users;
        ELSIF n = 1 THEN NULL;
        ELSE
            TRUNCATE users;
        END IF;
        EXECUTE 'ALTER TABLE users ADD COLUMN it''s_new int; DROP INDEX gone';
    EXCEPTION WHEN others THEN
        ROLLBACK;
    END $body$"""
    effect = analyse(text.replace("it''s_new", "fresh"))
    seen = [(text.count("\n", 0, item.offset) + 1, item.verb, item.in_loop) for item in effect.inner]
    assert seen == [
        (2, "SELECT", False),
        (6, "SELECT", False),
        (7, "UPDATE", True),
        (9, "COMMIT", True),
        (11, "SELECT", False),
        (12, "SELECT", False),
        (13, "INSERT", False),
        (14, "SELECT", False),
        (15, "DELETE", False),
        (18, "TRUNCATE", False),
        (20, "ALTER TABLE", False),
        (20, "DROP INDEX", False),
        (22, "ROLLBACK", False),
    ]
    for item in effect.inner:
        if item.verb.split()[0] in {"UPDATE", "DELETE", "TRUNCATE", "ALTER", "DROP"}:
            assert effect.text[item.offset :].startswith(item.text)


def test_a_block_runs_so_its_locks_and_work_are_its_own() -> None:
    effect = analyse("DO $$ BEGIN ALTER TABLE users ALTER COLUMN id TYPE bigint; END $$")
    assert {(lock.relation, lock.mode) for lock in effect.locks if lock.kind == "table"} == {
        ("users", LockMode.ACCESS_EXCLUSIVE)
    }
    assert WorkKind.REWRITE in {work.kind for work in effect.work}
    assert verdict(effect) is Verdict.LONG


def test_a_function_that_is_created_locks_nothing() -> None:
    effect = analyse("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE users; END $$")
    assert (effect.locks, effect.work, verdict(effect)) == ((), (), Verdict.ONLINE)
    assert [(item.text, item.stored) for item in effect.inner] == [("DROP TABLE users", True)]


def test_the_body_of_a_sql_function_is_seen() -> None:
    effect = analyse("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM users; SELECT ''x'''")
    assert inner(effect) == [("DELETE FROM users", False), ("SELECT 'x'", False)]
    assert effect.text[effect.inner[1].offset :].startswith("SELECT ''x''")


def test_a_standard_body_is_seen() -> None:
    effect = analyse("CREATE PROCEDURE p() BEGIN ATOMIC DELETE FROM users; INSERT INTO users VALUES (1); END")
    assert inner(effect) == [("DELETE FROM users", False), ("INSERT INTO users VALUES (1)", False)]


def test_a_trigger_function_is_seen() -> None:
    effect = analyse(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF TG_OP = 'DELETE' THEN DELETE FROM users; END IF; NEW.name := 'x'; RETURN NEW; END $$"
    )
    assert inner(effect) == [("DELETE FROM users", False)]


def test_sql_that_is_built_is_dynamic() -> None:
    effect = analyse("DO $$ BEGIN EXECUTE format('DROP TABLE %I', name); END $$")
    assert effect.dynamic
    assert [(item.text, item.dynamic) for item in effect.inner] == [("format('DROP TABLE %I', name)", True)]


def test_a_constant_is_not() -> None:
    effect = analyse("DO $$ BEGIN EXECUTE 'DROP TABLE users'; EXECUTE $q$CREATE TABLE u (id int)$q$; END $$")
    assert not effect.dynamic
    assert inner(effect) == [("DROP TABLE users", False), ("CREATE TABLE u (id int)", False)]
    assert effect.creates == ("u",)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'DROP ' || 'TABLE ' || quote_ident('users')", "DROP TABLE users"),
        ("format('ALTER TABLE %I ADD COLUMN %2$s text DEFAULT %L', 'users', 'x', 'it''s')", None),
        ("format('ALTER TABLE %1$I ADD COLUMN %2$s text', 'users', 'x')", "ALTER TABLE users ADD COLUMN x text"),
        ("format('COMMENT ON TABLE users IS %L', 'it''s 5 %')", "COMMENT ON TABLE users IS 'it''s 5 %'"),
        ("format('SELECT 5 %% 2 FROM %I', 'Order')", 'SELECT 5 % 2 FROM "Order"'),
        ("concat('DROP TABLE users', ' CASCADE')", "DROP TABLE users CASCADE"),
    ],
)
def test_what_is_joined_from_constants_is_a_constant(expression: str, text: str | None) -> None:
    effect = analyse(f"DO $$ BEGIN EXECUTE {expression}; END $$")
    assert effect.dynamic is (text is None)
    assert [item.text for item in effect.inner] == [text or expression]


def test_what_a_block_has_made_blocks_nobody() -> None:
    effect = analyse("DO $$ BEGIN CREATE TABLE u (id int); CREATE INDEX ON u (id); ALTER TABLE u ADD x int; END $$")
    assert effect.locks == ()
    assert effect.work == ()


def test_a_statement_of_a_block_sees_what_those_before_it_did() -> None:
    effect = analyse(
        "DO $$ BEGIN ALTER TABLE users ALTER COLUMN name TYPE varchar(5);"
        " ALTER TABLE users ALTER COLUMN name TYPE varchar(9); END $$"
    )
    assert [verdict(item) for item in effect.inner] == [Verdict.LONG, Verdict.SHORT]


def test_what_a_block_does_is_learned() -> None:
    made = schema("DO $$ BEGIN IF NOT EXISTS (SELECT 1) THEN ALTER TABLE users ADD age int; END IF; END $$")
    assert made.known("users").column("age") is not None


def test_analysing_a_block_leaves_the_schema_as_it_is() -> None:
    made = schema()
    DIALECT.analyse("DO $$ BEGIN DROP TABLE users; CREATE TABLE u (id int); END $$", made)
    assert list(made.tables) == ["users"]


def test_a_block_in_another_language_is_dynamic() -> None:
    assert analyse("DO LANGUAGE plpython3u $$ plpy.execute('x') $$").dynamic


def test_a_block_with_a_type_that_the_parser_does_not_know_is_read() -> None:
    effect = analyse(
        "DO $$ DECLARE s mine.kind; BEGIN WHILE true LOOP DELETE FROM users; COMMIT; END LOOP;"
        " IF s THEN PERFORM pg_sleep(1); END IF; EXECUTE 'DROP TABLE users' USING 1; EXECUTE s || 'x'; RETURN; END $$"
    )
    assert inner(effect) == [
        ("DELETE FROM users", True),
        ("COMMIT", True),
        ("SELECT  pg_sleep(1)", False),
        ("DROP TABLE users", False),
        ("s || 'x'", False),
    ]
    assert effect.text[effect.inner[3].offset :].startswith("DROP TABLE users")
    assert effect.dynamic


def test_a_function_that_is_one_constant_is_no_volatile_default() -> None:
    made = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 7'"
    assert verdict(analyse("ALTER TABLE users ADD COLUMN x int DEFAULT f()", made)) is Verdict.SHORT
    other = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 7 FROM users'"
    assert verdict(analyse("ALTER TABLE users ADD COLUMN x int DEFAULT f()", other)) is Verdict.LONG
