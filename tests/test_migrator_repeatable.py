"""Repeatable migrations: run again when they change, after the versioned ones, in the order of their dependencies."""

from pathlib import Path

import pytest

from instar.errors import PlanError
from migrator_project import Ground, ground, header, version


def view(name: str, of: str = "SELECT 1 AS n", *needs: str, down: bool = True) -> str:
    about = header(dependencies=list(needs)) if needs else ""
    undo = f"-- migrate:down\nDROP VIEW {name};\n" if down else ""
    return f"{about}-- migrate:up\nDROP VIEW IF EXISTS {name};\nCREATE VIEW {name} AS {of};\n{undo}"


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b")
    found.put("R__v.sql", view("v", "SELECT id FROM a"))
    return found


@pytest.fixture
def plain(sqlite: str, tmp_path: Path) -> Ground:
    found = ground(sqlite, tmp_path)
    found.tables("a", "b")
    return found


def test_a_repeatable_runs_after_the_versioned_ones_and_once(project: Ground) -> None:
    assert project.up() == [1, 2, "R__v"]
    assert project.up() == []
    assert project.applied() == [1, 2, "R__v"]


def test_a_repeatable_runs_again_when_it_has_changed(project: Ground) -> None:
    project.up()
    project.put("R__v.sql", view("v", "SELECT id + 1 AS id FROM a"))
    project.query("INSERT INTO a VALUES (1)")
    assert project.up() == ["R__v"]
    assert project.query("SELECT id FROM v") == [(2,)]
    assert project.applied() == [1, 2, "R__v"]
    assert project.up() == []
    assert [row for row in project.log() if row[0] == "R__v"] == [("R__v", "apply", "completed")] * 2


def test_a_repeatable_waits_when_up_stops_before_the_newest(project: Ground) -> None:
    assert project.up(to=version(1)) == [1]
    assert project.up(single=True) == [2]
    assert project.up() == ["R__v"]


def test_a_target_that_is_the_newest_takes_the_repeatables_with_it(plain: Ground) -> None:
    plain.put("R__v.sql", view("v"))
    assert plain.up(to=version(2)) == [1, 2, "R__v"]


def test_repeatables_are_ordered_by_dependency_then_by_name(plain: Ground) -> None:
    plain.put("R__first.sql", view("first", "SELECT n FROM second", "second"))
    plain.put("R__second.sql", view("second", "SELECT n FROM third", "R__third"))
    plain.put("R__third.sql", view("third"))
    assert plain.up() == [1, 2, "R__third", "R__second", "R__first"]


def test_a_circle_of_repeatables_is_refused(plain: Ground) -> None:
    plain.put("R__first.sql", view("first", "SELECT 1", "second"))
    plain.put("R__second.sql", view("second", "SELECT 1", "first"))
    with pytest.raises(PlanError, match="circle"):
        plain.up()


def test_a_repeatable_goes_with_what_it_depends_on_and_comes_back(plain: Ground) -> None:
    plain.put("R__v.sql", view("v", "SELECT id FROM b", "create_b"))
    plain.put("R__w.sql", view("w", "SELECT id FROM v", "v"))
    plain.up()
    assert plain.down() == ["R__w", "R__v", 2]
    assert plain.applied() == [1]
    assert plain.up() == [2, "R__v", "R__w"]


def test_a_repeatable_that_depends_on_nothing_that_goes_stays(plain: Ground) -> None:
    plain.put("R__v.sql", view("v", "SELECT id FROM a", "create_a"))
    plain.up()
    assert plain.down() == [2]
    assert plain.has("v")


def test_all_repeatables_go_when_all_goes(project: Ground) -> None:
    project.up()
    assert project.down(to="0") == ["R__v", 2, 1]
    assert project.applied() == []
    assert project.up() == [1, 2, "R__v"]


def test_a_failed_repeatable_is_run_again(plain: Ground) -> None:
    plain.put("R__v.sql", "CREATE VIEW v AS SELECT * FROM;")
    with pytest.raises(Exception, match="R__v v failed"):
        plain.up()
    assert plain.applied() == [1, 2]
    plain.put("R__v.sql", view("v"))
    assert plain.up() == ["R__v"]
