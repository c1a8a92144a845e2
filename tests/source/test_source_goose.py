"""goose's annotations, read as goose's own parser reads them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_files import at, load, one, place, refusal, write

from instar.source.envsub import ExpansionError, expand

NAME = "00001_a.sql"


@pytest.mark.parametrize("mark", ["-- +goose Up", "--+goose UP", "-- +goose  up  ", "---- +goose Up", "-- Up +goose\r"])
def test_an_annotation_may_be_written_in_many_ways(tmp_path: Path, mark: str) -> None:
    assert one(tmp_path, {NAME: f"{mark}\nSELECT 1;\n"}).up[0].text == "SELECT 1;\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("-- +goose Up\n-- +goose Up\n", 2),
        ("-- +goose Down\n-- +goose Up\n", 1),
        ("-- +goose Up\n-- +goose Down\n-- +goose Down\n", 3),
        ("-- +goose StatementBegin\n-- +goose Up\n", 1),
        ("-- +goose Up\n-- +goose StatementEnd\n", 2),
        ("-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n", 3),
        ("-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\n", 4),
        ("-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", 2),
    ],
)
def test_annotations_that_do_not_fit_together_are_refused(tmp_path: Path, text: str, line: int) -> None:
    error = refusal(tmp_path, {NAME: text})
    assert at(error) == (NAME, line, 1)
    assert "one Up, then at most one Down" in error.hint


def test_an_unknown_annotation_is_refused_with_the_nearest_known(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- +goose Up\n-- +goose StatementBegn\n"})
    assert (error.hint, at(error)) == ("did you mean 'StatementBegin'?", (NAME, 2, 1))


def test_space_before_an_annotation_is_refused(tmp_path: Path) -> None:
    assert "must begin its line" in refusal(tmp_path, {NAME: "-- +goose Up\n  -- +goose Down\n"}).message


def test_a_file_without_up_is_refused(tmp_path: Path) -> None:
    assert "has no `-- +goose Up`" in refusal(tmp_path, {NAME: "-- +goose Up\n", "2_b.sql": "-- plain\n"}).message


def test_sql_before_up_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- comment\nSELECT 1;\n-- +goose Up\n"})
    assert (error.message, at(error)) == ("SQL stands before `-- +goose Up`", (NAME, 2, 1))


def test_go_migrations_are_refused_by_name_and_other_go_files_are_not_migrations(tmp_path: Path) -> None:
    write(tmp_path, {NAME: "-- +goose Up\n", "embed.go": "", "00001_a_test.go": ""})
    assert len(load(tmp_path)) == 1
    error = refusal(tmp_path, {"00002_b.go": ""})
    assert "00002_b.go is a Go migration" in error.message


@pytest.mark.parametrize("name", ["0_a.sql", "a.sql", "1.sql"])
def test_names_that_goose_does_not_count_are_refused(tmp_path: Path, name: str) -> None:
    assert name in refusal(tmp_path, {name: "-- +goose Up\n"}).message


def test_zeros_before_a_version_do_not_count(tmp_path: Path) -> None:
    assert "00001_a.sql and 1_b.sql" in refusal(tmp_path, {NAME: "-- +goose Up\n", "1_b.sql": "-- +goose Up\n"}).message


def test_an_empty_block_is_no_statement(tmp_path: Path) -> None:
    text = "-- +goose Up\n-- +goose StatementBegin\n\n-- +goose StatementEnd\nSELECT 1;\n"
    assert one(tmp_path, {NAME: text}).up[0].units == ()


def test_units_are_where_the_blocks_stand_though_variables_make_the_text_longer(tmp_path: Path) -> None:
    text = (
        "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${LONG}';\n-- ${UNSET} in a comment\n"
        "-- +goose StatementBegin\n\n  SELECT '$LONG';\n\n-- +goose StatementEnd\nSELECT 2;\n"
    )
    (script,) = one(tmp_path, {NAME: text}, environ={"LONG": "x" * 50}).up
    ((start, end),) = script.units
    assert script.text[start:end] == f"SELECT '{'x' * 50}';"
    assert script.text.endswith("SELECT 2;\n")


def test_envsub_lasts_until_it_is_switched_off_and_reaches_down(tmp_path: Path) -> None:
    text = "-- +goose ENVSUB ON\n-- +goose Up\n$A;\n-- +goose Down\n$A;\n-- +goose ENVSUB OFF\n$A;\n"
    migration = one(tmp_path, {NAME: text}, environ={"A": "x"})
    assert migration.up[0].text == "x;\n"
    assert migration.down[0].text == "x;\n-- +goose ENVSUB OFF\n$A;\n"


def test_a_checksum_does_not_depend_on_the_environment(tmp_path: Path) -> None:
    write(tmp_path, {NAME: "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '$A';\n"})
    assert load(tmp_path, environ={"A": "x"})[0].checksum == load(tmp_path, environ={"A": "y"})[0].checksum


def test_a_variable_that_is_not_set_is_refused_with_its_place(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;\nSELECT '${NOT_SET}';\n"})
    assert error.message == "the variable NOT_SET is not set"
    assert "${NOT_SET:-}" in error.hint
    assert (at(error), place(error).source) == ((NAME, 4, 9), "SELECT '${NOT_SET}';")


@pytest.mark.parametrize(
    ("line", "expanded"),
    [
        ("$A ${A} $A_", "x x y"),
        ("${EMPTY:-d} ${EMPTY-d} ${NONE-d} ${NONE:-d}", "d  d d"),
        ("${NONE:-${A}${B:-}}", "x"),
        ("${A?needed}", "x"),
        (r"$$ \$A \\ $(now) 5$", r"$ $A \\ $(now) 5$"),
        ("ä${A}€", "äx€"),
    ],
)
def test_expansions(line: str, expanded: str) -> None:
    assert expand(line, {"A": "x", "A_": "y", "EMPTY": ""}) == expanded


@pytest.mark.parametrize(
    ("line", "message", "position"),
    [
        ("a ${NONE?is needed}", "the variable NONE is not set: is needed", 2),
        ("${1}", "a variable has no name", 0),
        ("${A:0:1}", "part of a variable", 0),
        ("${A:-b", "is not closed", 0),
        ("$1 paid", "a dollar sign stands before what is not a name", 0),
    ],
)
def test_expansions_that_are_refused(line: str, message: str, position: int) -> None:
    with pytest.raises(ExpansionError) as caught:
        expand(line, {"A": "x"})
    assert message in caught.value.message
    assert caught.value.position == position


@given(st.text().filter(lambda text: "$" not in text and "\\" not in text))
def test_a_line_without_dollars_and_backslashes_stays_as_it_is(line: str) -> None:
    assert expand(line, {}) == line
