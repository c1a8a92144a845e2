"""PostgreSQL: what a script sets or leaves in its session stays its own, and its text reaches the server untouched."""

from pathlib import Path

import psycopg
import pytest

from instar import Migrator
from instar.errors import InstarError, InterruptedRunError, MigrationFailedError
from instar.events import Event, Notice
from project import Project

SETTINGS = {
    "search_path": "SET search_path TO pg_catalog",
    "role": "SET ROLE nobody_much",
    "session_authorization": "SET SESSION AUTHORIZATION nobody_much",
    "client_min_messages": "SET client_min_messages TO error",
    "row_security": "SET row_security TO off",
    "session_replication_role": "SET session_replication_role TO replica",
    "lock_timeout": "SET lock_timeout TO '7s'",
    "statement_timeout": "SET statement_timeout TO '9s'",
    "default_transaction_isolation": "SET default_transaction_isolation TO serializable",
    "DateStyle": "SELECT set_config('DateStyle', 'German', false)",
}
KEEP = "CREATE TABLE {} AS SELECT {} FROM pg_settings"
VALUES = ("search_path", "client_min_messages", "row_security", "session_replication_role", "lock_timeout",
          "statement_timeout", "default_transaction_isolation", "DateStyle")  # fmt: skip


@pytest.fixture
def project(postgres: str, tmp_path: Path) -> Project:
    return Project.begin(postgres, tmp_path)


