"""What must hold whatever a script does: nothing lost, nothing twice, nothing changed behind anybody's back."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from conftest import query
from instar import Migrator
from instar.dialects import Command, Settings, for_url
from instar.errors import (
    AmbiguousError,
    DatabaseError,
    InstarError,
    MigrationFailedError,
    PlanError,
    SourceError,
    UsageError,
)
from instar.model import State
from migrator_project import Ground, ground, version


@pytest.fixture
def place(postgres: str, tmp_path: Path) -> Ground:
    return ground(postgres, tmp_path)


def rows(place: Ground, text: str) -> list[tuple[object, ...]]:
    return query(place.url, text)


def up(place: Ground) -> None:
    with Migrator(place.url, directory=place.folder, environment="production") as migrator:
        migrator.up()


@pytest.mark.parametrize("border", ["BEGIN; SELECT 1 WHERE false; ROLLBACK;", "COMMIT; SELECT 1 AS bad;"])
def test_a_check_cannot_end_the_transaction_that_it_checks(place: Ground, border: str) -> None:
    place.write(1, f"-- migrate:up\nCREATE TABLE t (a int);\n-- migrate:after\n{border}\n")
    with pytest.raises(UsageError, match="a check must not begin or end a transaction"):
        up(place)
    assert rows(place, "SELECT to_regclass('t')") == [(None,)]


def test_a_statement_that_was_begun_is_not_mistaken_for_one_put_in_its_place(place: Ground) -> None:
    place.write(1, "CREATE TABLE t (a int);\nDO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; PERFORM 1 / 0; END $$;\n")
    with pytest.raises(MigrationFailedError):
        up(place)
    place.write(
        1, "CREATE TABLE t (a int);\nVACUUM t;\nDO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; PERFORM 1 / 0; END $$;\n"
    )
    with pytest.raises(PlanError, match="was edited since"):
        up(place)
    assert rows(place, "SELECT count(*) FROM t") == [(1,)]


def test_two_histories_in_one_database_do_not_share_checkpoints(place: Ground, tmp_path: Path) -> None:
    for schema in ("one", "two"):
        query(place.url, f"CREATE SCHEMA {schema}")
    place.write(1, "SELECT 1;\nDO $$ BEGIN COMMIT; PERFORM 1 / 0; END $$;\n")
    with Migrator(place.url, directory=place.folder, schema="one") as first, pytest.raises(MigrationFailedError):
        first.up()
    other = tmp_path / "other"
    other.mkdir()
    (other / f"{version(1)}_step.sql").write_text("CREATE TABLE two.t (a int);\n")
    with Migrator(place.url, directory=other, schema="two") as second:
        assert [step.version for step in second.up().steps] == [version(1)]
        assert second.repairs() == []
    with Migrator(place.url, directory=place.folder, schema="one") as first, pytest.raises(AmbiguousError):
        first.up()


def test_a_lock_that_a_script_lets_go_is_taken_again_before_the_next_statement_alone(place: Ground) -> None:
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    place.write(1, "SELECT pg_advisory_unlock_all();\n")
    place.write(2, f"CREATE TABLE seen (n int);\nDO $$ BEGIN COMMIT; INSERT INTO seen {held}; END $$;\n")
    up(place)
    assert rows(place, "SELECT n > 0 FROM seen") == [(True,)]


def test_a_function_that_ends_the_transaction_leaves_the_outcome_to_people(place: Ground) -> None:
    code = 'def up(connection):\n    connection.execute("CREATE TABLE t (a int)")\n    connection.execute("COMMIT")\n'
    place.write(1, code, kind="py")
    for _ in range(2):
        with pytest.raises(AmbiguousError):
            up(place)
    assert rows(place, "SELECT count(*) FROM schema_migrations") == [(0,)]


def test_sqlite_has_no_way_around_the_transaction(sqlite: str, tmp_path: Path) -> None:
    place = ground(sqlite, tmp_path)
    place.write(1, 'def up(connection):\n    connection.executescript("CREATE TABLE t (a int)")\n', kind="py")
    with pytest.raises(InstarError, match="executescript"):
        up(place)
    assert rows(place, "SELECT name FROM sqlite_master WHERE name = 't'") == []


def test_text_is_utf8_whatever_the_environment_prefers(place: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    place.write(1, "CREATE TABLE t (a text);\nINSERT INTO t VALUES ('é');\n")
    up(place)
    assert rows(place, "SELECT length(a) FROM t") == [(1,)]


def test_the_settings_of_a_callers_connection_say_where_tables_are_made_and_stay(place: Ground) -> None:
    place.write(1, "CREATE TABLE t (a int);\n")
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA tenant")
        connection.execute("SET search_path = tenant")
        with Migrator(connection, directory=place.folder) as migrator:
            migrator.up()
        assert connection.execute("SHOW search_path").fetchone() == ("tenant",)
    assert rows(place, "SELECT to_regclass('tenant.t')::text, to_regclass('tenant.schema_migrations')::text") == [
        ("tenant.t", "tenant.schema_migrations")
    ]


def test_set_local_holds_where_instar_itself_cuts_the_transaction(place: Ground) -> None:
    place.write(1, "CREATE SCHEMA app;\nCREATE TYPE e AS ENUM ('a');\n")
    place.write(
        2, "SET LOCAL search_path = app, public;\nALTER TYPE e ADD VALUE 'x';\nCREATE TABLE t (a e DEFAULT 'x');\n"
    )
    up(place)
    assert rows(place, "SELECT to_regclass('app.t') IS NOT NULL") == [(True,)]


def test_set_transaction_is_refused_with_the_way_to_write_it(place: Ground) -> None:
    place.write(1, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE t (a int);\n")
    with pytest.raises(SourceError, match="comes too late") as caught:
        up(place)
    assert "BEGIN ISOLATION LEVEL" in caught.value.hint


def test_rows_of_copy_count_as_an_edit(place: Ground) -> None:
    place.write(1, "CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\n\\.\n")
    up(place)
    place.write(1, "CREATE TABLE t (a int);\nCOPY t FROM stdin;\n2\n\\.\n")
    with Migrator(place.url, directory=place.folder) as migrator:
        assert [item.state for item in migrator.status()] == [State.EDITED]


def test_a_baseline_settles_what_was_half_done(place: Ground) -> None:
    place.write(1, "SELECT 1;\nDO $$ BEGIN COMMIT; PERFORM 1 / 0; END $$;\n")
    with pytest.raises(MigrationFailedError):
        up(place)
    with Migrator(place.url, directory=place.folder) as migrator:
        migrator.baseline(version(1))
        assert [item.state for item in migrator.status()] == [State.APPLIED]
        assert migrator.repairs() == []


def test_a_prepared_statement_that_is_missing_is_no_reason_to_wait(place: Ground) -> None:
    place.write(1, "EXECUTE nothing_like_that;\n")
    with pytest.raises(MigrationFailedError, match="nothing_like_that"):
        up(place)


def test_rows_that_python_cannot_hold_stop_nobody(place: Ground) -> None:
    place.write(1, "SELECT 'infinity'::timestamptz, '0044-03-15 BC'::date;\n")
    up(place)


@pytest.mark.parametrize("text", [r"caf\udce9", r"a\x00b"])
def test_an_error_that_a_database_cannot_store_is_still_told(place: Ground, text: str) -> None:
    place.write(1, f'def up(connection):\n    raise ValueError("{text}")\n', kind="py")
    with pytest.raises(MigrationFailedError, match="ValueError"):
        up(place)
    assert rows(place, "SELECT status FROM migration_execution_log") == [("failed",)]


def test_a_password_in_a_failing_statement_is_not_stored(place: Ground) -> None:
    place.write(1, "CREATE USER x PASSWORD 'hunter2pw' NOSUCHOPTION;\n")
    with pytest.raises(MigrationFailedError):
        up(place)
    stored = rows(place, "SELECT count(*) FROM migration_execution_log WHERE execution_context::text LIKE '%hunter2%'")
    assert stored == [(0,)]


@pytest.mark.parametrize("late", ["DROP SCHEMA legacy CASCADE", "DROP OWNED BY CURRENT_USER", "SELECT some_function()"])
def test_out_of_order_is_not_safe_where_a_statement_may_touch_anything(place: Ground, late: str) -> None:
    place.write(2, "CREATE SCHEMA legacy;\nCREATE TABLE legacy.t (a int);\n")
    up(place)
    place.write(1, f"{late};\n")
    with pytest.raises(PlanError, match="out of order"):
        up(place)


def test_a_history_that_cannot_be_read_is_not_taken_for_an_empty_one(place: Ground) -> None:
    place.write(1, "SELECT 1;\n")
    up(place)
    with closing(for_url(place.url).connect(place.url, Settings())) as other:
        other.run([Command("BEGIN"), Command("LOCK TABLE instar.meta")])
        with (
            Migrator(place.url, directory=place.folder) as migrator,
            pytest.raises(DatabaseError, match="lock timeout"),
        ):
            migrator.status()


def test_the_first_statement_of_a_transaction_has_its_own_time(place: Ground) -> None:
    place.write(1, "SELECT pg_sleep(0.3);\nSELECT 1;\n")
    up(place)
    found = rows(place, "SELECT (execution_context #>> '{statements,0,ms}')::float > 250 FROM migration_execution_log")
    assert found == [(True,)]


def test_foreign_keys_switched_on_by_a_script_do_not_reach_the_next(sqlite: str, tmp_path: Path) -> None:
    place = ground(sqlite, tmp_path)
    place.write(
        1,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);\n"
        "CREATE TABLE child (id INTEGER REFERENCES parent ON DELETE CASCADE);\n"
        "INSERT INTO parent VALUES (1);\nINSERT INTO child VALUES (1);\n",
    )
    place.write(2, "PRAGMA foreign_keys = OFF;\nBEGIN;\nSELECT 1;\nCOMMIT;\nPRAGMA foreign_keys = ON;\n")
    place.write(3, "DROP TABLE parent;\n")
    up(place)
    assert rows(place, "SELECT count(*) FROM child") == [(1,)]
