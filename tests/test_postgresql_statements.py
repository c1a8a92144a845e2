"""PostgreSQL: statements that cannot be in a transaction, found out and resumed; histories that are not ours."""

from pathlib import Path

import pytest

from instar.errors import AmbiguousError, CheckFailedError, ForeignHistoryError, MigrationFailedError, PlanError
from instar.events import Notice
from project import Project

ALONE = {
    "vacuum": "VACUUM t",
    "vacuum full": "VACUUM (FULL, ANALYZE) t",
    "index": "CREATE INDEX CONCURRENTLY t_m ON t (m)",
    "unique index": "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_m ON public.t USING btree (m)",
    "drop index": "DROP INDEX CONCURRENTLY t_n",
    "reindex": "REINDEX INDEX CONCURRENTLY t_n",
    "reindex table": "REINDEX (CONCURRENTLY, VERBOSE) TABLE t",
    "reindex schema": "REINDEX SCHEMA public",
    "reindex partitioned": "REINDEX TABLE parts",
    "detach": "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY",
    "cluster": "CLUSTER",
    "discard": "DISCARD ALL",
    "do": "DO $$ BEGIN INSERT INTO witness VALUES ('in'); COMMIT; INSERT INTO witness VALUES ('in'); END $$",
    "call": "CALL commits()",
    "call in do": "DO $$ BEGIN CALL commits(); END $$",
}
BASE = """
CREATE TABLE t (n int, m int);
INSERT INTO t SELECT n, n FROM generate_series(1, 100) AS n;
CREATE INDEX t_n ON t (n);
CREATE TABLE parts (n int) PARTITION BY RANGE (n);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE INDEX parts_n ON parts (n);
CREATE TABLE witness (said text);
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
BEGIN INSERT INTO witness VALUES ('in'); COMMIT; INSERT INTO witness VALUES ('in'); END $$;
"""


@pytest.fixture
def project(postgresql: str, tmp_path: Path) -> Project:
    return Project.begin(postgresql, tmp_path)


@pytest.mark.parametrize("name", [name for name in ALONE if name != "discard"])
def test_what_cannot_be_in_a_transaction_runs_between_two(project: Project, name: str) -> None:
    project.write(1, BASE)
    text = f"INSERT INTO witness VALUES ('before');\n{ALONE[name]};\nINSERT INTO witness VALUES ('after');"
    project.write(2, text)
    assert len(project.up()) == 2
    said = [row[0] for row in project.query("SELECT said FROM witness")]
    assert [word for word in said if word != "in"] == ["before", "after"]
    assert said.count("in") == (2 if name in {"do", "call", "call in do"} else 0)
    assert project.query("SELECT * FROM instar.checkpoint") == []


def test_what_failed_after_it_goes_on_there(project: Project) -> None:
    project.write(1, BASE)
    text = "INSERT INTO witness VALUES ('before');\nREINDEX TABLE parts;\nINSERT INTO witness VALUES ('after');\n"
    project.write(2, text + "SELECT 1 / 0;")
    with pytest.raises(MigrationFailedError, match="division by zero") as failure:
        project.up()
    assert failure.value.place
    assert failure.value.place.line == 4
    project.write(2, text + "INSERT INTO witness VALUES ('edited');")
    project.up()
    assert project.query("SELECT said FROM witness") == [("before",), ("after",), ("edited",)]


def test_an_edit_of_what_has_run_is_refused(project: Project) -> None:
    project.write(1, BASE)
    rest = "VACUUM t;\nSELECT 1 / 0;"
    project.write(2, f"INSERT INTO witness VALUES ('before');\n{rest}")
    with pytest.raises(MigrationFailedError):
        project.up()
    project.write(2, f"INSERT INTO witness VALUES ('something else');\n{rest}")
    with pytest.raises(PlanError, match="number 1 of those was edited") as failure:
        project.up()
    assert "restore" in failure.value.hint
    assert failure.value.place
    assert failure.value.place.line == 1
    project.write(2, "insert into witness -- reformatted\n values ('before');\nVACUUM t;\nSELECT 1;")
    project.up()
    assert project.query("SELECT said FROM witness") == [("before",)]


def test_an_invalid_index_is_dropped_and_built_again(project: Project) -> None:
    project.write(1, BASE)
    project.write(2, "INSERT INTO t VALUES (1, 1);\nCREATE UNIQUE INDEX CONCURRENTLY t_m ON t (m);\nANALYZE t;")
    with pytest.raises(MigrationFailedError, match="could not create unique index") as failure:
        project.up()
    assert "duplicated" in failure.value.message
    invalid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_m')"
    assert project.query(invalid) == [(False,)]
    project.query("DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t)")
    project.up()
    assert project.query(invalid) == [(True,)]
    assert any("INVALID" in event.message for event in project.told(Notice))


