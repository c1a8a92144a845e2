"""Python migrations: found without being run, run when called."""

import hashlib
import sys
from pathlib import Path

import pytest
from source_files import at, one, place, refusal, write

from instar.model import Code

NAME = "20231201120000_fill_names.py"
BODY = """\
# /// migration
# description = "Fill names"
# transaction = false
# ///
from dataclasses import dataclass

@dataclass
class Row:
    name: str

def up(connection):
    connection.append(Row("up").name)
    return __file__

def down(connection, *, quiet=True):
    connection.append("down")
"""


def code(tmp_path: Path, text: str) -> Code:
    migration = one(tmp_path, {NAME: text})
    assert migration.code is not None
    return migration.code


def test_the_header_and_the_functions_are_read(tmp_path: Path) -> None:
    migration = one(tmp_path, {NAME: BODY})
    assert (migration.version, migration.name, migration.header.description) == (
        "20231201120000",
        "fill_names",
        "Fill names",
    )
    assert migration.code is not None
    assert (migration.code.file, migration.code.transaction, migration.reversible) == (NAME, False, True)
    assert migration.checksum == hashlib.sha256(BODY.encode()).hexdigest()


def test_a_file_is_not_run_until_a_function_is_called(tmp_path: Path) -> None:
    found = code(tmp_path, "raise RuntimeError('ran')\ndef up(connection): ...\n")
    assert found.up is not None
    with pytest.raises(RuntimeError, match="ran"):
        found.up([])


def test_calling_a_function_runs_it_with_the_connection(tmp_path: Path) -> None:
    found, calls = code(tmp_path, BODY), list[str]()
    assert found.up is not None
    assert found.down is not None
    assert found.up(calls) == str(tmp_path / NAME)
    found.down(calls)
    assert calls == ["up", "down"]
    assert not [name for name in sys.modules if name.startswith("instar_migration_")]
    assert not (tmp_path / "__pycache__").exists()


def test_what_runs_is_what_was_read_though_the_file_has_changed(tmp_path: Path) -> None:
    found = code(tmp_path, "def up(connection): return 'then'\n")
    write(tmp_path, {NAME: "def up(connection): return 'now'\n"})
    assert found.up is not None
    assert found.up(None) == "then"


def test_without_down_a_python_migration_is_not_reversible(tmp_path: Path) -> None:
    found = code(tmp_path, "def up(connection): ...\n")
    assert (found.down, found.transaction) == (None, True)


def test_a_syntax_error_is_refused_with_its_place(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "def up(connection):\n    return (\n"})
    assert "is not Python" in error.message
    assert (at(error)[:2], place(error).source) == ((NAME, 2), "    return (")


def test_a_file_without_up_is_refused(tmp_path: Path) -> None:
    assert "no function up(connection)" in refusal(tmp_path, {NAME: "def upgrade(): ...\n"}).message


def test_transform_alone_is_refused_as_not_yet_there(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "\n\ndef transform(row):\n    return row\n"})
    assert "not yet: batched data migrations" in error.message
    assert at(error) == (NAME, 3, 1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("def up(): ...", "up must take the connection and nothing else"),
        ("def up(connection, schema): ...", "up must take the connection and nothing else"),
        ("def up(connection, *, schema): ...", "up must take the connection and nothing else"),
        ("async def up(connection): ...", "up is asynchronous"),
        ("def up(connection): ...\ndef down(): ...", "down must take the connection and nothing else"),
    ],
)
def test_functions_that_cannot_be_called_with_a_connection_are_refused(
    tmp_path: Path, function: str, message: str
) -> None:
    error = refusal(tmp_path, {NAME: function})
    assert error.message == message
    assert at(error)[1] == function.count("\n") + 1


def test_an_sql_header_is_no_header_of_a_python_file(tmp_path: Path) -> None:
    migration = one(tmp_path, {NAME: 'SQL = """\n-- /// migration\n"""\ndef up(connection): ...\n'})
    assert migration.header.description == ""


def test_the_header_of_python_takes_true_or_false_for_transaction(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "# /// migration\n# transaction = 'no'\n# ///\ndef up(connection): ...\n"})
    assert "transaction in the header must be true or false" in error.message
    assert at(error)[1] == 2
