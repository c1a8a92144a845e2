"""`before` and `after` checks: rows where there must be none stop a migration, and are shown."""

from pathlib import Path

import pytest

from conftest import POSTGRESQL
from instar.errors import CheckFailedError, MigrationFailedError
from migrator_project import Fresh, Ground, ground, version

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")
BEFORE = """\
-- migrate:before
SELECT id, email FROM users WHERE email NOT LIKE '%@%' ORDER BY id;

-- migrate:up
INSERT INTO users VALUES (10, 'new@example.com');
"""
AFTER = """\
-- migrate:up
UPDATE users SET email = 'nobody' WHERE id = 1;
-- migrate:after
SELECT id FROM users WHERE id > 100;
SELECT id, email FROM users WHERE email = 'nobody';
"""


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    found = ground(fresh(request.param), tmp_path)
    found.query("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(50))")
    found.query("INSERT INTO users VALUES (1, 'maria@example.com'), (2, 'bob@example.com')")
    return found


def refused(project: Ground) -> CheckFailedError:
    with pytest.raises(CheckFailedError) as caught:
        project.up()
    return caught.value


def test_checks_that_find_nothing_let_it_pass(project: Ground) -> None:
    project.write(1, BEFORE + "-- migrate:after\nSELECT id FROM users WHERE id = 11;\n")
    assert project.up() == [1]


def test_a_before_check_shows_the_rows_and_nothing_is_changed(project: Ground) -> None:
    project.query("INSERT INTO users VALUES (3, 'nobody'), (4, 'née')")
    project.write(1, BEFORE)
    error = refused(project)
    assert error.message == f"the before check of {version(1)} step found 2 rows where there must be none"
    assert error.columns == ("id", "email")
    assert error.rows == ((3, "nobody"), (4, "née"))
    assert error.place is not None
    assert error.place.line == 2
    assert project.query("SELECT count(*) FROM users") == [(4,)]
    assert project.log() == [(1, "apply", "failed")]
    project.query("DELETE FROM users WHERE id > 2")
    assert project.up() == [1]


def test_many_rows_are_not_all_shown(project: Ground) -> None:
    for number in range(20, 60):
        project.query(f"INSERT INTO users VALUES ({number}, 'none')")
    project.write(1, BEFORE)
    error = refused(project)
    assert "found 40 rows" in error.message
    assert len(error.rows) == 10


def test_what_a_before_check_writes_is_rolled_back(project: Ground) -> None:
    project.write(1, "-- migrate:before\nINSERT INTO users VALUES (9, 'x');\n-- migrate:up\nSELECT 1;\n")
    assert project.up() == [1]
    assert project.query("SELECT * FROM users WHERE id = 9") == []


def test_an_after_check_rolls_its_migration_back(project: Ground) -> None:
    project.write(1, AFTER)
    error = refused(project)
    assert error.message == f"the after check of {version(1)} step found 1 row where there must be none"
    assert error.rows == ((1, "nobody"),)
    assert error.place is not None
    assert error.place.line == 5
    assert project.query("SELECT email FROM users WHERE id = 1") == [("maria@example.com",)]
    assert project.applied() == []
    assert project.log() == [(1, "apply", "failed")]


def test_a_check_with_a_mistake_is_no_pass(project: Ground) -> None:
    project.write(1, "-- migrate:before\nSELECT missing FROM users;\n-- migrate:up\nSELECT 1;\n")
    assert "the before check of" in refused(project).message
    project.write(1, "-- migrate:up\nSELECT 1;\n-- migrate:after\nSELECT missing FROM users;\n")
    error = refused(project)
    assert "the after check of" in error.message
    assert error.place is not None
    assert error.place.line == 4


def test_checks_are_not_run_on_the_way_back(project: Ground) -> None:
    project.write(1, BEFORE + "-- migrate:down\nDELETE FROM users WHERE id = 10;\n")
    project.up()
    project.query("INSERT INTO users VALUES (3, 'nobody')")
    assert project.down() == [1]


def test_migrations_before_the_refused_one_stay(project: Ground) -> None:
    project.write(0, "INSERT INTO users VALUES (3, 'nobody');", name="first")
    project.write(1, BEFORE)
    refused(project)
    assert project.applied() == [0]


def test_a_migrator_goes_on_working_after_a_check(project: Ground) -> None:
    project.write(1, AFTER)
    with project.migrator() as migrator:
        with pytest.raises(CheckFailedError):
            migrator.up()
        assert [item.state for item in migrator.status()] == ["pending"]
        with pytest.raises(CheckFailedError):
            migrator.up()


# Blocks that raise


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_block_that_raises_stops_the_migration(postgres: str, tmp_path: Path, when: str) -> None:
    project = ground(postgres, tmp_path)
    block = "DO $$ BEGIN\n  RAISE EXCEPTION 'too few users' USING HINT = 'seed them';\nEND $$;\n"
    up = "-- migrate:up\nCREATE TABLE t (n int);\n"
    check = f"-- migrate:{when}\n{block}"
    project.write(1, check + up if when == "before" else up + check)
    error = refused(project)
    assert error.message == f"the {when} check of {version(1)} step failed: too few users"
    assert error.hint == "seed them"
    assert not project.has("t")


def test_an_after_check_of_several_transactions_leaves_what_is_committed(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    body = "CREATE TABLE t (n int);\nCREATE INDEX CONCURRENTLY t_n ON t (n);\nINSERT INTO t VALUES (1);\n"
    project.write(1, f"-- migrate:up\n{body}-- migrate:after\nSELECT n FROM t;\n")
    refused(project)
    assert project.query("SELECT * FROM t") == []
    assert project.states() == {1: "partial"}
    project.write(1, f"-- migrate:up\n{body}-- migrate:after\nSELECT n FROM t WHERE n > 1;\n")
    assert project.up() == [1]


def test_checks_see_what_the_group_has_done_so_far(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "CREATE TABLE t (n int); INSERT INTO t VALUES (1);")
    project.write(2, "-- migrate:before\nSELECT n FROM t WHERE n > 0;\n-- migrate:up\nSELECT 1;\n")
    with pytest.raises(CheckFailedError):
        project.up(group=True)
    assert not project.has("t")
    assert project.applied() == []
    assert [row[2] for row in project.log()] == ["failed", "failed"]


def test_a_failure_in_up_is_no_failed_check(project: Ground) -> None:
    project.write(1, BEFORE.replace("INTO users", "INTO nobody"))
    with pytest.raises(MigrationFailedError):
        project.up()