def test_a_block_that_commits_and_fails_is_ambiguous(project: Project) -> None:
    project.write(1, BASE)
    block = "DO $$ BEGIN INSERT INTO witness VALUES ('in'); COMMIT; PERFORM 1 / 0; END $$;"
    project.write(2, f"{block}\nINSERT INTO witness VALUES ('after');")
    with pytest.raises(MigrationFailedError, match="division by zero"):
        project.up()
    with pytest.raises(AmbiguousError) as failure:
        project.up()
    assert failure.value.exit_code == 7
    assert "repair" in failure.value.hint
    with project.migrator() as migrator:
        (repair,) = migrator.repairs()
        assert repair.choices == ("applied", "not-applied")
        migrator.repair([repair.choose("applied")])
        assert migrator.repairs() == []
        migrator.up()
    assert project.query("SELECT said FROM witness") == [("in",), ("after",)]


def test_an_enum_value_can_be_used_in_the_same_file(project: Project) -> None:
    project.write(1, "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE t (m mood);")
    project.write(2, "ALTER TYPE mood ADD VALUE 'happy';\nINSERT INTO t VALUES ('happy');")
    project.up()
    assert project.query("SELECT m::text FROM t") == [("happy",)]


def test_a_group_is_one_transaction(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    project.write(2, "INSERT INTO t VALUES (1);")
    project.write(3, "SELECT 1 / 0;")
    with pytest.raises(MigrationFailedError, match="division by zero"):
        project.up(group=True)
    assert project.applied() == []
    assert project.query("SELECT to_regclass('t')") == [(None,)]
    assert project.log() == [(1, "failed"), (2, "failed"), (3, "failed")]
    project.write(3, "INSERT INTO t VALUES (2);")
    assert len(project.up(group=True)) == 3
    times = project.query("SELECT count(DISTINCT xmin::text) FROM schema_migrations")
    assert times == [(1,)]


def test_the_log_says_which_of_a_group_failed(project: Project) -> None:
    project.write(1, "CREATE TABLE t (n int);")
    project.write(2, "SELECT 1 / 0;")
    with pytest.raises(MigrationFailedError):
        project.up(group=True)
    with project.migrator() as migrator:
        messages = [attempt.error_message or "" for attempt in migrator.history()]
    assert "rolled back with the group" in messages[0]
    assert "division by zero" in messages[1]


def test_a_group_refuses_what_has_transactions_of_its_own(project: Project) -> None:
    project.write(1, BASE)
    project.write(2, "VACUUM t;")
    with pytest.raises(PlanError, match="cannot be in one transaction"):
        project.up(group=True)
    assert project.query("SELECT to_regclass('t')") == [(None,)]


def test_a_check_stops_before_anything_is_done(project: Project) -> None:
    project.write(1, BASE)
    project.write(2, "-- migrate:before\nSELECT n, m FROM t WHERE n > 98 ORDER BY n;\n-- migrate:up\nDROP TABLE t;")
    with pytest.raises(CheckFailedError) as failure:
        project.up()
    assert failure.value.columns == ("n", "m")
    assert failure.value.rows == ((99, 99), (100, 100))
    assert project.applied() == [1]
    assert project.log()[-1] == (2, "failed")


def test_a_check_after_rolls_back(project: Project) -> None:
    project.write(1, BASE)
    project.write(2, "-- migrate:up\nDELETE FROM t WHERE n > 1;\n-- migrate:after\nSELECT n FROM t;")
    with pytest.raises(CheckFailedError, match="after check"):
        project.up()
    assert project.query("SELECT count(*) FROM t") == [(100,)]


def test_the_standards_documents_own_insert_works(project: Project) -> None:
    project.write(20231201120000, "CREATE TABLE user_preferences (n int);", name="create_user_preferences_table")
    project.write(20231201120001, "CREATE TABLE other (n int);")
    with project.migrator() as migrator:
        migrator.up(to="20231201120000")
    project.query(
        "INSERT INTO schema_migrations (version, name, description, author, execution_time_ms, checksum)"
        " VALUES ('20231201120001', 'step', 'by hand', 'john.doe', 150, NULL)"
    )
    assert project.up() == []


FOREIGN = {
    "dbmate": "CREATE TABLE schema_migrations (version varchar PRIMARY KEY)",
    "Rails": "CREATE TABLE schema_migrations (version character varying NOT NULL PRIMARY KEY)",
    "golang-migrate": "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
    "another tool": "CREATE TABLE schema_migrations (id int, filename text)",
}


@pytest.mark.parametrize("tool", FOREIGN)
def test_a_foreign_table_is_recognised_and_left_alone(project: Project, tool: str) -> None:
    project.query(FOREIGN[tool])
    project.write(1, "CREATE TABLE t (n int);")
    columns = "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = 'schema_migrations'::regclass ORDER BY 1"
    before = project.query(columns)
    with pytest.raises(ForeignHistoryError, match=tool) as failure:
        project.up()
    assert failure.value.exit_code == 5
    assert "table =" in failure.value.hint
    assert project.query(columns) == before
    assert project.query("SELECT to_regclass('t'), to_regclass('migration_execution_log')") == [(None, None)]
    assert project.up(table="instar_migrations") == [f"{1:014d}"]
    assert project.query(columns) == before
