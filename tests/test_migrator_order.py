"""The order of migrations: versions, dependencies, and those that come late."""

from pathlib import Path

import pytest

from conftest import POSTGRESQL
from instar.errors import InstarError, PlanError
from migrator_project import Fresh, Ground, ground, header, table, version

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")


@pytest.fixture
def project(sqlite: str, tmp_path: Path) -> Ground:
    return ground(sqlite, tmp_path)


def needing(*names: str) -> str:
    return header(dependencies=list(names))


# Dependencies


def test_what_others_depend_on_goes_first(database: str, tmp_path: Path) -> None:
    project = ground(database, tmp_path)
    project.write(1, needing("create_c") + "INSERT INTO c VALUES (1);")
    project.write(2, needing(version(3)) + "INSERT INTO c VALUES (2);")
    project.write(3, table("c"), name="create_c")
    project.write(4, table("d"), name="create_d")
    assert project.up() == [3, 1, 2, 4]
    assert project.states() == dict.fromkeys((1, 2, 3, 4), "applied")


def test_a_target_is_a_point_in_the_order_in_which_all_would_run(project: Ground) -> None:
    project.write(1, needing("create_c") + "INSERT INTO c VALUES (1);")
    project.write(2, table("b"))
    project.write(3, table("c"), name="create_c")
    assert project.up(to=version(1)) == [2, 3, 1]


def test_a_dependency_may_be_applied_and_gone(project: Ground) -> None:
    project.tables("a")
    project.up()
    project.write(2, needing(version(1)) + table("b"))
    assert project.up() == [2]


def test_an_unknown_dependency_is_refused_by_name(project: Ground) -> None:
    project.tables("accounts", "b")
    project.write(3, needing("create_acounts") + table("c"), name="create_c")
    with pytest.raises(PlanError) as caught:
        project.up()
    assert caught.value.message == (
        f"{version(3)} create_c depends on 'create_acounts', which is neither in the files nor applied"
    )
    assert "create_accounts" in caught.value.hint
    assert not project.has("accounts")


def test_a_circle_is_refused_by_names(project: Ground) -> None:
    project.write(1, needing("create_c") + table("a"), name="create_a")
    project.write(2, needing("create_a") + table("b"), name="create_b")
    project.write(3, needing("create_b") + table("c"), name="create_c")
    with pytest.raises(PlanError, match="depend on each other in a circle") as caught:
        project.up()
    assert all(f"create_{name}" in caught.value.message for name in "abc")


def test_one_that_depends_on_itself_is_a_circle(project: Ground) -> None:
    project.write(1, needing("create_a") + table("a"), name="create_a")
    with pytest.raises(PlanError, match="circle"):
        project.up()


def test_two_with_one_version_are_refused_with_both_files(project: Ground) -> None:
    project.write(1, table("a"), name="create_a")
    project.write(1, table("b"), name="create_b")
    with pytest.raises(InstarError) as caught:
        project.up()
    text = f"{caught.value.message} {caught.value.hint}"
    assert f"{version(1)}_create_a.sql" in text
    assert f"{version(1)}_create_b.sql" in text


# Late ones


def late(project: Ground, applied: str, came: str) -> Ground:
    project.tables("users", "orders")
    project.write(4, applied)
    project.up()
    project.write(3, came, name="late")
    return project


@pytest.mark.parametrize("engine", ENGINES)
def test_a_late_one_is_safe_when_nothing_after_it_touched_the_same(fresh: Fresh, engine: str, tmp_path: Path) -> None:
    project = late(
        ground(fresh(engine), tmp_path),
        "ALTER TABLE users ADD COLUMN name VARCHAR(50);",
        "ALTER TABLE orders ADD COLUMN total INTEGER;",
    )
    assert project.up({"out_of_order": "safe"}) == [3]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("came", [
    "ALTER TABLE users ADD COLUMN mail VARCHAR(50);",
    "INSERT INTO orders SELECT id FROM users;",
    "CREATE VIEW names AS SELECT id FROM users;",
])  # fmt: skip
def test_a_late_one_that_touches_the_same_is_refused(fresh: Fresh, engine: str, tmp_path: Path, came: str) -> None:
    project = late(ground(fresh(engine), tmp_path), "ALTER TABLE users ADD COLUMN name VARCHAR(50);", came)
    with pytest.raises(PlanError) as caught:
        project.up({"out_of_order": "safe"})
    conflict = f"{version(4)} step, applied already, touches users too"
    assert caught.value.message == f"{version(3)} late is out of order: {conflict}"
    assert "--out-of-order" in caught.value.hint
    assert project.applied() == [1, 2, 4]
    assert project.up({"out_of_order": "safe"}, out_of_order=True) == [3]


def test_a_late_one_of_which_nothing_is_known_is_refused(project: Ground) -> None:
    late(project, "ALTER TABLE users ADD COLUMN name TEXT;", table("extra"))
    (project.folder / f"{version(3)}_late.sql").unlink()
    project.write(3, "def up(connection):\n    pass\n", name="late", kind="py")
    with pytest.raises(PlanError, match="what it touches cannot be told"):
        project.up({"out_of_order": "safe"})


def test_refuse_refuses_whatever_a_late_one_touches(project: Ground) -> None:
    late(project, "ALTER TABLE users ADD COLUMN name TEXT;", table("extra"))
    with pytest.raises(PlanError, match="late is out of order: it is older than what is applied"):
        project.up({"out_of_order": "refuse"})
    with pytest.raises(PlanError):
        project.up(out_of_order=False)
    assert not project.has("extra")


def test_apply_is_what_development_does(project: Ground) -> None:
    late(project, "ALTER TABLE users ADD COLUMN name TEXT;", "ALTER TABLE users ADD COLUMN mail TEXT;")
    assert project.up() == [3]


def test_a_late_one_that_is_not_chosen_does_not_stop_others(project: Ground) -> None:
    late(project, "ALTER TABLE users ADD COLUMN name TEXT;", "ALTER TABLE users ADD COLUMN mail TEXT;")
    project.write(2, table("orders"), name="create_orders")
    assert project.up({"out_of_order": "refuse"}, to=version(2)) == []


def test_versions_sort_as_numbers(project: Ground) -> None:
    for number in (2, 10, 9):
        project.put(f"V{number}__v{number}.sql", f"CREATE TABLE v{number} (id INTEGER);")
    assert project.up() == [2, 9, 10]
