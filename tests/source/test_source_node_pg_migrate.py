"""node-pg-migrate's SQL files."""

from pathlib import Path

import pytest
from source_files import at, load, one, refusal, write


@pytest.mark.parametrize("mark", ["-- Up Migration", "--up migration", "  ------ UP   MIGRATION of users"])
def test_a_marker_may_be_written_in_many_ways(tmp_path: Path, mark: str) -> None:
    migration = one(tmp_path, {"1_a.sql": f"{mark}\nSELECT 1;\n"}, format="node-pg-migrate")
    assert (migration.up[0].text, migration.reversible) == ("SELECT 1;\n", False)


def test_only_the_first_marker_of_each_kind_counts(tmp_path: Path) -> None:
    text = "-- Up Migration\nSELECT 1;\n-- up migration, part two\nSELECT 2;\n-- Down Migration\nSELECT 3;\n"
    migration = one(tmp_path, {"1_a.sql": text})
    assert migration.up[0].text == "SELECT 1;\n-- up migration, part two\nSELECT 2;\n"
    assert migration.down[0].text == "SELECT 3;\n"


def test_a_file_without_markers_is_up(tmp_path: Path) -> None:
    assert one(tmp_path, {"1_a.sql": "SELECT 1;"}, format="node-pg-migrate").up[0].text == "SELECT 1;"


def test_down_without_up_is_refused_because_the_tool_would_run_all_of_it(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"1_a.sql": "SELECT 1;\n-- Down Migration\nDROP TABLE t;\n"}, format="node-pg-migrate")
    assert "would run the whole file as up" in error.message
    assert at(error) == ("1_a.sql", 2, 1)


def test_sql_before_the_first_marker_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"1_a.sql": "SELECT 0;\n-- Up Migration\n"})
    assert at(error) == ("1_a.sql", 1, 1)


@pytest.mark.parametrize("name", ["2_b.js", "1701432000000_b.ts", "2_b.mjs"])
def test_javascript_is_refused_by_name(tmp_path: Path, name: str) -> None:
    error = refusal(tmp_path, {name: ""})
    assert f"{name} is a JavaScript migration" in error.message


def test_seventeen_digits_are_a_date_and_sort_among_milliseconds(tmp_path: Path) -> None:
    names = ("1701684000122_a.sql", "20231204100000123_b.sql", "1701684000124_c.sql")
    found = load(write(tmp_path, dict.fromkeys(names, "-- Up Migration\n")))
    assert [each.path for each in found] == list(names)
    assert "date and time" in refusal(tmp_path, {"20231399100000123_d.sql": "-- Up Migration\n"}).message