@pytest.fixture
def somebody(project: Project) -> None:
    project.query("DO $$ BEGIN CREATE ROLE nobody_much; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    project.query("GRANT nobody_much TO current_user")


def kept(table: str) -> str:
    values = ", ".join(f"current_setting('{name}') AS {name.lower()}" for name in VALUES)
    return f"CREATE TABLE public.{table} AS SELECT {values}, current_user::text AS me, session_user::text AS myself;"


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("outside", [False, True], ids=["in a transaction", "outside"])
def test_a_setting_ends_with_its_migration(project: Project, somebody: None, name: str, outside: bool) -> None:  # noqa: FBT001
    project.write(1, kept("before"))
    project.write(2, f"{SETTINGS[name]};\n" + ("ANALYZE;\nVACUUM pg_class;" if outside else "SELECT 1;"))
    project.write(3, kept("after"))
    if outside and name in {"role", "session_authorization"}:
        project.write(2, f"{SETTINGS[name]};\nSELECT 1;\nRESET SESSION AUTHORIZATION;\nRESET ROLE;\nVACUUM pg_class;")
    assert len(project.up()) == 3
    assert project.query("SELECT * FROM after") == project.query("SELECT * FROM before")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_ends_with_its_migration_when_that_fails(project: Project, somebody: None, name: str) -> None:
    project.write(1, kept("before"))
    project.write(2, f"{SETTINGS[name]};\nSELECT 1 / 0;")
    with project.migrator() as migrator, pytest.raises(MigrationFailedError, match="division by zero"):
        migrator.up()
    project.write(2, kept("after"))
    with project.migrator() as migrator:
        migrator.up()
    assert project.query("SELECT * FROM after") == project.query("SELECT * FROM before")
    assert project.log() == [(1, "completed"), (2, "failed"), (2, "completed")]


def test_a_setting_holds_for_all_of_its_migration(project: Project) -> None:
    text = "CREATE SCHEMA app;\nSET search_path TO app;\nCREATE TABLE t (n int);\n"
    project.write(1, text + "CREATE INDEX CONCURRENTLY t_n ON t (n);\nINSERT INTO t VALUES (1);\nVACUUM t;")
    project.up()
    assert project.query("SELECT n FROM app.t") == [(1,)]
    assert project.query("SELECT 'app.t_n'::regclass::text") == [("app.t_n",)]


def test_a_later_setting_does_not_hold_for_an_earlier_statement(project: Project) -> None:
    """Also when the server finds out that a statement in between cannot be in a transaction."""
    body = "BEGIN INSERT INTO public.notes VALUES ('{0}'); COMMIT; END"
    procedure = f"CREATE PROCEDURE {{0}}.note() LANGUAGE plpgsql AS $$ {body} $$;\n"
    text = "CREATE SCHEMA a;\nCREATE SCHEMA b;\nCREATE TABLE notes (said text);\n"
    text += procedure.format("a") + procedure.format("b")
    text += "SET search_path TO a;\nCALL note();\nSET search_path TO b;\nCALL note();\n"
    project.write(1, text)
    project.up()
    assert project.query("SELECT said FROM notes ORDER BY said") == [("a",), ("b",)]


def test_temporary_things_do_not_outlive_their_migration(project: Project) -> None:
    text = (
        "CREATE TEMP TABLE scratch (n int);\n"
        "PREPARE ask AS SELECT 1;\n"
        "LISTEN something;\n"
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1;\n"
    )
    project.write(1, text)
    project.write(2, text)
    assert len(project.up()) == 2


def test_prepared_statements_of_a_failed_migration_do_not_outlive_it(project: Project) -> None:
    path = project.write(1, "PREPARE ask AS SELECT 1;\nSELECT 1 / 0;")
    with psycopg.connect(project.url, autocommit=True) as connection:
        with pytest.raises(MigrationFailedError), Migrator(connection, directory=project.folder) as migrator:
            migrator.up()
        path.write_text("PREPARE ask AS SELECT 1;")
        with Migrator(connection, directory=project.folder) as migrator:
            assert len(migrator.up().steps) == 1


def test_a_callers_connection_comes_back_as_it_was(project: Project) -> None:
    project.write(1, "SET search_path TO pg_catalog;\nCREATE TEMP TABLE scratch (n int);\nSELECT 1;")
    with psycopg.connect(project.url) as connection:
        connection.execute("SELECT 1")
        connection.commit()
        with Migrator(connection, directory=project.folder) as migrator:
            migrator.up()
        assert not connection.closed
        assert not connection.autocommit
        row = connection.execute("SELECT current_setting('search_path'), to_regclass('scratch')").fetchone()
        assert row == ('"$user", public', None)
        assert connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (0,)


def test_discarding_all_in_a_script_is_survived(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);\nDEALLOCATE ALL;\nINSERT INTO t VALUES (1);")
    project.write(2, "INSERT INTO t VALUES (2);")
    project.write(3, "DEALLOCATE ALL;\nINSERT INTO t VALUES (3);")
    project.write(4, "INSERT INTO t VALUES (4);")
    assert len(project.up()) == 4
    assert project.query("SELECT sum(n) FROM t") == [(10,)]


def test_notices_are_told(project: Project) -> None:
    project.write(1, "DO $$ BEGIN RAISE NOTICE 'half way' USING DETAIL = 'and on'; END $$;\nDROP TABLE IF EXISTS gone;")
    project.up()
    told = [(event.severity, event.message, event.detail) for event in project.told(Notice)]
    assert ("NOTICE", "half way", "and on") in told
    assert any("gone" in message for _, message, _ in told)


@pytest.mark.parametrize("first", ["", "COMMIT;"], ids=["in a transaction", "outside"])
def test_an_interruption_while_a_notice_is_told_is_not_lost(project: Project, first: str) -> None:
    # Inside the callback of libpq that brings the notice, it would be: the run would go on to its end.
    project.write(1, f"DO $$ BEGIN {first} RAISE NOTICE 'half way'; PERFORM pg_sleep(30); END $$;")

    def interrupt(event: Event) -> None:
        if isinstance(event, Notice):
            raise KeyboardInterrupt

    with (
        Migrator(project.url, directory=project.folder, watch=interrupt) as migrator,
        pytest.raises(InterruptedRunError),
    ):
        migrator.up()
    assert project.log() == [(1, "failed")]
    assert project.query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%'") == [(1,)]


NASTY = "100%|%s %(a)s %%|?|${x}|{{y}}|:name|a;b|it''s|ünï ☃ 𝄞|\\n|$1|-- no|/* no */|#{z}"


@pytest.mark.parametrize("text", NASTY.split("|"))
def test_a_text_reaches_the_server_untouched(project: Project, text: str) -> None:
    inserts = f"INSERT INTO t VALUES ('{text}');\nINSERT INTO t VALUES ($q${text}$q$);"
    project.write(1, f"CREATE TABLE t (said text);\n{inserts}")
    project.up()
    assert project.query("SELECT said FROM t") == [(text.replace("''", "'"),), (text,)]


def test_copy_brings_its_rows_along(project: Project) -> None:
    rows = "1\tone; two\n2\t\\N\n3\tdrei ü\n"
    copy = f"COPY t (n, said) FROM stdin;\n{rows}\\.\n"
    project.write(1, f"CREATE TABLE t (n int, said text);\n{copy}\nINSERT INTO t VALUES (4, 'x');")
    project.up()
    assert project.query("SELECT * FROM t ORDER BY n") == [(1, "one; two"), (2, None), (3, "drei ü"), (4, "x")]


def test_a_bad_row_of_copy_rolls_everything_back(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);\nCOPY t FROM stdin;\n1\nnone\n\\.\n")
    with pytest.raises(MigrationFailedError, match="invalid input syntax") as failure:
        project.up()
    assert failure.value.place
    assert failure.value.place.line == 2
    assert project.query("SELECT to_regclass('t')") == [(None,)]


def test_a_deferred_constraint_that_fails_at_the_commit_rolls_back(project: Project) -> None:
    project.write(
        1,
        "CREATE TABLE a (n int PRIMARY KEY);\n"
        "CREATE TABLE b (n int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO b VALUES (1);",
    )
    with pytest.raises(MigrationFailedError, match="violates foreign key"):
        project.up()
    assert project.query("SELECT to_regclass('b')") == [(None,)]
    assert project.applied() == []
    assert project.log() == [(1, "failed")]


def test_pending_trigger_events_get_a_hint(project: Project) -> None:
    project.write(
        1,
        "CREATE TABLE a (n int PRIMARY KEY);\n"
        "CREATE TABLE b (n int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);\nALTER TABLE b ADD COLUMN m int;",
    )
    with pytest.raises(MigrationFailedError, match="pending trigger events") as failure:
        project.up()
    assert "SET CONSTRAINTS ALL IMMEDIATE" in failure.value.hint
    assert failure.value.place
    assert failure.value.place.line == 5


def test_an_error_says_file_line_column_and_what_the_server_says(project: Project) -> None:
    path = project.write(1, "SELECT 1;\n\nSELECT 1,\n       missing_column\nFROM pg_class;")
    with pytest.raises(MigrationFailedError, match='column "missing_column" does not exist') as failure:
        project.up()
    place = failure.value.place
    assert place
    assert (Path(place.file).name, place.line, place.column) == (path.name, 4, 8)
    assert place.source == "       missing_column"


def test_every_refusal_is_an_error_of_ours(project: Project) -> None:
    project.write(1, "ROLLBACK;")
    with pytest.raises(InstarError, match="ROLLBACK"):
        project.up()
