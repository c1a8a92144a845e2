"""A plan that was looked at is what is carried out, or nothing is."""

import json
from pathlib import Path

import pytest

from instar.errors import PlanError, UsageError
from instar.model import Plan
from migrator_project import Ground, ground, numbers, table, version


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b", "c")
    return found


@pytest.fixture
def plain(sqlite: str, tmp_path: Path) -> Ground:
    found = ground(sqlite, tmp_path)
    found.tables("a", "b", "c")
    return found


def dumped(project: Ground, **how: object) -> str:
    with project.migrator() as migrator:
        return migrator.dump_plan(migrator.plan(**how))  # type: ignore[arg-type]


def carried_out(project: Ground, text: str) -> list[int | str]:
    with project.migrator() as migrator:
        return numbers(migrator.up(plan=migrator.load_plan(text)))


def test_a_plan_is_carried_out_as_it_was_written(project: Ground) -> None:
    text = dumped(project, to=version(2))
    assert not project.has("schema_migrations")
    assert carried_out(project, text) == [1, 2]
    assert project.applied() == [1, 2]


def test_a_plan_says_what_it_does_in_json(plain: Ground) -> None:
    document = json.loads(dumped(plain, to="+1"))
    assert document["kind"] == "instar plan 1"
    (step,) = document["steps"]
    assert (step["version"], step["name"], step["action"]) == (version(1), "create_a", "apply")
    assert step["segments"] == [{"transaction": True, "statements": ["CREATE TABLE a (id INTEGER PRIMARY KEY)"]}]


def test_a_migrators_own_plan_can_be_given_without_a_file(plain: Ground) -> None:
    with plain.migrator() as migrator:
        plan = migrator.plan(to="+2")
        assert isinstance(plan, Plan)
        assert numbers(migrator.up(plan=plan)) == [1, 2]


def test_a_plan_is_refused_when_the_history_has_moved(project: Ground) -> None:
    text = dumped(project)
    project.up(single=True)
    with pytest.raises(PlanError, match="the history has moved since the plan was made"):
        carried_out(project, text)
    assert project.applied() == [1]


def test_a_plan_is_refused_after_it_was_carried_out(plain: Ground) -> None:
    text = dumped(plain)
    carried_out(plain, text)
    with pytest.raises(PlanError, match="moved"):
        carried_out(plain, text)


def test_a_plan_is_refused_when_a_file_was_edited_or_is_gone(plain: Ground) -> None:
    text = dumped(plain)
    path = plain.write(2, table("b2"), name="create_b")
    with pytest.raises(PlanError, match="create_b was edited since the plan was made"):
        carried_out(plain, text)
    path.unlink()
    with pytest.raises(PlanError, match="create_b is missing since the plan was made"):
        carried_out(plain, text)
    assert not plain.has("a")


def test_a_new_file_is_not_taken_in(plain: Ground) -> None:
    text = dumped(plain)
    plain.write(4, table("d"))
    assert carried_out(plain, text) == [1, 2, 3]


def test_an_older_new_file_does_not_change_what_is_done(plain: Ground) -> None:
    text = dumped(plain)
    plain.write(0, table("z"))
    assert carried_out(plain, text) == [1, 2, 3]


def test_a_plan_of_down_goes_down(plain: Ground) -> None:
    plain.up()
    text = dumped(plain, down=True, count=2)
    assert carried_out(plain, text) == [3, 2]
    assert plain.applied() == [1]


def test_a_plan_of_a_late_one_is_carried_out_where_it_was_allowed(plain: Ground) -> None:
    plain.up(to=version(1))
    plain.write(0, "ALTER TABLE a ADD COLUMN extra TEXT;", name="late")
    with plain.migrator(out_of_order="safe") as migrator:
        text = migrator.dump_plan(migrator.plan(out_of_order=True))
    with plain.migrator(out_of_order="safe") as migrator:
        with pytest.raises(PlanError, match="out of order"):
            migrator.up(plan=migrator.load_plan(text))
        assert numbers(migrator.up(plan=migrator.load_plan(text), out_of_order=True)) == [0, 2, 3]


def test_the_log_names_the_plan(plain: Ground) -> None:
    text = dumped(plain)
    carried_out(plain, text)
    assert {row.context["plan"] for row in plain.history()} == {json.loads(text)["plan"]}


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"kind": "instar plan 1"}', '"text"', "null"])
def test_what_is_no_plan_is_refused(plain: Ground, text: str) -> None:
    with plain.migrator() as migrator, pytest.raises(UsageError, match="not a plan of instar"):
        migrator.load_plan(text)


@pytest.mark.parametrize("broken", [
    {"steps": [{"version": version(1)}]}, {"steps": ["x"]}, {"steps": {"a": 1}}, {"steps": None}, {"kind": 7},
    {"steps": [{"version": version(1), "name": "a", "checksum": "x", "action": "explode"}]},
])  # fmt: skip
def test_a_plan_that_was_damaged_is_refused(plain: Ground, broken: dict[str, object]) -> None:
    text = json.dumps(json.loads(dumped(plain)) | broken)
    with plain.migrator() as migrator, pytest.raises((UsageError, PlanError)):
        migrator.load_plan(text)


def test_a_damaged_action_is_refused(plain: Ground) -> None:
    text = dumped(plain).replace('"apply"', '"explode"')
    with plain.migrator() as migrator, pytest.raises(UsageError, match="not a plan of instar"):
        migrator.load_plan(text)
