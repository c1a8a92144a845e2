"""Migrations in Python: functions on the driver's own connection, in instar's transaction."""

from pathlib import Path

import pytest

from conftest import POSTGRESQL
from instar.errors import AmbiguousError, InstarError, MigrationFailedError, PlanError, UsageError
from migrator_project import Fresh, Ground, ground, version

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")
BOTH = """\
# /// migration
# description = "Numbers"
# author = "maria@example.com"
# ///


def up(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE numbers (n INTEGER)")
    for number in range(3):
        cursor.execute(f"INSERT INTO numbers VALUES ({number})")


def down(connection):
    connection.cursor().execute("DROP TABLE numbers")
"""


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    return ground(fresh(request.param), tmp_path)


def body(*lines: str, header: str = "") -> str:
    return "\n".join([header, "def up(connection):", *(f"    {line}" for line in lines), ""])


def test_it_goes_up_and_down(project: Ground) -> None:
    project.write(1, BOTH, kind="py")
    assert project.up() == [1]
    assert project.query("SELECT count(*) FROM numbers") == [(3,)]
    assert project.query("SELECT description, author FROM schema_migrations") == [("Numbers", "maria@example.com")]
    assert project.down() == [1]
    assert not project.has("numbers")
    assert project.up() == [1]
    assert project.states() == {1: "applied"}


def test_it_stands_among_migrations_in_sql(project: Ground) -> None:
    project.write(1, "CREATE TABLE t (n INTEGER);")
    project.write(2, body("connection.cursor().execute('INSERT INTO t VALUES (7)')"), kind="py")
    project.write(3, "UPDATE t SET n = n + 1;")
    assert project.up() == [1, 2, 3]
    assert project.query("SELECT n FROM t") == [(8,)]


def test_without_a_down_it_cannot_be_rolled_back(project: Ground) -> None:
    project.write(1, body("pass"), kind="py")
    project.up()
    with pytest.raises(PlanError, match="it has no down"):
        project.down()


def test_an_exception_rolls_it_back(project: Ground) -> None:
    project.write(1, "CREATE TABLE t (n INTEGER);")
    lines = ("connection.cursor().execute('INSERT INTO t VALUES (1)')", "raise ValueError('no such thing')")
    project.write(2, body(*lines), kind="py")
    with pytest.raises(MigrationFailedError) as caught:
        project.up()
    assert caught.value.message == f"{version(2)} step failed: ValueError: no such thing"
    assert caught.value.version == version(2)
    assert project.applied() == [1]
    assert project.log()[-1] == (2, "apply", "failed")
    if not project.url.startswith("mariadb"):
        assert project.query("SELECT * FROM t") == []


def test_an_error_of_the_driver_is_a_failure(project: Ground) -> None:
    project.write(1, body("connection.cursor().execute('SELECT * FROM missing')"), kind="py")
    with pytest.raises(MigrationFailedError, match="missing"):
        project.up()
    assert project.log() == [(1, "apply", "failed")]


@pytest.mark.parametrize("engine", [POSTGRESQL[-1], "sqlite"])
def test_it_can_be_corrected_after_a_failure(fresh: Fresh, engine: str, tmp_path: Path) -> None:
    project = ground(fresh(engine), tmp_path)
    project.write(1, body("raise RuntimeError"), kind="py")
    with pytest.raises(MigrationFailedError):
        project.up()
    project.write(1, body("pass"), kind="py")
    assert project.up() == [1]


def test_without_a_transaction_a_failure_leaves_a_question(mariadb: str, tmp_path: Path) -> None:
    project = ground(mariadb, tmp_path)
    project.write(1, body("connection.cursor().execute('CREATE TABLE t (n INTEGER)')", "raise RuntimeError"), kind="py")
    with pytest.raises(MigrationFailedError):
        project.up()
    assert project.has("t")
    project.write(1, body("pass"), kind="py")
    with pytest.raises(PlanError, match="number 1, which was begun, was edited since"):
        project.up()
    with project.migrator() as migrator:
        (repair,) = migrator.repairs()
        assert repair.kind == "abandon"
        migrator.repair([repair])
    assert project.up() == [1]


