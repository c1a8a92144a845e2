"""`repair`: what stands against the next run is found, and settled by a decision."""

from pathlib import Path

import pytest

from instar.errors import AmbiguousError, MigrationFailedError, PlanError, UsageError
from migrator_project import Ground, ground, table, version


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b")
    found.up()
    return found


def found(project: Ground) -> list[tuple[int, str]]:
    with project.migrator() as migrator:
        return [(int(item.version), item.kind) for item in migrator.repairs()]


def settle(project: Ground, **choices: str) -> None:
    with project.migrator() as migrator:
        repairs = migrator.repairs()
        migrator.repair([item.choose(choices[item.kind]) if item.choices else item for item in repairs])


def test_there_is_nothing_to_repair_in_what_is_right(project: Ground) -> None:
    assert found(project) == []
    with project.migrator() as migrator:
        migrator.repair([])
    assert len(project.log()) == 2


def test_repairs_of_a_database_without_history_are_none(database: str, tmp_path: Path) -> None:
    project = ground(database, tmp_path)
    project.tables("a")
    assert found(project) == []
    assert not project.has("schema_migrations")


def test_an_edited_file_gets_its_checksum_recorded(project: Ground) -> None:
    project.write(1, table("a").replace("id", "number"), name="create_a")
    with project.migrator() as migrator:
        (repair,) = migrator.repairs()
        assert repair.what == (
            f"{version(1)} create_a was edited: the history takes the checksum of its file as it is now"
        )
        assert repair.choices == ()
        migrator.repair([repair])
        assert migrator.validate() == []
        assert migrator.repairs() == []
    assert project.log()[-1] == (1, "repair", "completed")
    project.write(3, table("c"))
    assert project.up() == [3]


def test_a_missing_file_is_forgotten(project: Ground) -> None:
    (project.folder / f"{version(1)}_create_a.sql").unlink()
    assert found(project) == [(1, "missing")]
    settle(project)
    assert project.applied() == [2]
    assert project.has("a")
    assert project.states() == {2: "applied"}


def test_what_is_not_chosen_stays(project: Ground) -> None:
    project.write(1, table("x"), name="create_a")
    (project.folder / f"{version(2)}_create_b.sql").unlink()
    with project.migrator() as migrator:
        first, second = migrator.repairs()
        migrator.repair([second])
        assert migrator.repairs() == [first]


def test_an_attempt_that_never_ended_is_marked_as_failed(project: Ground) -> None:
    project.query(
        "INSERT INTO migration_execution_log (migration_version, action, status, execution_context)"
        f" VALUES ('{version(2)}', 'apply', 'started', '{{\"actor\": \"maria\", \"plan\": \"abc\"}}')"
    )
    assert found(project) == [(2, "interrupted")]
    settle(project)
    attempt = next(row for row in project.history() if row.status == "failed")
    assert attempt.error_message == "interrupted: settled by repair"
    assert attempt.completed_at is not None
    assert attempt.context["actor"] == "maria"
    assert found(project) == []


def test_the_next_run_marks_what_never_ended_by_itself(project: Ground) -> None:
    project.query(
        "INSERT INTO migration_execution_log (migration_version, action, status, execution_context)"
        f" VALUES ('{version(3)}', 'apply', 'started', '{{\"actor\": \"maria\"}}')"
    )
    project.write(3, table("c"))
    assert project.up() == [3]
    assert [row[2] for row in project.log()[2:]] == ["failed", "completed"]
    assert project.history()[2].context["actor"] == "maria"


# Half done


@pytest.fixture
def half(postgres: str, tmp_path: Path) -> Ground:
    """Two statements of the only migration are committed, the third fails."""
    found = ground(postgres, tmp_path)
    found.write(1, "CREATE TABLE t (n int);\nCREATE INDEX CONCURRENTLY t_n ON t (n);\nSELECT 1/0;")
    with pytest.raises(MigrationFailedError):
        found.up()
    return found


def test_one_that_can_simply_go_on_needs_no_repair(half: Ground) -> None:
    assert found(half) == []
    half.write(1, "CREATE TABLE t (n int);\nCREATE INDEX CONCURRENTLY t_n ON t (n);\nSELECT 1;")
    assert half.up() == [1]


def test_one_whose_past_was_edited_is_refused_and_can_be_abandoned(half: Ground) -> None:
    half.write(1, "CREATE TABLE IF NOT EXISTS t (n bigint);\nCREATE INDEX IF NOT EXISTS t_n ON t (n);\nSELECT 1;")
    with pytest.raises(PlanError, match="after 2 statements, and number 1 of those was edited since") as caught:
        half.up()
    assert caught.value.place is not None
    assert caught.value.place.line == 1
    assert found(half) == [(1, "abandon")]
    settle(half)
    assert half.up() == [1]


def test_a_half_done_one_without_a_file_can_be_abandoned(half: Ground) -> None:
    next(half.folder.iterdir()).unlink()
    assert found(half) == [(1, "abandon")]
    settle(half)
    assert found(half) == []
    half.write(2, table("u"))
    assert half.up() == [2]


# What cannot be known


UNKNOWN = """\
CREATE TABLE t (n int);
DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; PERFORM 1 / n FROM gate; END $$;
INSERT INTO t VALUES (2);
"""


@pytest.fixture
def ambiguous(postgres: str, tmp_path: Path) -> Ground:
    """The block that commits failed after a commit of its own."""
    found = ground(postgres, tmp_path)
    found.query("CREATE TABLE gate AS SELECT 0 AS n")
    found.write(1, UNKNOWN)
    with pytest.raises(MigrationFailedError, match="division by zero"):
        found.up()
    found.query("DELETE FROM t")
    found.query("UPDATE gate SET n = 1")
    return found


def test_what_cannot_be_known_is_asked_and_never_guessed(ambiguous: Ground) -> None:
    with pytest.raises(AmbiguousError, match="statement 2 did not end cleanly") as caught:
        ambiguous.up()
    assert caught.value.exit_code == 7
    assert "instar repair" in caught.value.hint
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    with ambiguous.migrator() as migrator:
        (repair,) = migrator.repairs()
    assert (repair.kind, repair.choices) == ("ambiguous", ("applied", "not-applied"))
    assert "nobody knows whether number 2 took effect (DO $$ BEGIN INSERT INTO t" in repair.what


@pytest.mark.parametrize(("choice", "rows"), [("applied", [2]), ("not-applied", [1, 2])])
def test_a_decision_settles_it(ambiguous: Ground, choice: str, rows: list[int]) -> None:
    settle(ambiguous, ambiguous=choice)
    assert found(ambiguous) == []
    assert ambiguous.up() == [1]
    assert [row[0] for row in ambiguous.query("SELECT n FROM t ORDER BY n")] == rows


def test_without_a_decision_nothing_is_changed(ambiguous: Ground) -> None:
    with ambiguous.migrator() as migrator:
        (repair,) = migrator.repairs()
        with pytest.raises(UsageError, match="needs a decision"):
            migrator.repair([repair])
        with pytest.raises(UsageError, match="'perhaps' is no way to settle") as caught:
            repair.choose("perhaps")
    assert caught.value.hint == "say applied or not-applied"
    assert len(ambiguous.log()) == 1
