"""`baseline`: a database that has its tables already; and Flyway's baseline migrations."""

from pathlib import Path

import pytest

from instar.errors import PlanError, UsageError
from migrator_project import Ground, ground, numbers, table, version


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b", "c")
    return found


def baseline(project: Ground, at: str) -> list[int | str]:
    with project.migrator() as migrator:
        return numbers(migrator.baseline(at))


def test_a_baseline_records_and_runs_nothing(project: Ground) -> None:
    assert baseline(project, version(2)) == [1, 2]
    assert not project.has("a")
    assert project.applied() == [1, 2]
    assert project.log() == [(1, "baseline", "completed"), (2, "baseline", "completed")]
    assert project.states() == {1: "applied", 2: "applied", 3: "pending"}
    assert project.up() == [3]


def test_a_baseline_may_be_named(project: Ground) -> None:
    assert baseline(project, "create_b") == [1, 2]


def test_a_baseline_leaves_what_is_applied_as_it_is(project: Ground) -> None:
    project.up(single=True)
    before = project.query("SELECT * FROM schema_migrations")
    assert baseline(project, version(2)) == [2]
    assert project.query("SELECT * FROM schema_migrations ORDER BY version")[:1] == before
    assert baseline(project, version(2)) == []


def test_a_baseline_without_a_file_stands_for_itself(sqlite: str, tmp_path: Path) -> None:
    project = ground(sqlite, tmp_path)
    assert baseline(project, version(5)) == [5]
    project.write(6, table("f"))
    assert project.states() == {5: "applied", 6: "pending"}
    with project.migrator() as migrator:
        assert migrator.validate() == []
        assert migrator.repairs() == []


def test_what_comes_after_a_baseline_without_a_file_can_be_applied(sqlite: str, tmp_path: Path) -> None:
    project = ground(sqlite, tmp_path)
    baseline(project, version(5))
    project.write(6, table("f"))
    assert project.up() == [6]


@pytest.mark.parametrize("word", ["create_x", "", "latest-release"])
def test_a_baseline_at_no_version_is_refused(sqlite: str, tmp_path: Path, word: str) -> None:
    project = ground(sqlite, tmp_path)
    project.tables("a")
    with pytest.raises(UsageError, match="no version"):
        baseline(project, word)


def test_a_baseline_that_no_file_has_cannot_be_rolled_back(sqlite: str, tmp_path: Path) -> None:
    project = ground(sqlite, tmp_path)
    baseline(project, version(5))
    project.write(6, table("f"))
    project.up()
    assert project.down() == [6]
    with pytest.raises(PlanError, match="baseline cannot be rolled back: the history begins with it"):
        project.down()


# Flyway's


@pytest.fixture
def flyway(sqlite: str, tmp_path: Path) -> Ground:
    found = ground(sqlite, tmp_path)
    for number, name in enumerate("abc", 1):
        found.put(f"V{number}__{name}.sql", f"CREATE TABLE {name} (id INTEGER);")
    found.put("B2__both.sql", "".join(f"CREATE TABLE {name} (id INTEGER);" for name in ("a", "b", "both")))
    return found


def test_a_baseline_migration_stands_for_the_older_ones_on_a_new_database(flyway: Ground) -> None:
    assert flyway.up() == [2, 3]
    assert flyway.has("both")
    assert all(flyway.has(name) for name in "abc")
    assert flyway.up() == []


def test_a_baseline_migration_is_nothing_where_there_is_a_history(flyway: Ground) -> None:
    path = flyway.folder / "B2__both.sql"
    text = path.read_text()
    path.unlink()
    assert flyway.up(single=True) == [1]
    path.write_text(text)
    assert flyway.up() == [2, 3]
    assert not flyway.has("both")


def test_what_a_baseline_migration_stands_for_is_applied(flyway: Ground) -> None:
    flyway.up()
    assert set(flyway.states().values()) == {"applied"}
    with flyway.migrator() as migrator:
        assert migrator.validate() == []


def test_baseline_records_a_version_once_that_has_a_baseline_migration_too(flyway: Ground) -> None:
    assert baseline(flyway, "2") == [1, 2]
    assert flyway.states() == {1: "applied", 2: "applied", 3: "pending"}
    assert flyway.up() == [3]
    assert not flyway.has("both")