def test_without_a_transaction_a_failure_is_not_simply_tried_again(mariadb: str, tmp_path: Path) -> None:
    project = ground(mariadb, tmp_path)
    project.write(1, body("connection.cursor().execute('INSERT INTO missing VALUES (1)')"), kind="py")
    with pytest.raises(MigrationFailedError):
        project.up()
    with pytest.raises(AmbiguousError):
        project.up()
    project.query("CREATE TABLE missing (n INTEGER)")
    with project.migrator() as migrator:
        (repair,) = migrator.repairs()
        migrator.repair([repair.choose("not-applied")])
    assert project.up() == [1]


@pytest.mark.parametrize("call", ["commit()", "rollback()", "close()"])
def test_it_may_not_end_the_transaction(project: Ground, call: str) -> None:
    project.write(1, body("connection.cursor().execute('SELECT 1')", f"connection.{call}"), kind="py")
    with pytest.raises((UsageError, MigrationFailedError)) as caught:
        project.up()
    assert f"must not use {call.removesuffix('()')}" in caught.value.message
    assert project.applied() == []


def test_it_may_not_commit_behind_the_back(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, body("connection.execute('CREATE TABLE t (n int)')", "connection.execute('COMMIT')"), kind="py")
    with pytest.raises(InstarError):
        project.up()
    assert project.applied() == []


def test_without_a_transaction_it_may_do_what_none_can_hold(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "CREATE TABLE t (n int);")
    header = "# /// migration\n# transaction = false\n# ///\n"
    project.write(2, body("connection.execute('CREATE INDEX CONCURRENTLY t_n ON t (n)')", header=header), kind="py")
    assert project.up() == [1, 2]
    assert project.query("SELECT indexname FROM pg_indexes WHERE tablename = 't'") == [("t_n",)]


def test_without_saying_so_it_is_in_a_transaction(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "CREATE TABLE t (n int);")
    project.write(2, body("connection.execute('CREATE INDEX CONCURRENTLY t_n ON t (n)')"), kind="py")
    with pytest.raises(MigrationFailedError, match="CONCURRENTLY"):
        project.up()


def test_rows_have_the_drivers_own_form(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    lines = ("row = connection.execute('SELECT 1, %s', ['x']).fetchone()", "assert row == (1, 'x'), row")
    project.write(1, body(*lines), kind="py")
    assert project.up() == [1]


def test_an_edit_is_seen(project: Ground) -> None:
    project.write(1, body("pass"), kind="py")
    project.up()
    project.write(1, body("return"), kind="py")
    assert project.states() == {1: "edited"}


@pytest.mark.parametrize(("text", "message"), [
    ("def up(connection:\n    pass\n", "is not Python: '(' was never closed"),
    ("x = 1\n", "has no function up"),
])  # fmt: skip
def test_a_file_that_is_no_migration_is_refused_by_name(sqlite: str, tmp_path: Path, text: str, message: str) -> None:
    project = ground(sqlite, tmp_path)
    project.write(0, "CREATE TABLE t (n INTEGER);")
    path = project.write(1, text, kind="py")
    with pytest.raises(UsageError) as caught:
        project.up()
    assert f"{path.name} {message}" in caught.value.message
    assert not project.has("t")


@pytest.mark.parametrize(("line", "message"), [
    ("raise ValueError('at import')", "ValueError: at import"),
    ("import nothing_of_that_name", "nothing_of_that_name"),
])  # fmt: skip
def test_a_file_that_cannot_be_imported_is_a_named_error(sqlite: str, tmp_path: Path, line: str, message: str) -> None:
    project = ground(sqlite, tmp_path)
    project.write(1, body("pass", header=line), kind="py")
    with pytest.raises(InstarError, match=message) as caught:
        project.up()
    assert f"{version(1)}" in caught.value.message
    assert project.applied() == []


def test_a_dry_run_does_not_call_it(sqlite: str, tmp_path: Path) -> None:
    project = ground(sqlite, tmp_path)
    project.write(1, BOTH, kind="py")
    with project.migrator() as migrator:
        text = migrator.sql(migrator.plan())
    assert "Python: only instar can run it" in text
    assert "INSERT INTO" not in text.partition("-- apply")[2]
    assert not project.has("numbers")
