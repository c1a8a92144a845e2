"""The header: TOML in comments, checked against what a migration can say of itself."""

from pathlib import Path

import pytest
from source_files import at, one, place, refusal

from instar.errors import SourceError
from instar.model import Header, Place

NAME = "20231201120000_create_users.sql"


def header(tmp_path: Path, *lines: str, end: str = "\n") -> Header:
    text = end.join(["-- /// migration", *lines, "-- ///", "SELECT 1;"])
    return one(tmp_path, {NAME: text}).header


def refused(tmp_path: Path, *lines: str) -> SourceError:
    return refusal(tmp_path, {NAME: "\n".join(["-- /// migration", *lines, "-- ///", "SELECT 1;"])})


def test_every_key_is_read(tmp_path: Path) -> None:
    assert header(
        tmp_path,
        '-- description = "Create users"',
        '-- author = "a@b.c"',
        '--estimated_duration = "30 seconds"',
        '-- risk_level = "low"',
        "-- reversible = false",
        "-- requires_downtime = true",
        "-- affected_tables = [",
        '--     "users",  # a comment',
        "-- ]",
        "--",
        '-- dependencies = ["20231130110000"]',
        '-- tags = ["schema", "new-table"]',
    ) == Header(
        description="Create users",
        author="a@b.c",
        estimated_duration="30 seconds",
        risk_level="low",
        reversible=False,
        requires_downtime=True,
        affected_tables=("users",),
        dependencies=("20231130110000",),
        tags=("schema", "new-table"),
    )


def test_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    assert header(tmp_path, '-- author = "a"', end="\r\n").author == "a"


def test_an_empty_header_says_nothing(tmp_path: Path) -> None:
    assert header(tmp_path) == Header()


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_known(tmp_path: Path) -> None:
    error = refused(tmp_path, '-- author = "a"', '-- descripton = "x"')
    assert error.message == "the header has no key 'descripton'"
    assert error.hint == "did you mean 'description'?"
    assert (at(error), place(error).source) == ((NAME, 3, 1), '-- descripton = "x"')


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('-- version = "1"', "the version comes from the file's name"),
        ("-- transaction = false", "write it behind the marker: -- migrate:up transaction:false"),
    ],
)
def test_keys_that_belong_elsewhere_say_where(tmp_path: Path, line: str, hint: str) -> None:
    assert refused(tmp_path, line).hint == hint


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-- description = 1", "description in the header must be a text, not 1"),
        ('-- reversible = "yes"', "reversible in the header must be true or false, not 'yes'"),
        ('-- tags = "schema"', "tags in the header must be a list of texts, not 'schema'"),
        ("-- dependencies = [20231130110000]", "dependencies in the header must be a list of texts"),
    ],
)
def test_a_wrong_type_is_refused_with_an_example(tmp_path: Path, line: str, message: str) -> None:
    error = refused(tmp_path, line)
    assert message in error.message
    assert error.hint.startswith("write ")
    assert at(error) == (NAME, 2, 1)


def test_what_is_not_toml_is_refused_with_line_and_column(tmp_path: Path) -> None:
    error = refused(tmp_path, '-- author = "a"', "-- description = Create users")
    assert error.message.startswith("the header is not TOML: ")
    assert (at(error), place(error).source) == ((NAME, 3, 18), "-- description = Create users")


def test_a_text_that_is_not_closed_is_refused_at_its_end(tmp_path: Path) -> None:
    error = refused(tmp_path, '-- tags = ["a",')
    assert at(error)[:2] == (NAME, 2)


def test_a_header_that_is_not_closed_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: '-- /// migration\n-- author = "a"\nSELECT 1;\n'})
    assert (error.message, error.hint) == ("the header is not closed", "end it with a line `-- ///`")
    assert at(error) == (NAME, 1, 1)


def test_a_misspelt_header_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- /// migratoin\n-- ///\n"})
    assert (error.hint, at(error)) == ("did you mean 'migration'?", (NAME, 1, 8))


def test_a_second_header_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- /// migration\n-- ///\n-- /// migration\n-- ///\n"})
    assert (error.message, at(error)) == ("a second header", (NAME, 3, 1))


@pytest.mark.parametrize("before", ["SELECT 1;\n", "-- migrate:up\n"])
def test_a_header_behind_sql_or_a_section_is_refused(tmp_path: Path, before: str) -> None:
    error = refusal(tmp_path, {NAME: f"{before}-- /// migration\n-- ///\n"})
    assert (error.hint, at(error)) == ("move it to the top of the file", (NAME, 2, 1))


def test_slashes_that_are_no_header_do_no_harm(tmp_path: Path) -> None:
    assert one(tmp_path, {NAME: "-- /// see the wiki\n-- file:///etc/hosts\nSELECT '///';"}).header == Header()


def test_every_key_has_its_place(tmp_path: Path) -> None:
    text = "-- see the wiki\n-- /// migration\n-- author = 'a'\n-- tags = [\n--   'x'\n-- ]\n-- ///\nSELECT 1;"
    assert one(tmp_path, {NAME: text}).claims == (
        ("", Place(NAME, 2, 1, "-- /// migration")),
        ("author", Place(NAME, 3, 1, "-- author = 'a'")),
        ("tags", Place(NAME, 4, 1, "-- tags = [")),
    )
    assert one(tmp_path / "none", {NAME: "SELECT 1;"}).claims == ()
