"""`up`: all of it, a part of it, none of it, or as SQL."""

import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from conftest import POSTGRESQL
from instar.errors import InstarError, MigrationFailedError, UsageError
from instar.events import MigrationFinished, RunFinished
from migrator_project import Fresh, Ground, ground, header, version

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")


@pytest.fixture
def project(database: str, tmp_path: Path) -> Ground:
    found = ground(database, tmp_path)
    found.tables("a", "b", "c")
    return found


def test_up_applies_everything_in_order_and_records_it(project: Ground) -> None:
    assert project.up() == [1, 2, 3]
    assert all(project.has(name) for name in "abc")
    assert project.applied() == [1, 2, 3]
    assert project.log() == [(number, "apply", "completed") for number in (1, 2, 3)]


def test_a_second_up_has_nothing_to_do(project: Ground) -> None:
    project.up()
    assert project.up() == []
    assert len(project.log()) == 3


def test_single_applies_the_next_one(project: Ground) -> None:
    assert [project.up(single=True) for _ in range(4)] == [[1], [2], [3], []]


@pytest.mark.parametrize(("to", "expected"), [
    (version(2), [1, 2]), ("create_b", [1, 2]), ("+1", [1]), ("+2", [1, 2]), ("+9", [1, 2, 3]), ("latest", [1, 2, 3]),
    ("head", [1, 2, 3]), ("", [1, 2, 3]),
])  # fmt: skip
def test_up_stops_where_it_is_told(sqlite: str, tmp_path: Path, to: str, expected: list[int]) -> None:
    project = ground(sqlite, tmp_path)
    project.tables("a", "b", "c")
    assert project.up(to=to) == expected


def test_up_to_what_is_applied_already_does_nothing(project: Ground) -> None:
    project.up(to=version(2))
    assert project.up(to=version(1)) == []
    assert project.up(to=version(2)) == []
    assert project.up(to=version(3)) == [3]


