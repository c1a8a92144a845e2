"""The tracking tables: what they are called, who else may write them, and whose they are not."""

from pathlib import Path

import psycopg
import pytest

from conftest import POSTGRESQL
from instar.errors import ForeignHistoryError, InstarError
from migrator_project import Fresh, Ground, ground, numbers, table, version

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b")
    return found


# Those of the standards document


INSERT = (
    "INSERT INTO schema_migrations (version, name, description, author, execution_time_ms, rollback_available) "
    f"VALUES ('{version(1)}', 'create_a', 'Create a', 'john.doe@company.com', 12, true)"
)


def test_the_insert_of_the_standards_document_makes_a_migration_applied(project: Ground) -> None:
    project.write(1, table("a") + "-- nothing\n", name="create_a")
    with project.migrator() as migrator:
        migrator.baseline(version(0))
    project.query(INSERT)
    project.query("DELETE FROM schema_migrations WHERE name = 'baseline'")
    with project.migrator() as migrator:
        (first, second) = migrator.status()
        assert (first.state, second.state) == ("applied", "pending")
        assert first.entry is not None
        assert first.entry.applied_at is not None
        assert first.entry.author == "john.doe@company.com"
        assert migrator.validate() == []
        assert numbers(migrator.up()) == [2]


def test_the_tables_of_the_standards_document_are_taken_over(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.tables("a", "b")
    project.query(
        """
        CREATE TABLE schema_migrations (
            version VARCHAR(20) PRIMARY KEY, name VARCHAR(255) NOT NULL, description TEXT, author VARCHAR(100),
            applied_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(), execution_time_ms INTEGER, checksum VARCHAR(64),
            rollback_available BOOLEAN DEFAULT false)
        """
    )
    project.query(
        """
        CREATE TABLE migration_execution_log (
            id BIGSERIAL PRIMARY KEY, migration_version VARCHAR(20) NOT NULL, action VARCHAR(20) NOT NULL,
            status VARCHAR(20) NOT NULL, started_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
            completed_at TIMESTAMP WITH TIME ZONE, error_message TEXT, execution_context JSONB)
        """
    )
    project.query(INSERT)
    assert project.states() == {1: "applied", 2: "pending"}
    assert project.up() == [2]


# Other tools'


FOREIGN = {
    "dbmate or Rails": "version VARCHAR(128) NOT NULL PRIMARY KEY",
    "golang-migrate": "version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL",
    "another tool": "version VARCHAR(50) NOT NULL PRIMARY KEY, installed_on VARCHAR(50)",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("owner", FOREIGN)
def test_a_foreign_history_is_recognised_and_left_alone(fresh: Fresh, engine: str, owner: str, tmp_path: Path) -> None:
    project = ground(fresh(engine), tmp_path)
    project.tables("a", "b")
    project.query(f"CREATE TABLE schema_migrations ({FOREIGN[owner]})")
    with project.migrator() as migrator:
        for call in (migrator.status, migrator.up, migrator.plan, migrator.down, migrator.repairs, migrator.history):
            with pytest.raises(ForeignHistoryError, match=f"schema_migrations belongs to {owner}") as caught:
                call()
        with pytest.raises(ForeignHistoryError):
            migrator.baseline(version(1))
    assert "[migrations]" in caught.value.hint
    assert project.query("SELECT * FROM schema_migrations") == []
    assert not project.has("migration_execution_log")
    assert not project.has("a")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_way_out_of_a_foreign_history_works(fresh: Fresh, engine: str, tmp_path: Path) -> None:
    project = ground(fresh(engine), tmp_path)
    project.tables("a", "b")
    project.query("CREATE TABLE a (id INTEGER)")
    project.query(f"CREATE TABLE schema_migrations ({FOREIGN['dbmate or Rails']})")
    project.query("INSERT INTO schema_migrations VALUES ('1')")
    with project.migrator(table="instar_migrations") as migrator:
        migrator.baseline(version(1))
        assert numbers(migrator.up()) == [2]
    assert project.query("SELECT * FROM schema_migrations") == [("1",)]


# Names of one's own


def test_tables_have_the_names_that_are_configured(project: Ground) -> None:
    names = {"table": "Odd name", "log_table": "my_log", "internal_schema": "moult"}
    assert project.up(names) == [1, 2]
    quote = "`" if project.url.startswith("mariadb") else '"'
    assert project.query(f"SELECT count(*) FROM {quote}Odd name{quote}") == [(2,)]
    assert project.query("SELECT count(*) FROM my_log") == [(2,)]
    assert not project.has("schema_migrations")
    assert not project.has("migration_execution_log")
    assert not project.has("instar_checkpoint")
    assert project.up(names) == []
    if project.url.startswith("postgresql"):
        assert project.query("SELECT nspname FROM pg_namespace WHERE nspname IN ('moult', 'instar')") == [("moult",)]
    else:
        assert project.has("moult_checkpoint")


def test_two_histories_in_one_database_do_not_know_each_other(sqlite: str, tmp_path: Path) -> None:
    project = ground(sqlite, tmp_path)
    project.tables("a")
    project.up()
    other = Ground(sqlite, tmp_path / "other")
    other.write(1, table("z"), name="create_z")
    assert other.up({"table": "z_migrations", "log_table": "z_log", "internal_schema": "z"}) == [1]
    assert project.states() == {1: "applied"}


def test_the_history_lives_in_the_schema_that_is_configured(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.tables("a")
    project.query("CREATE SCHEMA tracking")
    assert project.up({"schema": "tracking"}) == [1]
    assert project.query("SELECT version FROM tracking.schema_migrations") == [(version(1),)]
    assert project.has("a")
    assert not project.has("schema_migrations")
    assert project.up({"schema": "tracking"}) == []


def test_a_schema_that_is_not_there_is_named(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.tables("a")
    with pytest.raises(InstarError, match="tracking"):
        project.up({"schema": "tracking"})


def test_a_migration_that_changes_the_search_path_does_not_move_the_history(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "CREATE SCHEMA app; SET search_path = app; CREATE TABLE t (n int);")
    project.write(2, table("b"))
    assert project.up() == [1, 2]
    with psycopg.connect(postgres) as connection:
        rows = connection.execute("SELECT schemaname || '.' || tablename FROM pg_tables WHERE tablename IN ('t', 'b')")
        assert sorted(rows) == [("app.t",), ("public.b",)]


def test_a_newer_layout_is_refused(project: Ground) -> None:
    project.up(single=True)
    meta = "instar.meta" if project.url.startswith("postgresql") else "instar_meta"
    project.query(f"UPDATE {meta} SET value = '99' WHERE name = 'layout'")
    with pytest.raises(InstarError, match="layout 99") as caught:
        project.up()
    assert caught.value.hint == "use a newer instar"
    assert project.applied() == [1]


def test_lost_tables_of_our_own_are_made_anew(project: Ground) -> None:
    project.up(single=True)
    prefix = "instar." if project.url.startswith("postgresql") else "instar_"
    project.query(f"DROP TABLE {prefix}checkpoint")
    project.query(f"DROP TABLE {prefix}meta")
    assert project.states() == {1: "applied", 2: "pending"}
    assert project.up() == [2]
