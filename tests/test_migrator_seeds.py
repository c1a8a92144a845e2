"""Seeds: SQL and Python files that fill a database, each in a transaction, as often as one likes."""

from pathlib import Path

import pytest

from conftest import POSTGRESQL
from instar.errors import DatabaseError, InstarError, SourceError, UsageError
from migrator_project import Fresh, Ground, ground

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")
PYTHON = """
def seed(connection):
    cursor = connection.cursor()
    for number in (3, 4):
        cursor.execute(f"INSERT INTO t VALUES ({number})")
"""


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    found = ground(fresh(request.param), tmp_path)
    found.query("CREATE TABLE t (n INTEGER)")
    return found


def seed(project: Ground, *only: str) -> list[str]:
    with project.migrator(seeds=project.folder.parent / "seeds") as migrator:
        return migrator.seed(only=only)


def write(project: Ground, **files: str) -> None:
    for name, text in files.items():
        stem, _, kind = name.rpartition("_")
        project.put(f"../seeds/{stem}.{kind}", text)


def rows(project: Ground) -> list[int]:
    return [row[0] for row in project.query("SELECT n FROM t ORDER BY n")]


def test_files_run_in_the_order_of_their_names(project: Ground) -> None:
    write(project, b_sql="UPDATE t SET n = n * 10;", a_sql="INSERT INTO t VALUES (1), (2);", c_py=PYTHON)
    assert seed(project) == ["a.sql", "b.sql", "c.py"]
    assert rows(project) == [3, 4, 10, 20]


def test_seeds_may_be_run_again_and_leave_no_history(project: Ground) -> None:
    write(project, a_sql="INSERT INTO t VALUES (1);")
    seed(project)
    seed(project)
    assert rows(project) == [1, 1]
    assert project.applied() == []
    assert project.states() == {}


def test_only_those_that_are_named_run(project: Ground) -> None:
    write(project, a_sql="INSERT INTO t VALUES (1);", b_sql="INSERT INTO t VALUES (2);", c_py=PYTHON)
    assert seed(project, "b") == ["b.sql"]
    assert seed(project, "c.py", "a.sql") == ["a.sql", "c.py"]
    assert rows(project) == [1, 2, 3, 4]


def test_a_name_that_is_not_there_is_refused_before_any_runs(project: Ground) -> None:
    write(project, users_sql="INSERT INTO t VALUES (1);")
    with pytest.raises(UsageError, match="there is no seed 'user'") as caught:
        seed(project, "users", "user")
    assert "users" in caught.value.hint
    assert rows(project) == []


def test_without_a_folder_of_seeds_it_says_so(project: Ground) -> None:
    with pytest.raises(SourceError, match="there is no folder of seeds"):
        seed(project)


def test_a_seed_that_fails_is_rolled_back_and_has_its_place(project: Ground) -> None:
    wrong = "INSERT INTO t VALUES (2);\n\nINSERT INTO missing VALUES (3);"
    write(project, a_sql="INSERT INTO t VALUES (1);", b_sql=wrong)
    with pytest.raises(DatabaseError, match="missing") as caught:
        seed(project)
    assert rows(project) == [1]
    assert caught.value.place is not None
    assert Path(caught.value.place.file).name == "b.sql"
    assert (caught.value.place.line, caught.value.place.source.strip()) == (3, "INSERT INTO missing VALUES (3)")
    write(project, b_sql="INSERT INTO t VALUES (2);")
    assert seed(project, "b") == ["b.sql"]


def test_a_seed_in_python_that_fails_is_rolled_back(project: Ground) -> None:
    write(project, a_py=PYTHON + "    raise ValueError('enough')\n")
    with pytest.raises(DatabaseError, match=r"a\.py failed: ValueError: enough"):
        seed(project)
    assert rows(project) == []


@pytest.mark.parametrize(("text", "message"), [
    ("x = 1\n", r"a\.py has no function seed"),
    ("def seed(connection):\n    connection.commit()\n", "must not use commit"),
    ("def seed(connection:\n", r"a\.py"),
    ("import nothing_of_that_name\n", r"a\.py.*nothing_of_that_name"),
])  # fmt: skip
def test_a_seed_that_is_none_is_refused(sqlite: str, tmp_path: Path, text: str, message: str) -> None:
    project = ground(sqlite, tmp_path)
    write(project, a_py=text)
    with pytest.raises(InstarError, match=message):
        seed(project)


def test_a_seed_may_copy_rows(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.query("CREATE TABLE t (n int)")
    write(project, a_sql="COPY t FROM stdin;\n1\n2\n\\.\nANALYZE t;\n")
    seed(project)
    assert rows(project) == [1, 2]


def test_a_seed_with_what_no_transaction_can_hold_runs(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.query("CREATE TABLE t (n int)")
    write(project, a_sql="INSERT INTO t VALUES (1);\nVACUUM t;\nINSERT INTO t VALUES (2);\n")
    seed(project)
    assert rows(project) == [1, 2]


def test_what_a_seed_set_does_not_outlive_it(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.query("CREATE TABLE t (n int)")
    write(project, a_sql="SET search_path = nowhere;\nSELECT 1;", b_sql="INSERT INTO t VALUES (1);")
    seed(project)
    assert rows(project) == [1]


def test_other_files_and_those_with_an_underscore_are_left_alone(sqlite: str, tmp_path: Path) -> None:
    project = ground(sqlite, tmp_path)
    write(project, a_sql="SELECT 1;", _helper_py="x = 1\n", notes_txt="no seed")
    assert seed(project) == ["a.sql"]
