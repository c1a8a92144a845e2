"""The native layout: names, header, sections, repeatables, checksums, and what is refused."""

import hashlib
from pathlib import Path

import pytest
from source_files import at, load, one, place, refusal, write

from instar.errors import SourceError
from instar.model import MigrationKind

NAME = "20231201120000_create_users.sql"


def test_a_file_without_sections_is_up_byte_for_byte(tmp_path: Path) -> None:
    text = "\r\n-- it's; a comment\rCREATE TABLE t (a text DEFAULT 'ü{{x}} ${y} %s');"
    migration = one(tmp_path, {NAME: text})
    assert [script.text for script in migration.up] == [text]
    assert (migration.version, migration.name, migration.path) == ("20231201120000", "create_users", NAME)
    assert (migration.down, migration.reversible, migration.format) == ((), False, "native")


def test_the_checksum_is_that_of_up_with_line_ends_normalised_and_without_bom(tmp_path: Path) -> None:
    plain = one(tmp_path / "a", {NAME: "SELECT 1;\nSELECT 2;\n"})
    windows = one(tmp_path / "b", {NAME: b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\n"})
    macintosh = one(tmp_path / "c", {NAME: "SELECT 1;\rSELECT 2;\r"})
    assert plain.checksum == hashlib.sha256(b"SELECT 1;\nSELECT 2;\n").hexdigest()
    assert plain.checksum == windows.checksum == macintosh.checksum


def test_the_checksum_leaves_out_every_section_but_up(tmp_path: Path) -> None:
    one_way = one(tmp_path / "a", {NAME: "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"})
    other = one(tmp_path / "b", {NAME: "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 3;\n"})
    assert one_way.checksum == other.checksum == hashlib.sha256(b"SELECT 1;\n").hexdigest()


def test_an_empty_file_is_a_migration_that_does_nothing(tmp_path: Path) -> None:
    assert [script.text for script in one(tmp_path, {NAME: b""}).up] == [""]


def test_a_file_larger_than_one_read_arrives_whole(tmp_path: Path) -> None:
    text = "INSERT INTO t VALUES ('ä');\n" * 10_000
    assert one(tmp_path, {NAME: text}).up[0].text == text


def test_versions_are_sorted_as_numbers_and_repeatables_come_last(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{name}.sql": "" for name in ("R__b", "10_x", "9_x", "R__a", "008_x")}
    found = load(write(tmp_path, files))
    assert [migration.version for migration in found] == ["008", "9", "10", "R__a", "R__b"]
    assert [migration.kind for migration in found[-2:]] == [MigrationKind.REPEATABLE] * 2


def test_a_long_repeatable_gets_a_version_of_its_own_that_fits_the_history(tmp_path: Path) -> None:
    found = load(write(tmp_path, {"R__the_view_of_all_orders.sql": "", "R__the_view_of_all_users.sql": ""}))
    versions = [migration.version for migration in found]
    assert [len(version) for version in versions] == [20, 20]
    assert len(set(versions)) == 2
    assert [version[:11] for version in versions] == ["R__the_view"] * 2
    assert versions == [migration.version for migration in load(tmp_path)]


def test_what_is_no_migration_is_ignored(tmp_path: Path) -> None:
    others: dict[str, str | bytes] = dict.fromkeys(
        ("README.md", ".gitkeep", ".#1_x.sql", "1_x.sql~", "1_x.sql.bak", "templates/table.sql", "__init__.py"), ""
    )
    assert one(tmp_path, {NAME: "", **others}).path == NAME


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("create_users.sql", "move it out of the folder"),
        ("20231201120000_Create users.sql", "rename it to 20231201120000_Create_users.sql"),
        ("20231201120000.sql", "rename it"),
        ("20231201120000_users.SQL", "rename it to 20231201120000_users.sql"),
        ("R__.sql", "rename it"),
        ("1_bad name.py", "rename it"),
    ],
)
def test_a_file_whose_name_does_not_fit_is_refused_by_name(tmp_path: Path, name: str, hint: str) -> None:
    error = refusal(tmp_path, {NAME: "", name: ""}, format="native")
    assert name in error.message
    assert hint in error.hint


def test_files_of_other_layouts_are_refused_with_the_name_of_theirs(tmp_path: Path) -> None:
    assert "golang-migrate" in refusal(tmp_path / "a", {"1_x.up.sql": ""}, format="native").hint
    assert "flyway" in refusal(tmp_path / "b", {"V1__x.sql": ""}, format="native").hint
    error = refusal(tmp_path / "c", {"20231201120000_x/migration.sql": ""})
    assert "20231201120000_x is a folder" in error.message
    assert "diesel" in error.hint


def test_two_files_with_one_version_are_refused_with_both_names(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a", {"1_a.sql": "", "001_b.sql": ""})
    assert "001_b.sql and 1_a.sql" in error.message
    assert "new version" in error.hint
    assert "1_a.sql" in refusal(tmp_path / "b", {"1_a.sql": "", "1_b.py": "def up(connection): ..."}).message


def test_a_pair_named_with_underscores_is_refused_with_the_names_it_should_have(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"1_users_up.sql": "", "1_users_down.sql": ""})
    assert error.hint == "name a pair NNN_name.up.sql and NNN_name.down.sql"


def test_a_version_longer_than_the_history_holds_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {f"{'1' * 21}_x.sql": ""})
    assert "has 21 characters; the history holds 20" in error.message


