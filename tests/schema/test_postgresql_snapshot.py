"""What a snapshot of PostgreSQL leaves out, leaves alone and says of the order in which objects are made."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from conftest import query
from instar.dialects import Command, Names, Settings
from instar.dialects.postgresql.connect import PostgreSQLSession, connect, wrap
from instar.snapshot import Snapshot

SCHEMA = """
CREATE SCHEMA app;
CREATE SEQUENCE app.numbers;
CREATE FUNCTION app.usual() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''';
CREATE TYPE app.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN app.word AS text CHECK (VALUE <> app.usual());
CREATE TABLE app.users (id int PRIMARY KEY DEFAULT nextval('app.numbers'), mood app.mood[], name app.word, born date);
CREATE TABLE app.posts (id serial, user_id int CONSTRAINT author REFERENCES app.users, text text DEFAULT app.usual(),
  CONSTRAINT said CHECK (text <> app.usual()));
CREATE INDEX unusual ON app.posts (text) WHERE text <> app.usual();
CREATE VIEW app.young AS SELECT id, name FROM app.users WHERE born > '2000-01-01';
CREATE VIEW app.youngest AS SELECT * FROM app.young;
CREATE MATERIALIZED VIEW app.kept AS SELECT * FROM app.youngest;
CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER stamped BEFORE INSERT ON app.posts FOR EACH ROW EXECUTE FUNCTION app.stamp();
CREATE POLICY mine ON app.posts USING (EXISTS (SELECT FROM app.users WHERE app.usual() <> name));
CREATE TABLE app.parts (id int) PARTITION BY RANGE (id);
CREATE TABLE app.part PARTITION OF app.parts FOR VALUES FROM (1) TO (2);
CREATE TABLE app.heirs (more int) INHERITS (app.users);
CREATE PUBLICATION news FOR TABLE app.posts;
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
"""
NEEDS = {
    "column app.users.id": "sequence app.numbers",
    "column app.users.mood": "enum app.mood",
    "column app.users.name": "domain app.word",
    "constraint app.word.word_check": "function app.usual()",
    "column app.posts.id": "sequence app.posts_id_seq",
    "column app.posts.text": "function app.usual()",
    "constraint app.posts.author": "constraint app.users.users_pkey",
    "constraint app.posts.said": "function app.usual()",
    "index app.unusual": "function app.usual()",
    "view app.young": "column app.users.name",
    "view app.youngest": "column app.young.name",
    "materialized view app.kept": "column app.youngest.id",
    "trigger app.posts.stamped": "function app.stamp()",
    "policy app.posts.mine": "column app.users.name",
    "table app.part": "table app.parts",
    "table app.heirs": "table app.users",
    "publication news": "table app.posts",
    "table app.users": "schema app",
    "aggregate app.total(integer)": "schema app",
}


@contextmanager
def opened(url: str) -> Iterator[PostgreSQLSession]:
    session = connect(url, Settings())
    try:
        yield session
    finally:
        session.close()


def snapshot(url: str, names: Names | None = None) -> Snapshot:
    with opened(url) as session:
        return session.snapshot(names)


@pytest.fixture
def schema(postgresql: str) -> str:
    query(postgresql, SCHEMA)
    return postgresql


def test_needs_say_what_must_be_there_first(schema: str) -> None:
    found = snapshot(schema)
    assert {key: need for key, need in NEEDS.items() if need not in found[key].needs} == {}


def test_needs_go_round_in_no_circle(schema: str) -> None:
    found = snapshot(schema)
    waiting = {key: {need for need in item.needs if need in found} for key, item in found.items()}
    while waiting:
        ready = [key for key, needs in waiting.items() if not needs & waiting.keys()]
        assert ready, waiting
        for key in ready:
            del waiting[key]


def test_every_need_is_an_object_of_the_snapshot(schema: str) -> None:
    found = snapshot(schema)
    assert {need for item in found.values() for need in item.needs} <= found.keys()


def test_every_part_belongs_to_an_object_of_the_snapshot(schema: str) -> None:
    found = snapshot(schema)
    assert {item.of for item in found.values() if item.of} <= found.keys()


def test_our_own_tables_are_not_in_it(schema: str) -> None:
    before = snapshot(schema)
    query(
        schema,
        "CREATE TABLE schema_migrations (version text PRIMARY KEY); CREATE TABLE migration_execution_log (id bigserial"
        " PRIMARY KEY); GRANT SELECT ON schema_migrations TO PUBLIC;"
        " COMMENT ON COLUMN migration_execution_log.id IS 'x';"
        " CREATE SCHEMA instar; CREATE TABLE instar.checkpoint (a int DEFAULT 1)",
    )
    assert snapshot(schema, Names()) == before


def test_our_own_tables_under_other_names_are_not_in_it(schema: str) -> None:
    before = snapshot(schema)
    query(
        schema,
        'CREATE TABLE app."History" (version text PRIMARY KEY); CREATE TABLE app.log (id bigserial);'
        " CREATE SCHEMA ours; CREATE TABLE ours.meta (a int)",
    )
    assert snapshot(schema, Names("History", "log", "app", "ours")) == before
    assert 'table app."History"' in snapshot(schema, Names("history", "log", "app", "ours"))


def test_the_search_path_makes_no_difference_and_stays(schema: str) -> None:
    with opened(schema) as session:
        before = session.snapshot()
        session.query(
            "SELECT set_config('search_path', 'app, public', false), set_config('datestyle', 'SQL, DMY', false),"
            " set_config('quote_all_identifiers', 'on', false), set_config('timezone', 'Asia/Tokyo', false)"
        )
        assert session.snapshot() == before
        names = ("search_path", "datestyle", "quote_all_identifiers", "timezone")
        assert [session.query(f"SHOW {name}")[0][0] for name in names] == [
            "app, public",
            "SQL, DMY",
            "on",
            "Asia/Tokyo",
        ]
        assert not session.in_transaction()


def test_a_temporary_table_stands_in_for_no_catalog(schema: str) -> None:
    with opened(schema) as session:
        before = session.snapshot()
        session.run([Command("CREATE TEMP TABLE pg_class (oid int)"), Command("CREATE TEMP TABLE t (a int)")])
        assert session.snapshot() == before


def test_an_open_transaction_is_seen_and_goes_on(schema: str) -> None:
    with opened(schema) as session:
        before = session.snapshot()
        session.run([Command("BEGIN"), Command("SET LOCAL search_path TO app"), Command("CREATE TABLE fresh (a int)")])
        assert session.snapshot().keys() - before.keys() == {"table app.fresh", "column app.fresh.a"}
        assert session.in_transaction()
        assert session.query("SHOW search_path") == [("app",)]
        session.run([Command("ROLLBACK")])
        assert session.snapshot() == before


def test_queries_that_a_script_has_deallocated_are_prepared_again(schema: str) -> None:
    with opened(schema) as session:
        before = session.snapshot()
        assert session.snapshot() == before
        assert _prepared(session)
        session.run([Command("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")])
        assert session.snapshot() == before
        assert session.snapshot() == before
        session.run([Command("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"), Command("BEGIN")])
        assert session.snapshot() == before
        assert session.in_transaction()


def test_nothing_stays_prepared_in_a_session_that_others_have_later(schema: str) -> None:
    pooled = connect(schema, Settings(session_pooler=True))
    with closing(pooled), psycopg.connect(schema) as connection:
        borrowed = wrap(connection)
        assert borrowed is not None
        for session in (pooled, borrowed):
            before = session.snapshot()
            assert session.snapshot() == before
            assert not [text for text in _prepared(session) if "pg_class" in text]
        borrowed.close()


def _prepared(session: PostgreSQLSession) -> list[str]:
    return [str(text) for (text,) in session.query("SELECT statement FROM pg_prepared_statements")]


def test_a_role_without_rights_sees_the_same(schema: str) -> None:
    with opened(schema) as session:
        before = session.snapshot()
        session.run([Command("BEGIN"), Command("CREATE ROLE instar_nobody"), Command("SET LOCAL ROLE instar_nobody")])
        assert session.snapshot() == before
        session.run([Command("ROLLBACK")])


def test_a_time_folded_from_now_is_no_difference(postgresql: str) -> None:
    last = "'2020-01-01 23:59:59.999999'::timestamp"
    text = f"CREATE VIEW v AS SELECT 'now'::timestamptz AS a, 'now'::time AS b, {last} AS c"
    query(postgresql, text)
    before = snapshot(postgresql)
    query(postgresql, f"DROP VIEW v; {text}")
    after = snapshot(postgresql)
    assert after == before
    definition = after["view public.v"].facts["definition"]
    assert definition.count("'now'::time") == 2
    assert last in definition


def test_an_index_that_is_not_valid_is_told_apart(postgresql: str) -> None:
    query(postgresql, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        query(postgresql, "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
    assert snapshot(postgresql)["index public.i"].facts["invalid"] == "true"


def test_facts_are_in_the_words_of_sql(postgresql: str) -> None:
    query(
        postgresql,
        'CREATE TABLE "T" (id int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2), "order" varchar(20) COLLATE "C"'
        " NOT NULL DEFAULT 'it''s', sum numeric(10, 2) GENERATED ALWAYS AS (1 + 1) STORED) WITH (fillfactor = 70)",
    )
    found = snapshot(postgresql)
    assert found['column public."T".id'].facts == {
        "position": "1",
        "type": "integer",
        "not null": "true",
        "identity": "ALWAYS",
        "identity sequence": 'public."T_id_seq"',
        "identity options": "START WITH 5 INCREMENT BY 2",
    }
    assert found['column public."T"."order"'].facts == {
        "position": "2",
        "type": "character varying(20)",
        "collation": 'pg_catalog."C"',
        "default": "'it''s'::character varying",
        "not null": "true",
    }
    assert found['column public."T".sum'].facts["generated"] == "STORED"
    assert found['table public."T"'].facts["option fillfactor"] == "70"
    assert found['column public."T".id'].of == 'table public."T"'
