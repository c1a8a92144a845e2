"""`down` and `redo`: the way back, refused before anything is touched where it cannot be gone."""

from pathlib import Path

import pytest

from instar.errors import MigrationFailedError, PlanError, UsageError
from migrator_project import Ground, ground, header, numbers, table, version


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    """Three tables, all applied."""
    found = ground(database, tmp_path)
    found.tables("a", "b", "c")
    found.up()
    return found


@pytest.fixture
def plain(sqlite: str, tmp_path: Path) -> Ground:
    """The same on SQLite, for what the database has no part in."""
    found = ground(sqlite, tmp_path)
    found.tables("a", "b", "c")
    found.up()
    return found


def test_down_undoes_the_last_one_and_forgets_it(project: Ground) -> None:
    assert project.down() == [3]
    assert [project.has(name) for name in "abc"] == [True, True, False]
    assert project.applied() == [1, 2]
    assert project.log()[-1] == (3, "rollback", "completed")
    assert project.states() == {1: "applied", 2: "applied", 3: "pending"}


def test_what_went_down_goes_up_again(project: Ground) -> None:
    project.down(to="0")
    assert project.up() == [1, 2, 3]
    assert project.applied() == [1, 2, 3]


def test_down_goes_back_to_an_empty_database(project: Ground) -> None:
    assert project.down(to="0") == [3, 2, 1]
    assert not any(project.has(name) for name in "abc")
    assert project.down() == []


@pytest.mark.parametrize(("how", "expected"), [
    ({}, [3]), ({"count": 2}, [3, 2]), ({"count": 9}, [3, 2, 1]), ({"to": version(1)}, [3, 2]),
    ({"to": "create_b"}, [3]), ({"to": version(3)}, []), ({"to": "-2"}, [3, 2]), ({"to": "base"}, [3, 2, 1]),
])  # fmt: skip
def test_down_stops_where_it_is_told(plain: Ground, how: dict[str, object], expected: list[int]) -> None:
    assert plain.down(**how) == expected


def test_down_to_what_is_not_applied_is_refused(plain: Ground) -> None:
    plain.down()
    with pytest.raises(UsageError, match="create_c is not applied"):
        plain.down(to=version(3))
    with pytest.raises(UsageError, match="no migration 'create_x'"):
        plain.down(to="create_x")


def test_down_without_a_down_is_refused_before_anything_is_undone(project: Ground) -> None:
    project.write(2, table("b", down=False), name="create_b")
    with project.migrator() as migrator, pytest.raises(PlanError, match="create_b cannot be rolled back") as caught:
        migrator.down(to="0")
    assert "-- migrate:down" in caught.value.hint
    assert caught.value.place is not None
    assert caught.value.place.file.endswith("create_b.sql")
    assert all(project.has(name) for name in "abc")


def test_down_without_the_file_is_refused(plain: Ground) -> None:
    (plain.folder / f"{version(3)}_create_c.sql").unlink()
    with pytest.raises(PlanError, match="its file is missing"):
        plain.down()
    assert plain.applied() == [1, 2, 3]


def test_down_is_refused_while_something_that_stays_depends_on_it(plain: Ground) -> None:
    plain.write(0, header(dependencies=["create_c"]) + table("d"), name="create_d")
    plain.up()
    with pytest.raises(PlanError, match=r"create_c cannot be rolled back: .* create_d, which stays, depends on it"):
        plain.down(to=version(2))
    assert plain.down(count=2) == [0, 3]


def test_what_depends_on_another_goes_before_it(plain: Ground) -> None:
    plain.write(4, header(dependencies=["create_c"]) + table("d"), name="create_d")
    plain.up()
    plain.query("UPDATE schema_migrations SET applied_at = NULL")
    assert plain.down(to="0") == [4, 3, 2, 1]


def test_late_ones_are_undone_in_the_order_in_which_they_came(plain: Ground) -> None:
    plain.write(0, table("early"), name="create_early")
    assert plain.up() == [0]
    assert plain.down() == [0]


def test_a_down_that_fails_leaves_everything_and_can_be_corrected(project: Ground) -> None:
    project.write(3, "-- migrate:up\nCREATE TABLE c (id INTEGER PRIMARY KEY);\n-- migrate:down\nDELETE FROM missing;\n",
                  name="create_c")  # fmt: skip
    with pytest.raises(MigrationFailedError):
        project.down()
    assert project.applied() == [1, 2, 3]
    assert project.log()[-1] == (3, "rollback", "failed")
    project.tables("a", "b", "c")
    assert project.down() == [3]


def test_an_edited_up_does_not_stand_in_the_way_of_its_down(plain: Ground) -> None:
    plain.write(3, table("c").replace("PRIMARY KEY", "PRIMARY KEY, extra TEXT"), name="create_c")
    assert plain.down() == [3]
    assert plain.up() == [3]
    assert plain.query("SELECT extra FROM c") == []


# Redo


def test_redo_undoes_and_applies_again(project: Ground) -> None:
    project.query("INSERT INTO c VALUES (1)")
    with project.migrator() as migrator:
        report = migrator.redo()
    assert [(int(step.version), step.action) for step in report.steps] == [(3, "rollback"), (3, "apply")]
    assert project.query("SELECT * FROM c") == []
    assert project.applied() == [1, 2, 3]


def test_redo_takes_several_and_nothing_that_was_pending(plain: Ground) -> None:
    plain.write(4, table("d"), name="create_d")
    with plain.migrator() as migrator:
        assert numbers(migrator.redo(count=2)) == [3, 2, 2, 3]
        assert numbers(migrator.redo(to=version(2))) == [3, 3]
    assert not plain.has("d")


def test_redo_takes_an_edit_with_it(plain: Ground) -> None:
    plain.write(3, table("c").replace("PRIMARY KEY", "PRIMARY KEY, extra TEXT"), name="create_c")
    with plain.migrator() as migrator:
        migrator.redo()
        assert migrator.validate() == []
    assert plain.query("SELECT extra FROM c") == []


def test_redo_runs_repeatables_again_that_had_to_go(plain: Ground) -> None:
    sections = "-- migrate:up\nCREATE VIEW c_ids AS SELECT id FROM c;\n-- migrate:down\nDROP VIEW c_ids;\n"
    plain.put("R__c_ids.sql", header(dependencies=["create_c"]) + sections)
    with plain.migrator() as migrator:
        migrator.up()
        migrator.redo()
    assert plain.has("c_ids")