@pytest.mark.parametrize(("to", "hint"), [("create_d", "create_"), ("+0", "+1"), ("+x", "+1"), ("99", "")])
def test_an_unknown_target_is_refused_before_anything_is_done(project: Ground, to: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        project.up(to=to)
    assert repr(to) in caught.value.message
    assert hint in caught.value.hint
    assert not project.has("a")


def test_an_empty_folder_has_nothing_to_do(database: str, tmp_path: Path) -> None:
    assert ground(database, tmp_path).up() == []


def test_what_was_applied_before_a_failure_stays_and_the_next_up_goes_on(project: Ground) -> None:
    project.write(2, "INSERT INTO missing VALUES (1);", name="create_b")
    with pytest.raises(MigrationFailedError) as caught:
        project.up()
    assert caught.value.version == version(2)
    assert caught.value.applied == (version(1),)
    assert project.applied() == [1]
    project.tables("a", "b", "c")
    assert project.up() == [2, 3]


def test_a_migrator_goes_on_working_after_an_error(project: Ground) -> None:
    project.write(2, "INSERT INTO missing VALUES (1);", name="create_b")
    with project.migrator() as migrator:
        with pytest.raises(MigrationFailedError):
            migrator.up()
        assert [item.state for item in migrator.status()] == ["applied", "pending", "pending"]
        with pytest.raises(MigrationFailedError):
            migrator.up()
        assert [step.version for step in migrator.down().steps] == [version(1)]


def test_what_the_server_refused_outside_a_transaction_can_be_corrected(mariadb: str, tmp_path: Path) -> None:
    project = ground(mariadb, tmp_path)
    project.write(1, "CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id INTEGER);\nCREATE TABLE c (id INTEGER);")
    with pytest.raises(MigrationFailedError):
        project.up()
    project.write(1, "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\nCREATE TABLE c (id INTEGER);")
    assert project.up() == [1]
    assert project.has("c")


def test_two_migrators_in_one_process_see_what_the_other_did(project: Ground) -> None:
    with project.migrator() as one, project.migrator() as other:
        one.up(single=True)
        assert [step.version for step in other.up().steps] == [version(2), version(3)]
        assert one.up().steps == ()
        assert {item.state for item in one.status()} == {"applied"}


def test_the_report_and_the_events_say_what_was_done(project: Ground) -> None:
    with project.migrator() as migrator:
        report = migrator.up()
    assert [(step.name, step.action, step.statements) for step in report.steps] == [
        (f"create_{name}", "apply", 1) for name in "abc"
    ]
    assert 0 < sum(step.seconds for step in report.steps) <= report.seconds
    finished = [event for event in project.events if isinstance(event, MigrationFinished)]
    assert [(event.number, event.total) for event in finished] == [(1, 3), (2, 3), (3, 3)]
    assert isinstance(project.events[-1], RunFinished)


def test_a_group_is_applied_as_one(project: Ground) -> None:
    if project.url.startswith("mariadb"):
        pytest.skip("DDL commits by itself")
    project.write(3, "CREATE TABEL c (id INTEGER);", name="create_c")
    with pytest.raises(MigrationFailedError):
        project.up(group=True)
    assert project.applied() == []
    assert not project.has("a")
    project.tables("a", "b", "c")
    assert project.up(group=True) == [1, 2, 3]
    assert project.applied() == [1, 2, 3]


def test_placeholders_are_filled_in(project: Ground) -> None:
    project.write(
        4, "CREATE TABLE ${prefix}_log (id INTEGER);\n-- ${prefix} and ${size}\nINSERT INTO a VALUES (${size});"
    )
    assert project.up({"placeholders": {"prefix": "shop", "size": "7"}}) == [1, 2, 3, 4]
    assert project.has("shop_log")
    assert project.query("SELECT id FROM a") == [(7,)]


def test_a_placeholder_without_a_value_is_refused_with_its_place(project: Ground) -> None:
    project.write(4, "SELECT 1;\nSELECT ${size};\n")
    with pytest.raises(InstarError, match=r"no value for the placeholder \$\{size\}") as caught:
        project.up({"placeholders": {"prefix": "shop"}})
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    assert not project.has("a")


# As SQL


SCRIPT = """-- migrate:up
CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR(100));
INSERT INTO notes VALUES (1, 'it''s; 100% -- not a comment'), (2, 'née'); -- a last comment
CREATE INDEX notes_text ON notes (text)
-- migrate:down
DROP TABLE notes;
"""


def client(url: str, script: str) -> None:
    """Run a script through the engine's own command line client, which stops at the first error."""
    if url.startswith("sqlite"):
        command = ["sqlite3", "-bail", unquote(url.removeprefix("sqlite:///"))]
    elif url.startswith("postgresql"):
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url]
    else:
        command = ["mariadb", "--default-character-set=utf8mb4", *_mariadb(url)]
    done = subprocess.run(command, input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _mariadb(url: str) -> list[str]:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return ["-h", parts.hostname or "localhost", "-P", str(parts.port or 3306), "-u", parts.username or "",
            parts.path.removeprefix("/")]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_the_sql_of_a_dry_run_does_the_same_when_a_client_runs_it(fresh: Fresh, engine: str, tmp_path: Path) -> None:
    project, other = ground(fresh(engine), tmp_path), Ground(fresh(engine), tmp_path / "migrations")
    about = header(description="100 %s, it's", author="maria@example.com")
    project.write(1, about + SCRIPT, name="notes")
    project.write(2, "-- migrate:up\nINSERT INTO notes VALUES (3, '%s');\n")
    project.up()
    with other.migrator() as migrator:
        text = migrator.sql(migrator.plan())
    assert not other.has("notes")
    client(other.url, text)
    rows = "SELECT id, text FROM notes ORDER BY id"
    columns = "version, name, description, author, checksum, rollback_available"
    for asked in (rows, f"SELECT {columns} FROM schema_migrations ORDER BY version"):
        assert other.query(asked) == project.query(asked) != []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_sql_of_a_dry_run_makes_a_database_that_instar_goes_on_with(
    fresh: Fresh, engine: str, tmp_path: Path
) -> None:
    project = ground(fresh(engine), tmp_path)
    project.write(1, SCRIPT)
    with project.migrator() as migrator:
        text = migrator.sql(migrator.plan())
    client(project.url, text)
    assert project.states() == {1: "applied"}
    assert project.up() == []
    with project.migrator() as migrator:
        back = migrator.sql(migrator.plan(down=True))
    client(project.url, back)
    assert not project.has("notes")
    assert project.applied() == []


def test_a_dry_run_shows_statements_outside_transactions_and_copy_data(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "CREATE TABLE t (n int, s text);\nCOPY t FROM stdin;\n1\tone\n2\t\\N\n\\.\nSELECT 1;")
    project.write(2, "CREATE INDEX CONCURRENTLY t_n ON t (n);\nINSERT INTO t VALUES (3, 'three');")
    project.write(3, "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;")
    with project.migrator() as migrator:
        text = migrator.sql(migrator.plan())
    client(project.url, text)
    assert project.query("SELECT * FROM t ORDER BY n") == [(1, "one"), (2, None), (3, "three")]
    assert project.query("SELECT f()") == [(1,)]
    assert project.states() == {1: "applied", 2: "applied", 3: "applied"}
