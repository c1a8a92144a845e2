"""`status` and `validate`: what state every migration is in, since when, how long it took, and by whom."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from instar.context import actor
from instar.errors import MigrationFailedError, PlanError
from instar.model import State
from migrator_project import Ground, ground, header, table, version


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    """Two tables applied and one pending."""
    found = ground(database, tmp_path)
    found.tables("a", "b", "c")
    found.up(to="+2")
    return found


@pytest.fixture
def plain(sqlite: str, tmp_path: Path) -> Ground:
    """The same on SQLite, for what the database has no part in."""
    found = ground(sqlite, tmp_path)
    found.tables("a", "b", "c")
    found.up(to="+2")
    return found


def test_status_of_a_new_database_changes_nothing(database: str, tmp_path: Path) -> None:
    project = ground(database, tmp_path)
    project.tables("a")
    assert project.states() == {1: State.PENDING}
    assert not project.has("schema_migrations")
    assert project.history() == []


def test_status_says_when_how_long_and_by_whom(project: Ground) -> None:
    with project.migrator() as migrator:
        first, second, third = migrator.status()
    assert [item.state for item in (first, second, third)] == [State.APPLIED, State.APPLIED, State.PENDING]
    assert first.entry is not None
    assert first.entry.applied_at is not None
    assert abs(datetime.now(UTC) - first.entry.applied_at) < timedelta(minutes=5)
    assert first.entry.execution_time_ms is not None
    assert 0 <= first.entry.execution_time_ms < 60_000
    assert (first.by, third.by) == (actor(), "")
    assert third.entry is None


def test_an_edit_of_what_is_applied_is_seen_and_stops_up(project: Ground) -> None:
    project.write(1, table("a2"), name="create_a")
    assert project.states() == {1: State.EDITED, 2: State.APPLIED, 3: State.PENDING}
    with pytest.raises(PlanError, match="create_a was edited after it was applied"):
        project.up()
    assert not project.has("c")


def test_new_layout_and_comments_are_no_edit(project: Ground) -> None:
    up = "-- migrate:up\n-- the first\nCREATE  TABLE a (\n  id INTEGER PRIMARY KEY -- key\n);\n"
    project.write(1, f"{up}-- migrate:down\nDROP TABLE a;\n", name="create_a")
    assert project.states() == {1: State.REFORMATTED, 2: State.APPLIED, 3: State.PENDING}
    with project.migrator() as migrator:
        assert [item.state for item in migrator.validate()] == [State.REFORMATTED]
        plan = migrator.plan()
        assert [note for note in plan.notes if "reformatted" in note]
    assert project.up() == [3]


@pytest.mark.parametrize("change", [
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: header(description="said later") + text,
    lambda text: text.replace("DROP TABLE a", "DROP TABLE IF EXISTS a"),
])  # fmt: skip
def test_what_does_not_belong_to_up_is_no_change(plain: Ground, change: object) -> None:
    assert callable(change)
    plain.write(1, change(table("a")), name="create_a")
    assert plain.states()[1] is State.APPLIED
    with plain.migrator() as migrator:
        assert migrator.validate() == []


def test_a_renamed_file_is_no_change(plain: Ground) -> None:
    (plain.folder / f"{version(1)}_create_a.sql").rename(plain.folder / f"{version(1)}_make_a.sql")
    assert plain.states()[1] is State.APPLIED


def test_a_deleted_file_is_missing_and_stops_up(project: Ground) -> None:
    (project.folder / f"{version(1)}_create_a.sql").unlink()
    assert project.states() == {1: State.MISSING, 2: State.APPLIED, 3: State.PENDING}
    with pytest.raises(PlanError, match="create_a is applied, but its file is missing"):
        project.up()


def test_what_a_newer_release_applied_is_missing_here_and_does_not_stop_up(plain: Ground) -> None:
    path = plain.write(9, table("later"), name="create_later")
    plain.up()
    path.unlink()
    assert plain.states()[9] is State.MISSING
    plain.write(4, table("d"), name="create_d")
    assert plain.up() == [4]


def test_validate_finds_edited_reformatted_and_missing_ones_only(plain: Ground) -> None:
    plain.write(1, table("other"), name="create_a")
    (plain.folder / f"{version(2)}_create_b.sql").unlink()
    with plain.migrator() as migrator:
        assert [(int(item.version), item.state) for item in migrator.validate()] == [(1, "edited"), (2, "missing")]


def test_an_older_one_that_came_late_is_out_of_order(plain: Ground) -> None:
    plain.write(0, table("early"), name="create_early")
    assert plain.states()[0] is State.OUT_OF_ORDER


def test_one_that_stopped_half_way_is_partial(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "CREATE TABLE t (n int);\nCREATE INDEX CONCURRENTLY t_n ON t (n);\nSELECT 1/0;")
    with pytest.raises(MigrationFailedError) as caught:
        project.up()
    assert "2 statements before it are committed" in caught.value.hint
    with project.migrator() as migrator:
        (item,) = migrator.status()
    assert (item.state, item.note) == (State.PARTIAL, "apply stopped after 2 statements")
    with pytest.raises(PlanError, match="stopped half way, after 2 statements"):
        project.down()


def test_a_contract_section_waits(plain: Ground) -> None:
    plain.write(3, table("c") + "-- migrate:contract\nDROP TABLE a;\n", name="create_c")
    try:
        plain.up()
    except PlanError as error:
        pytest.skip(error.message)
    assert plain.states()[3] is State.CONTRACT_PENDING
    assert plain.has("a")


def test_a_repeatable_that_has_changed_is_outdated(plain: Ground) -> None:
    plain.put("R__view.sql", "CREATE VIEW v AS SELECT 1 AS n")
    plain.up()
    plain.put("R__view.sql", "DROP VIEW v; CREATE VIEW v AS SELECT 2 AS n")
    with plain.migrator() as migrator:
        last = migrator.status()[-1]
        assert (last.state, last.name) == (State.OUTDATED, "view")
        assert migrator.validate() == []


def test_a_row_that_somebody_wrote_without_a_checksum_is_not_edited(plain: Ground) -> None:
    plain.query("UPDATE schema_migrations SET checksum = NULL")
    assert plain.states()[1] is State.APPLIED
