"""Flyway's names, versions, configuration and placeholders."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_files import at, load, one, refusal, write

from instar.source.formats.flyway import canonical


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1", "1"), ("01", "1"), ("1.0", "1"), ("1_0_0", "1"), ("1.10", "1.10"), ("2_1.03", "2.1.3"), ("0", "0")],
)
def test_a_version_is_written_as_flyway_compares_it(version: str, expected: str) -> None:
    assert canonical(version) == expected


@given(st.lists(st.integers(0, 999), min_size=1, max_size=5), st.integers(0, 3), st.sampled_from("._"))
def test_zeros_at_the_end_and_the_kind_of_separator_change_no_version(
    numbers: list[int], zeros: int, separator: str
) -> None:
    plain = ".".join(map(str, numbers))
    padded = separator.join([*(f"{number:03}" for number in numbers), *["0"] * zeros])
    assert canonical(padded) == canonical(plain)


def test_equal_versions_are_refused_however_they_are_written(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"V1__a.sql": "", "sub/V1.0__b.sql": ""})
    assert "V1__a.sql and sub/V1.0__b.sql" in error.message


def test_versions_are_sorted_number_by_number(tmp_path: Path) -> None:
    found = load(write(tmp_path, {"V1.10__a.sql": "", "V1.9__b.sql": "", "V2__c.sql": "", "V1.9.1__d.sql": ""}))
    assert [migration.version for migration in found] == ["1.9", "1.9.1", "1.10", "2"]


def test_a_title_may_hold_the_separator_and_may_be_missing(tmp_path: Path) -> None:
    found = load(write(tmp_path, {"V1__a__b.sql": "", "V2.sql": ""}))
    assert [(each.name, each.header.description) for each in found] == [("a__b", "a  b"), ("2", "")]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("V__a.sql", "not named like a migration"),
        ("V1a__b.sql", "not named like a migration"),
        ("R1__b.sql", "not named like a migration"),
        ("setup.sql", "not named like a migration"),
        ("beforeMigrate.sql", "is a callback of Flyway"),
        ("sub/afterEachMigrate__stats.sql", "is a callback of Flyway"),
        ("afterMigrate.sh", "is a callback of Flyway"),
        ("V2__data.java", "is a migration in code"),
        ("V2__data.py", "is a migration in code"),
    ],
)
def test_what_flyway_runs_otherwise_or_skips_is_refused_by_name(tmp_path: Path, name: str, part: str) -> None:
    error = refusal(tmp_path, {"V1__a.sql": "", name: ""}, format="flyway")
    assert name in error.message
    assert part in error.message
    assert error.hint


def test_an_undo_needs_its_version_and_is_the_only_one(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a", {"V1__a.sql": "", "U2__b.sql": ""})
    assert (error.message, error.hint) == (
        "U2__b.sql undoes the version 2, which is not there",
        "add V2__b.sql, or remove the file",
    )
    twice = refusal(tmp_path / "b", {"V1__a.sql": "", "U1__a.sql": "", "U1.0__b.sql": ""})
    assert "U1.0__b.sql and U1__a.sql" in twice.message


CONFIGURATION = """\
# names
flyway.sqlMigrationPrefix=M
flyway.sqlMigrationSeparator=-
flyway.sqlMigrationSuffixes=.ddl,.sql
flyway.placeholderPrefix=%[
flyway.placeholderSuffix=]
flyway.placeholders.owner=shop
flyway.placeholders.secret=${NOT_SET}
flyway.placeholders.host=${HOST}
flyway.url=jdbc:postgresql://localhost:5432/shopdb?ssl=true
flyway.user=maria
flyway.schemas=sales,public
flyway.executeInTransaction=false
"""


def test_a_conf_file_above_the_folder_changes_names_and_placeholders(tmp_path: Path) -> None:
    text = "%[OWNER] %[host] %[flyway:database] %[flyway:user] %[flyway:defaultSchema] ${x} %[flyway:table]"
    write(tmp_path, {"flyway.conf": CONFIGURATION, "db/M1-a.ddl": text})
    (found,) = load(tmp_path / "db", root=tmp_path, environ={"HOST": "h"})
    assert found.up[0].text == "shop h shopdb maria sales ${x} flyway_schema_history"
    assert found.up[0].transaction is False


def test_a_configuration_above_the_root_is_not_looked_for(tmp_path: Path) -> None:
    write(tmp_path, {"flyway.conf": CONFIGURATION, "app/db/V1__a.sql": ""})
    assert load(tmp_path / "app" / "db", root=tmp_path / "app")[0].format == "flyway"


def test_a_variable_of_the_configuration_that_is_not_set_is_missed_where_it_is_needed(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"flyway.conf": CONFIGURATION, "M1-a.sql": "SELECT 1;\n  %[secret]\n"})
    assert error.message == "there is no value for the placeholder %[secret]"
    assert at(error) == ("M1-a.sql", 2, 3)


TOML = """\
[flyway]
environment = "test"
sqlMigrationSuffixes = [".sql"]
placeholderSeparator = "."
[flyway.placeholders]
a = "base"
b = 2
[environments.test]
url = "jdbc:postgresql://localhost/testdb"
[environments.production.flyway.placeholders]
a = "live"
"""


def test_a_toml_file_has_environments(tmp_path: Path) -> None:
    write(tmp_path, {"flyway.toml": TOML, "V1__a.sql": "${a} ${b} ${flyway.environment}"})
    assert load(tmp_path)[0].up[0].text == "base 2 test"
    assert load(tmp_path, environment="production")[0].up[0].text == "live 2 production"


def test_our_own_placeholders_and_the_environment_win_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"flyway.toml": TOML, "V1__a.sql": "${a} ${b}"})
    assert load(tmp_path, environ={"FLYWAY_PLACEHOLDERS_A": "e"})[0].up[0].text == "e 2"
    assert load(tmp_path, placeholders={"b": "o"})[0].up[0].text == "base o"


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"flyway.conf": "flyway.initSql=SET ROLE x\n"}, "initSql"),
        ({"flyway.conf": "flyway.encoding=ISO-8859-1\n"}, "ISO-8859-1"),
        ({"flyway.toml": "not toml"}, "is not TOML"),
        ({"V1__a.sql.conf": "executeInTransaktion=false\n"}, "'executeInTransaktion' is not a setting"),
        ({"V1__a.sql.conf": "executeInTransaction=maybe\n"}, "cannot be honoured"),
        ({"V1__a.sql.conf": "shouldExecute=false\n"}, "cannot be honoured"),
        ({"V1__a.sql.conf": "encoding=UTF-16\n"}, "is not read"),
    ],
)
def test_settings_whose_meaning_would_be_lost_are_refused(
    tmp_path: Path, files: dict[str, str | bytes], part: str
) -> None:
    error = refusal(tmp_path, {"V1__a.sql": "", **files})
    assert part in error.message
    assert error.hint or error.place


def test_placeholders_are_filled_unless_they_are_switched_off(tmp_path: Path) -> None:
    assert (
        one(tmp_path / "a", {"V1__a.sql": "${a}", "flyway.conf": "flyway.placeholderReplacement=false"}).up[0].text
        == "${a}"
    )
    conf: dict[str, str | bytes] = {"V1__a.sql": "${a}", "V1__a.sql.conf": "# why\nplaceholderReplacement = false\n"}
    assert one(tmp_path / "b", conf).up[0].text == "${a}"
    assert "${a}" in refusal(tmp_path / "c", {"V1__a.sql": "${a}"}).message
    assert "${a" in refusal(tmp_path / "d", {"V1__a.sql": "${a"}).message


def test_a_default_placeholder_that_nobody_knows_here_is_refused_with_what_to_do(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"V1__a.sql": "SELECT '${flyway:user}';"})
    assert '"flyway:user" = "..."' in error.hint
    assert load(tmp_path, user="maria")[0].up[0].text == "SELECT 'maria';"


def test_only_a_repeatables_checksum_follows_its_placeholders(tmp_path: Path) -> None:
    write(tmp_path, {"V1__a.sql": "${x}", "R__b.sql": "${x}"})
    first, second = load(tmp_path, placeholders={"x": "1"}), load(tmp_path, placeholders={"x": "2"})
    assert [a.checksum == b.checksum for a, b in zip(first, second, strict=True)] == [True, False]
