"""What an error says of the place: the file, the line, the column, and the line itself."""

from pathlib import Path

import pytest

from conftest import POSTGRESQL
from instar.errors import InstarError, MigrationFailedError
from instar.model import Place
from migrator_project import Fresh, Ground, ground, version

ENGINES = (*POSTGRESQL[::2], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")


@pytest.fixture(params=ENGINES)
def project(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    return ground(fresh(request.param), tmp_path)


def failure(project: Ground, text: str | bytes) -> InstarError:
    project.write(1, text)
    with pytest.raises(MigrationFailedError) as caught:
        project.up()
    return caught.value


def place(error: InstarError) -> Place:
    assert error.place is not None
    assert Path(error.place.file).name == f"{version(1)}_step.sql"
    return error.place


MIDDLE = """\
-- migrate:up
-- the first one is fine
INSERT INTO t VALUES (1);

  INSERT INTO t
  SELECT 1
  FORM u
  WHERE 1 = 1;
"""


@pytest.mark.parametrize("change", [
    lambda text: text.encode(),
    lambda text: text.replace("\n", "\r\n").encode(),
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    lambda text: text.replace("first one", "née Müller 🦋").encode(),
], ids=["LF", "CRLF", "BOM", "BOM and CRLF", "non-ASCII"])  # fmt: skip
def test_a_syntax_error_in_the_middle_of_a_statement_has_its_place(project: Ground, change: object) -> None:
    assert callable(change)
    project.query("CREATE TABLE t (n INTEGER)")
    project.query("CREATE TABLE u (n INTEGER)")
    error = failure(project, change(MIDDLE))
    assert "step failed: " in error.message
    found = place(error)
    assert (found.line, found.source) == (7, "  FORM u")
    assert found.source[found.column - 1 :].startswith(("FORM", "u"))


def test_the_column_counts_characters_not_bytes(project: Ground) -> None:
    project.query("CREATE TABLE t (n INTEGER, s VARCHAR(20))")
    text = "INSERT INTO t VALUES (1, 'née 🦋'); INSERT INTO t (n, s) VALUES (2, 'é🦋' oops);\n"
    found = place(failure(project, text))
    assert found.line == 1
    assert found.source[found.column - 1 :].startswith("oops")


def test_an_error_in_the_text_of_one_line_points_into_it(project: Ground) -> None:
    project.query("CREATE TABLE t (n INTEGER)")
    found = place(failure(project, "\n\n\tINSERT INTO t (missing) VALUES (1);"))
    assert found.line == 3
    assert found.source.strip().startswith("INSERT INTO t (missing)")
    assert found.source[found.column - 1 :].startswith(("missing", "INSERT"))


def test_a_failure_without_a_position_points_at_its_statement(project: Ground) -> None:
    project.query("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    found = place(failure(project, "INSERT INTO t VALUES (1);\n\n   -- again\n   INSERT INTO t\n   VALUES (1);"))
    assert (found.line, found.column, found.source.strip()) == (4, 4, "INSERT INTO t")


def test_servers_detail_is_shown(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    error = failure(project, "CREATE TABLE t (n int UNIQUE);\nINSERT INTO t VALUES (1), (1);")
    assert 'duplicate key value violates unique constraint "t_n_key"' in error.message
    assert "Key (n)=(1) already exists." in error.message


def test_servers_hint_is_shown(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    error = failure(project, "CREATE TABLE users (email text);\nSELECT emai FROM users;")
    assert "users.email" in error.hint
    assert place(error).line == 2
    assert place(error).column == 8


def test_an_error_in_a_function_says_where_it_was_called(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    body = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1/0;\nEND\n$$;\n"
    found = place(failure(project, f"{body}SELECT f();"))
    assert (found.line, found.source) == (6, "SELECT f()")


def test_an_error_after_copied_rows_has_its_line(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    text = "CREATE TABLE t (n int);\nCOPY t FROM stdin;\n1\n2\n\\.\nSELECT boom;\n"
    assert place(failure(project, text)).line == 6


def test_wrong_copied_rows_are_named(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    error = failure(project, "CREATE TABLE t (n int);\nCOPY t FROM stdin;\n1\ntwo\n\\.\n")
    assert "two" in error.message
    assert place(error).line in {2, 4}


def test_an_error_in_down_points_into_the_down_section(project: Ground) -> None:
    project.write(1, "-- migrate:up\nCREATE TABLE t (n INTEGER);\n\n-- migrate:down\nDELETE FROM t;\nDROP TABL t;\n")
    project.up()
    with pytest.raises(MigrationFailedError) as caught:
        project.down()
    assert place(caught.value).line == 6


def test_an_open_string_is_refused_with_its_place(project: Ground) -> None:
    project.write(1, "CREATE TABLE a (id INTEGER);\nSELECT 'open;\nSELECT 2;\n")
    with pytest.raises(InstarError) as caught:
        project.up()
    assert place(caught.value).line == 2
    assert not project.has("a")


def test_psql_commands_are_refused_by_line(postgres: str, tmp_path: Path) -> None:
    project = ground(postgres, tmp_path)
    project.write(1, "SELECT 1;\n\\i other.sql\n")
    with pytest.raises(InstarError, match=r"\\i") as caught:
        project.up()
    assert place(caught.value).line == 2


def test_the_migrations_before_a_wrong_file_are_not_applied(project: Ground) -> None:
    project.write(1, "CREATE TABLE a (id INTEGER);")
    project.write(2, "SELECT 'open;")
    with pytest.raises(InstarError):
        project.up()
    assert not project.has("a")