def test_what_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a", {NAME: b"SELECT 1;\nSELECT '\xe4';\n"})
    assert (at(error), place(error).source) == ((NAME, 2, 9), "SELECT '\ufffd';")
    assert error.hint == "save the file as UTF-8"
    assert "UTF-16" in refusal(tmp_path / "b", {NAME: "SELECT 1;".encode("utf-16")}).hint


def test_a_missing_folder_is_refused_and_an_empty_one_has_no_migrations(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no folder") as caught:
        load(tmp_path / "migrations")
    assert "instar init" in caught.value.hint
    assert load(tmp_path) == []


def test_sections_become_scripts_with_their_line_and_offset(tmp_path: Path) -> None:
    text = "-- ä\n-- migrate:up\nSELECT 1;\n--migrate:contract\nSELECT 2;\n-- migrate:down transaction:false\nSELECT 3;"
    migration = one(tmp_path, {NAME: b"\xef\xbb\xbf" + text.encode()})
    assert [(each.text, each.line, each.offset) for each in migration.up] == [("SELECT 1;\n", 3, 23)]
    assert [(each.text, each.line) for each in migration.contract] == [("SELECT 2;\n", 5)]
    assert [(each.text, each.transaction) for each in migration.down] == [("SELECT 3;", False)]


def test_a_second_section_of_one_name_is_refused_in_a_native_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- migrate:up\n-- migrate:up\n"}, format="native")
    assert (error.message, at(error)) == ("a second section migrate:up", (NAME, 2, 1))


def test_sections_without_up_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {NAME: "-- migrate:down\nDROP TABLE t;\n"})
    assert "none is migrate:up" in error.message
    assert at(error) == (NAME, 1, 1)


def test_placeholders_are_filled_only_when_there_are_some(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {NAME: "SELECT '${owner} ${} $${\"a\": 1}$$';"}
    assert "${owner}" in one(tmp_path, files).up[0].text
    filled = load(tmp_path, placeholders={"owner": "shop"})[0]
    assert filled.up[0].text == "SELECT 'shop ${} $${\"a\": 1}$$';"
    assert filled.checksum == load(tmp_path)[0].checksum


def test_a_repeatable_runs_again_when_a_placeholder_changes(tmp_path: Path) -> None:
    write(tmp_path, {"R__x.sql": "SELECT '${owner}';"})
    (one_way,), (other,) = load(tmp_path, placeholders={"owner": "a"}), load(tmp_path, placeholders={"owner": "b"})
    assert one_way.checksum != other.checksum


def test_a_placeholder_without_a_value_is_refused_with_its_place(tmp_path: Path) -> None:
    text = "-- migrate:up\nSELECT 1;\nSELECT '${ownr}';\n"
    error = refusal(tmp_path, {NAME: text}, placeholders={"owner": "shop"})
    assert (at(error), place(error).source) == ((NAME, 3, 9), "SELECT '${ownr}';")
    assert "did you mean 'owner'?" in error.hint
